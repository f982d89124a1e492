"""A pipeline failed in a way it did not fail before; over with its next success."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, Field

from cicd_health.alerts.history import MOST, counted, newest
from cicd_health.alerts.rule import HOLD, Facts, Reach, Rule, RunFact, Verdict


class Params(BaseModel):
    days: int = Field(
        30,
        ge=1,
        le=365,
        description="A failure is new again after so long without it",
        json_schema_extra={"unit": "d"},
    )
    min_runs: int = Field(
        20,
        ge=0,
        le=MOST - 1,
        description="Runs that the pipeline must have had before: at first every failure is new",
        json_schema_extra={"unit": "runs"},
    )


def check(facts: Facts, params: Params) -> Verdict:
    """Firing on a failure whose fingerprint is not known of this pipeline; what is known by now is held."""
    verdicts = newest(facts, params.min_runs + 1)
    if not verdicts:
        return HOLD
    run = verdicts[0]
    if not run.outcome.failed:
        return Verdict(cleared=True, reason="the last run passed", last=run)
    if run.signature is None or len(verdicts) <= params.min_runs or not _is_new(run, params):
        return HOLD
    return Verdict(firing=True, headline="failed in a new way", reason=_reason(run), failures=1, first=run, last=run)


def _is_new(run: RunFact, params: Params) -> bool:
    seen_at = run.signature_seen_at
    return seen_at is None or run.created_at - seen_at > timedelta(days=params.days)


def _reason(run: RunFact) -> str:
    if run.signature_seen_at is None:
        return "this failure was not seen in this pipeline before"
    days = (run.created_at - run.signature_seen_at).days
    return f"this failure was not seen in this pipeline for {days} d"


RULE = Rule(
    "new_failure",
    "New failure",
    Params,
    check,
    reach=lambda params: Reach(runs=params.min_runs + 1, signatures=True),
    words=lambda params: f"a failure not seen for {counted(params.days, 'day')}",
    about="A pipeline failed in a way it did not fail before; over with its next success.",
    mark="failure",
    opens_on_failure=True,
)
