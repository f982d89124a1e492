"""Successful runs take longer than a limit that somebody set."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from statistics import fmean
from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from cicd_health.alerts.history import MOST, created_within, durations, newest, p95
from cicd_health.alerts.rule import HOLD, Facts, Reach, Rule, RunFact, Verdict
from cicd_health.metrics.words import seconds_in_words

ENDS_AT = 0.9  # of the limit


class Params(BaseModel):
    limit_minutes: float = Field(
        20, gt=0, le=7 * 24 * 60, description="Opens above this duration", json_schema_extra={"unit": "min"}
    )
    measure: Literal["p95", "mean"] = Field("p95", description="What of the durations is compared with it")
    runs: int = Field(
        20, ge=1, le=MOST // 2, description="Successful runs it is taken of", json_schema_extra={"unit": "runs"}
    )
    hours: int = Field(
        0, ge=0, le=90 * 24, description="How old they may be; 0: any age", json_schema_extra={"unit": "h"}
    )
    min_runs: int = Field(
        20,
        ge=1,
        le=MOST // 2,
        description="Runs without which nothing is said; a p95 of fewer than 20 is the slowest of them",
        json_schema_extra={"unit": "runs"},
    )

    @model_validator(mode="after")
    def _enough_runs(self) -> Self:
        if self.min_runs > self.runs:
            raise ValueError(f"min_runs ({self.min_runs}) must not be more than runs ({self.runs})")
        return self

    @property
    def limit_s(self) -> float:
        return 60 * self.limit_minutes


def check(facts: Facts, params: Params) -> Verdict:
    """Firing above the limit, over at nine tenths of it."""
    runs = _sample(facts, params)
    if len(runs) < params.min_runs:
        return HOLD
    seconds = durations(runs)
    value = p95(seconds) if params.measure == "p95" else fmean(seconds)
    words = f"{params.measure} is {seconds_in_words(value)}, limit {params.limit_minutes:g} min"
    if value > params.limit_s:
        return _firing(runs, words, params)
    if value <= ENDS_AT * params.limit_s:
        return Verdict(cleared=True, reason=words, last=runs[0])
    return HOLD


def _sample(facts: Facts, params: Params) -> tuple[RunFact, ...]:
    """The newest successes that were measured."""
    runs = newest(facts, reach(params).runs)
    if params.hours:
        runs = created_within(runs, facts.now - timedelta(hours=params.hours), facts.now)
    return tuple(run for run in runs if not run.outcome.failed and run.duration_s is not None)[: params.runs]


def _firing(runs: Sequence[RunFact], words: str, params: Params) -> Verdict:
    slow = [run for run in runs if (run.duration_s or 0) > params.limit_s]
    return Verdict(
        firing=True,
        headline=f"is slow: {words}",
        reason=f"{len(slow)} of the last {len(runs)} successful runs took longer than {params.limit_minutes:g} min",
        failures=len(slow),
        first=slow[-1],
        last=slow[0],
    )


def reach(params: Params) -> Reach:
    """Twice as many runs as wanted: some of them failed."""
    return Reach(runs=2 * params.runs, span=timedelta(hours=params.hours) if params.hours else None)


def words(params: Params) -> str:
    window = f"{params.runs} successes" + (f" in {params.hours} h" if params.hours else "")
    return f"{params.measure} of the last {window} over {params.limit_minutes:g} min"


RULE = Rule(
    "slow_build",
    "Slow build",
    Params,
    check,
    reach,
    words=words,
    about="Successful runs of a pipeline take longer than a limit.",
    mark="slower",
)
