"""A pipeline goes to and fro between passing and failing; over when it has passed for a while."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Self

from pydantic import BaseModel, Field, model_validator

from cicd_health.alerts.history import MOST, created_within, failed, newest
from cicd_health.alerts.rule import HOLD, Facts, Reach, Rule, RunFact, Verdict


class Params(BaseModel):
    failures: int = Field(
        3, ge=2, le=100, description="Failures in the window before it opens", json_schema_extra={"unit": "runs"}
    )
    runs: int = Field(
        10,
        ge=0,
        le=MOST,
        description="The window in runs, newest first; 0: only time limits it",
        json_schema_extra={"unit": "runs"},
    )
    minutes: int = Field(
        0,
        ge=0,
        le=30 * 24 * 60,
        description="The window in time; 0: only the number of runs limits it",
        json_schema_extra={"unit": "min"},
    )
    turns: int = Field(
        4,
        ge=2,
        le=100,
        description="How often it must have turned from passing to failing or back: a row of failures does not flap",
        json_schema_extra={"unit": "times"},
    )
    passes: int = Field(
        5,
        ge=2,
        le=100,
        description="Passes in a row that end it; failures before them no longer count",
        json_schema_extra={"unit": "runs"},
    )

    @model_validator(mode="after")
    def _window_holds_it(self) -> Self:
        if not self.runs and not self.minutes:
            raise ValueError("runs and minutes are both 0: give the window a length")
        if self.runs and self.runs <= max(self.failures, self.turns):
            raise ValueError(f"runs must be more than failures ({self.failures}) and turns ({self.turns})")
        return self


def check(facts: Facts, params: Params) -> Verdict:
    """Firing when a failure makes it often enough since it last was calm; over when the window is calm.

    A pass opens nothing. What then fails steadily is held: it is no better for not turning any more.
    """
    window = _window(facts, params)
    if not window:
        return HOLD
    unrest = _since_calm(window, params.passes)
    failures = failed(unrest)
    if not failures:
        return Verdict(cleared=True, reason=_calm(window), last=window[0])
    turns = sum(one.outcome.failed != other.outcome.failed for one, other in pairwise(unrest))
    if not window[0].outcome.failed or len(failures) < params.failures or turns < params.turns:
        return HOLD
    return Verdict(
        firing=True,
        headline=f"is flapping: {len(failures)} of the last {len(unrest)} runs failed",
        reason=f"it turned {turns} times between passing and failing in {len(unrest)} runs, {len(failures)} failed",
        failures=len(failures),
        first=failures[-1],
        last=failures[0],
    )


def _window(facts: Facts, params: Params) -> tuple[RunFact, ...]:
    runs = newest(facts, params.runs or MOST)
    return created_within(runs, facts.now - timedelta(minutes=params.minutes), facts.now) if params.minutes else runs


def _since_calm(window: tuple[RunFact, ...], passes: int) -> tuple[RunFact, ...]:
    """The runs after so many in a row that passed, and the last of these; the whole window if it was never calm."""
    row = 0
    for n, run in enumerate(window):
        row = 0 if run.outcome.failed else row + 1
        if row == passes:
            return window[: n + 2 - passes]
    return window


def _calm(window: Sequence[RunFact]) -> str:
    row = next((n for n, run in enumerate(window) if run.outcome.failed), len(window))
    return "the last run passed, and no other was in the window" if row == 1 else f"the last {row} runs passed"


def reach(params: Params) -> Reach:
    span = timedelta(minutes=params.minutes) if params.minutes else None
    return Reach(runs=params.runs or MOST, span=span)


def words(params: Params) -> str:
    window = [f"{params.runs} runs"] if params.runs else []
    window += [f"{params.minutes} min"] if params.minutes else []
    return f"{params.failures} failures in {' and '.join(window)}, {params.turns} turns"


RULE = Rule(
    "flapping",
    "Flapping",
    Params,
    check,
    reach,
    words=words,
    about="A pipeline goes to and fro between passing and failing; over when it has passed for a while.",
    mark="flaky",
    opens_on_failure=True,
)
