"""Jobs wait long for a runner."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, Field

from cicd_health.alerts.history import counted
from cicd_health.alerts.rule import HOLD, Facts, Reach, Rule, Verdict
from cicd_health.metrics.words import code, seconds_in_words
from cicd_health.model.alerts import WaitingJob
from cicd_health.model.runs import seconds_between

ENDS_AT = 0.5  # of the limit


class Params(BaseModel):
    limit_minutes: float = Field(
        15, ge=1, le=24 * 60, description="Opens when jobs wait longer", json_schema_extra={"unit": "min"}
    )
    jobs: int = Field(1, ge=1, le=1000, description="So many of them at least", json_schema_extra={"unit": "jobs"})


def check(facts: Facts, params: Params) -> Verdict:
    """Firing while enough jobs wait longer than the limit, over when none waits longer than half of it.

    A job that waits longer than any can (35 days) was lost sight of, and says nothing.
    """
    limit_s = 60 * params.limit_minutes
    late = _longer_than(limit_s, facts)
    if len(late) >= params.jobs:
        return _firing(late, params, facts.now)
    if not _longer_than(ENDS_AT * limit_s, facts):
        return Verdict(cleared=True, reason=f"no job waits longer than {seconds_in_words(ENDS_AT * limit_s)}")
    return HOLD


def _longer_than(limit_s: float, facts: Facts) -> list[WaitingJob]:
    """The longest wait first."""
    late = [job for job in facts.waiting if (seconds_between(job.since, facts.now) or 0) > limit_s]
    return sorted(late, key=lambda job: job.since)


def _firing(late: Sequence[WaitingJob], params: Params, now: datetime) -> Verdict:
    longest = seconds_in_words(seconds_between(late[0].since, now))
    name = code(late[0].job) if late[0].job else "a run"
    wait = f"{counted(len(late), 'job')} {'waits' if len(late) == 1 else 'wait'}"
    return Verdict(
        firing=True,
        headline=f"waits for a runner: {counted(len(late), 'job')}, the longest for {longest}",
        reason=f"{wait} longer than {params.limit_minutes:g} min, {name} for {longest}",
        failures=len(late),
        since=late[0].since,
    )


RULE = Rule(
    "queue_time",
    "Queue time",
    Params,
    check,
    reach=lambda params: Reach(waiting=True),
    words=lambda params: f"{counted(params.jobs, 'job')} waiting over {params.limit_minutes:g} min",
    about="Jobs of a pipeline wait long for a runner.",
    mark="queue",
    clock="unfinished",
)
