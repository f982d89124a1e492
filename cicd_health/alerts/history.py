"""What rules look at in the runs of a pipeline, and how they say it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import dropwhile, islice, takewhile

from cicd_health.metrics.metric import nearest_rank
from cicd_health.model.alerts import Facts, RunFact

MOST = 500  # runs that a rule looks at, however long its window


def newest(facts: Facts, runs: int = MOST) -> tuple[RunFact, ...]:
    """The newest verdicts, newest first. The facts may hold more: several rules are asked about the same."""
    return tuple(islice((run for run in facts.attempts if run.outcome.verdict), runs))


def created_within(runs: Iterable[RunFact], start: datetime, end: datetime) -> tuple[RunFact, ...]:
    """Of runs that are newest first, those created after `start`, up to `end`."""
    later = dropwhile(lambda run: run.created_at > end, runs)
    return tuple(takewhile(lambda run: run.created_at > start, later))


def failed(runs: Iterable[RunFact]) -> tuple[RunFact, ...]:
    return tuple(run for run in runs if run.outcome.failed)


def durations(runs: Iterable[RunFact]) -> list[float]:
    """Seconds of the successes among them that were measured, in the same order."""
    return [run.duration_s for run in runs if not run.outcome.failed and run.duration_s is not None]


def p95(values: Sequence[float]) -> float:
    """Nearest rank, of at least one value."""
    return sorted(values)[nearest_rank(95, len(values)) - 1]


def percent(rate: float) -> str:
    """ "61.5 %"; only a true 1 reads 100.0 and only a true 0 reads 0.0."""
    shown = round(100 * rate, 1)
    if 0 < rate < 1:
        shown = min(99.9, max(0.1, shown))
    return f"{shown:.1f} %"


def moment(at: datetime) -> str:
    """ "2026-03-02 14:05 UTC"."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def counted(number: int, noun: str) -> str:
    """ "1 run", "26 runs"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
