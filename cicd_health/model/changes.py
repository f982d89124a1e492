"""Change points: where a series of durations, or of passing and failing, moved to another level and stayed there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

ChangeOf = Literal["duration", "failure_rate"]


@dataclass(frozen=True, slots=True)
class Blame:
    """The job, and within it the step, that grew (or shrank) most with a duration: medians in seconds on both sides."""

    job: str
    step: str | None
    before_s: float
    after_s: float


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """One move of one series. `of` is what moved; `job` and `step` are None where it is the pipeline's own.

    `before` and `after` are medians in seconds, or failure rates 0–1. `confidence` is 0–1: how sure it is that the two
    sides differ. `run_id` is the first run on the new level, `at` when that run was created. The numbers of runs on
    each side are `n_before` and `n_after`.
    """

    pipeline_id: int
    of: ChangeOf
    job: str | None
    step: str | None
    run_id: int
    at: datetime
    before: float
    after: float
    n_before: int
    n_after: int
    confidence: float
    blame: Blame | None = None

    @property
    def worse(self) -> bool:
        return self.after > self.before
