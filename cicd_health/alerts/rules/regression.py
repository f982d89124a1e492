"""The success rate of a window of time is too low, or much lower than in the window before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from pydantic import BaseModel, Field, model_validator

from cicd_health.alerts.history import MOST, created_within, failed, newest, percent
from cicd_health.alerts.rule import HOLD, Facts, Reach, Rule, RunFact, Verdict

CALM = 5  # runs, all passed, that end it where the window has too few for a rate
EQUAL = 1e-9  # rates that differ by less are the same


class Params(BaseModel):
    under: float = Field(
        80, ge=0, le=100, description="Opens under this success rate; 0: off", json_schema_extra={"unit": "%"}
    )
    points: float = Field(
        0,
        ge=0,
        le=100,
        description="Opens when more than so many points below the window before; 0: off",
        json_schema_extra={"unit": "points"},
    )
    hours: int = Field(24, ge=1, le=30 * 24, description="Length of the window", json_schema_extra={"unit": "h"})
    min_runs: int = Field(
        20, ge=5, le=MOST // 2, description="Runs that a window must have", json_schema_extra={"unit": "runs"}
    )
    margin: float = Field(
        5,
        ge=0.1,
        le=50,
        description="It ends so many points above where it opens",
        json_schema_extra={"unit": "points"},
    )

    @model_validator(mode="after")
    def _looks_at_something(self) -> Self:
        if not self.under and not self.points:
            raise ValueError("under and points are both 0: give one of them")
        return self


@dataclass(frozen=True, slots=True)
class _Limit:
    """Opens under one rate, ends from the other on; both 0–1."""

    opens: float
    ends: float
    words: str


@dataclass(frozen=True, slots=True)
class _Window:
    """Runs, newest first, and those of them that failed."""

    runs: tuple[RunFact, ...]
    failures: tuple[RunFact, ...]

    @property
    def passed(self) -> int:
        return len(self.runs) - len(self.failures)

    @property
    def rate(self) -> float:
        return self.passed / len(self.runs)

    @property
    def words(self) -> str:
        return f"{self.passed} of {len(self.runs)}"


def check(facts: Facts, params: Params) -> Verdict:
    """Firing when a failure brings the rate under a limit; over when it is above each by the margin.

    Too few runs hold, but for a few that all passed. Of more than MOST runs in both windows the newest count.
    """
    span = timedelta(hours=params.hours)
    runs = newest(facts)
    window = _window(runs, facts.now - span, span)
    passed = f"{window.words} runs of the last {params.hours} h passed"
    if len(window.runs) >= CALM and not window.failures:
        return Verdict(cleared=True, reason=passed, last=window.runs[0])
    if len(window.runs) < params.min_runs:
        return HOLD
    limits = tuple(_limits(_window(runs, facts.now - 2 * span, span), params))
    under = [limit for limit in limits if window.rate < limit.opens - EQUAL]
    if under and window.runs[0].outcome.failed:
        return _firing(window, f"{passed}, {under[0].words}")
    if limits and all(window.rate >= limit.ends - EQUAL for limit in limits):
        return Verdict(cleared=True, reason=passed, last=window.runs[0])
    return HOLD


def _window(runs: Iterable[RunFact], start: datetime, length: timedelta) -> _Window:
    within = created_within(runs, start, start + length)
    return _Window(within, failed(within))


def _limits(before: _Window, params: Params) -> Iterator[_Limit]:
    if params.under:
        opens = params.under / 100
        yield _Limit(opens, min(1.0, opens + params.margin / 100), f"limit {params.under:g} %")
    if params.points and len(before.runs) >= params.min_runs:
        opens = before.rate - params.points / 100
        words = f"{before.words} ({percent(before.rate)}) in the {params.hours} h before"
        yield _Limit(opens, min(before.rate, opens + params.margin / 100), words)


def _firing(window: _Window, reason: str) -> Verdict:
    return Verdict(
        firing=True,
        headline=f"succeeded in {percent(window.rate)} of the last {len(window.runs)} runs",
        reason=reason,
        failures=len(window.failures),
        first=window.failures[-1],
        last=window.failures[0],
    )


def reach(params: Params) -> Reach:
    windows = 2 if params.points else 1
    return Reach(runs=MOST, span=windows * timedelta(hours=params.hours))


def words(params: Params) -> str:
    limits = [f"under {params.under:g} %"] if params.under else []
    limits += [f"{params.points:g} points below before"] if params.points else []
    return f"{' or '.join(limits)} of {params.min_runs} runs or more in {params.hours} h"


RULE = Rule(
    "regression",
    "Success rate",
    Params,
    check,
    reach,
    words=words,
    about="Too few runs of the last hours passed, or far fewer than in the hours before.",
    mark="unstable",
    opens_on_failure=True,
)
