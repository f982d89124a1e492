"""A pipeline failed so many times in a row; over with its next success."""

from __future__ import annotations

from itertools import takewhile

from pydantic import BaseModel, Field

from cicd_health.alerts.rule import HOLD, Facts, Reach, Rule, Verdict

LOOKED_AT = 50  # runs: a row of failures is not counted further back


class Params(BaseModel):
    count: int = Field(1, ge=1, le=50, description="Failures in a row before it opens")


def check(facts: Facts, params: Params) -> Verdict:
    """Firing while the last `count` verdicts failed. Cancelled, skipped or unfinished runs neither open nor close."""
    verdicts = facts.verdicts
    if not verdicts:
        return HOLD
    failed = tuple(takewhile(lambda run: run.outcome.failed, verdicts))
    if not failed:
        return Verdict(cleared=True, reason="the last run passed", last=verdicts[0])
    if len(failed) < params.count:
        return HOLD
    return Verdict(
        firing=True,
        headline="failed" if len(failed) == 1 else f"failed {len(failed)} times in a row",
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
    reach=lambda params: Reach(runs=max(LOOKED_AT, params.count)),
    about="A pipeline failed so many times in a row; over with its next success.",
    mark="broken",
)
