"""A pipeline failed so many times in a row; over with its next success."""

from __future__ import annotations

from itertools import takewhile

from pydantic import BaseModel, Field

from cicd_health.alerts.history import counted, newest
from cicd_health.alerts.rule import HOLD, Facts, Reach, Rule, Verdict

LOOKED_AT = 50  # runs: a row of failures is not counted further back


class Params(BaseModel):
    count: int = Field(
        1, ge=1, le=50, description="Failures in a row before it opens", json_schema_extra={"unit": "runs"}
    )


def check(facts: Facts, params: Params) -> Verdict:
    """Firing while the last `count` verdicts failed. Cancelled, skipped or unfinished runs neither open nor close."""
    verdicts = newest(facts, LOOKED_AT)
    if not verdicts:
        return HOLD
    failed = tuple(takewhile(lambda run: run.outcome.failed, verdicts))
    if not failed:
        return Verdict(cleared=True, reason="the last run passed", last=verdicts[0])
    if len(failed) < params.count:
        return HOLD
    times = f"at least {LOOKED_AT}" if len(failed) == LOOKED_AT else f"{len(failed)}"
    return Verdict(
        firing=True,
        headline="failed" if len(failed) == 1 else f"failed {times} times in a row",
        reason="the last run failed" if len(failed) == 1 else f"the last {len(failed)} runs failed",
        failures=len(failed),
        first=failed[-1],
        last=failed[0],
    )


RULE = Rule(
    "failure",
    "Failures in a row",
    Params,
    check,
    reach=lambda params: Reach(runs=LOOKED_AT),
    words=lambda params: f"{counted(params.count, 'failure')} in a row",
    about="A pipeline failed so many times in a row; over with its next success.",
    mark="broken",
    opens_on_failure=True,
)
