"""How long pipelines stay broken on their default branch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cicd_health.metrics.metric import Metric, nearest_rank
from cicd_health.model.health import Restore, Summary
from cicd_health.model.incidents import Breakage
from cicd_health.model.runs import seconds_between
from cicd_health.model.windows import Window


def restore(breakages: Iterable[Breakage], window: Window) -> Restore:
    """Of the breakages whose recovery was created in the window; and how many last at its end.

    A recovery that was known before its failure (clocks, overlapping runs) is left out.
    """
    closed: list[float] = []
    lasting: list[Breakage] = []
    for breakage in breakages:
        recovered = breakage.recovered
        if breakage.failed.created_at >= window.end:
            continue
        if recovered is None or recovered.created_at >= window.end:
            lasting.append(breakage)
        elif recovered.created_at >= window.start:
            seconds = seconds_between(breakage.failed.ended_at, recovered.ended_at)
            closed += [] if seconds is None else [seconds]
    oldest = min((breakage.failed.ended_at for breakage in lasting), default=None)
    return Restore(len(closed), _median(closed), _mean(closed), len(lasting), oldest)


def _median(values: Sequence[float]) -> float | None:
    return sorted(values)[nearest_rank(50, len(values)) - 1] if values else None


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def compute(summary: Summary) -> float | None:
    return summary.restore.median


METRIC = Metric(
    slug="time_to_restore_s",
    label="Time to restore",
    unit="s",
    better="lower",
    formula="median over closed incidents of (end of the next success − end of the first failing verdict)",
    source="DORA, failed deployment recovery time, applied to runs on the default branch, per pipeline.",
    compute=compute,
)
