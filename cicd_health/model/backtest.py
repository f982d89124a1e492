"""What a rule would have done: its incidents, and the verdicts they came from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

BY_ITSELF = timedelta(minutes=10)  # an incident that ended sooner was over before anybody could act


@dataclass(frozen=True, slots=True)
class Fired:
    """One incident that would have opened. `resolved_at` None: it would be open still."""

    pipeline_id: int
    pipeline: str
    repo: str
    provider: str
    branch: str | None
    opened_at: datetime  # when the trouble began
    told_at: datetime  # when the rule fired
    resolved_at: datetime | None
    failures: int
    reason: str
    run_id: int | None = None
    recovered_run_id: int | None = None
    reopened: int = 0

    @property
    def by_itself(self) -> bool:
        return self.resolved_at is not None and self.resolved_at - self.told_at <= BY_ITSELF


@dataclass(frozen=True, slots=True)
class TestedDay:
    """Verdicts in scope that ended on one day of the viewer's zone."""

    day: date
    passed: int
    failed: int


@dataclass(frozen=True, slots=True)
class Backtest:
    """A rule tried on [start, end). `fired` are oldest first. `messages` counts what each channel would have got.

    `median_s` is the median time from opened to resolved, None when none closed. `seconds` is how long it took to find
    out. `pipelines` in scope; `cut`: more verdicts lie in the window than were looked at, so that `start` is later than
    asked.
    """

    start: datetime
    end: datetime
    fired: tuple[Fired, ...]
    days: tuple[TestedDay, ...]
    pipelines: int
    verdicts: int
    failed: int
    messages: int
    median_s: float | None
    by_itself: int
    seconds: float
    cut: bool = False
