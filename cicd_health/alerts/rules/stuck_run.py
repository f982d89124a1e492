"""A run takes far longer than this pipeline ever needs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, Field

from cicd_health.alerts.history import counted, durations, newest, p95
from cicd_health.alerts.rule import HOLD, Facts, Reach, Rule, RunFact, Verdict
from cicd_health.metrics.words import seconds_in_words
from cicd_health.model.runs import seconds_between

LOOKED_AT = 100  # runs that say how long it usually takes
ENDS_AT = 0.9  # of the limit


class Params(BaseModel):
    times: float = Field(
        3,
        ge=1.1,
        le=100,
        description="So many times the p95 of the pipeline's own successful runs",
        json_schema_extra={"unit": "times"},
    )
    floor_minutes: float = Field(
        30, ge=1, le=7 * 24 * 60, description="And longer than this", json_schema_extra={"unit": "min"}
    )
    min_runs: int = Field(
        20,
        ge=5,
        le=LOOKED_AT,
        description="Successful runs without which nothing is usual",
        json_schema_extra={"unit": "runs"},
    )


def check(facts: Facts, params: Params) -> Verdict:
    """Firing while a run is over the limit, over when none is near it.

    A run that is longer than any can be (35 days) was lost sight of, and says nothing.
    """
    running = [run for run in facts.running if _age_s(run, facts.now) is not None]
    if not running:
        return Verdict(cleared=True, reason="nothing is running")
    passed = durations(newest(facts, LOOKED_AT))
    if len(passed) < params.min_runs:
        return HOLD
    limit_s = max(params.times * p95(passed), 60 * params.floor_minutes)
    stuck = _longer_than(limit_s, running, facts.now)
    if stuck:
        return _firing(stuck, p95(passed), facts.now)
    if not _longer_than(ENDS_AT * limit_s, running, facts.now):
        return Verdict(cleared=True, reason=f"no run is running longer than {seconds_in_words(limit_s)}")
    return HOLD


def _age_s(run: RunFact, now: datetime) -> float | None:
    return seconds_between(run.started_at, now)


def _longer_than(limit_s: float, running: Sequence[RunFact], now: datetime) -> list[RunFact]:
    """The longest first."""
    stuck = [run for run in running if (_age_s(run, now) or 0) > limit_s]
    return sorted(stuck, key=lambda run: _age_s(run, now) or 0, reverse=True)


def _firing(stuck: Sequence[RunFact], p95_s: float, now: datetime) -> Verdict:
    longest = seconds_in_words(_age_s(stuck[0], now))
    many = f"has {counted(len(stuck), 'run')} stuck, the longest for {longest}"
    return Verdict(
        firing=True,
        headline=f"is stuck for {longest}" if len(stuck) == 1 else many,
        reason=f"{_called(stuck[0])} has been running for {longest}, p95 is {seconds_in_words(p95_s)}",
        failures=len(stuck),
        first=stuck[0],
        last=stuck[-1],
        since=stuck[0].started_at,
    )


def _called(run: RunFact) -> str:
    return f"run #{run.number}" if run.number else "a run"


RULE = Rule(
    "stuck_run",
    "Stuck run",
    Params,
    check,
    reach=lambda params: Reach(runs=LOOKED_AT, running=True),
    words=lambda params: f"{params.times:g} times its p95, over {params.floor_minutes:g} min",
    about="A run takes many times longer than the successful runs of its pipeline.",
    mark="running",
    clock="unfinished",
)
