"""How long pipelines stay broken on their default branch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from cicd_health.metrics.left_out import some
from cicd_health.metrics.metric import Behind, Metric, nearest_rank
from cicd_health.model.explain import LeftOut, Part
from cicd_health.model.health import Query, Restore, Summary
from cicd_health.model.incidents import Breakage
from cicd_health.model.tally import Measured
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
            seconds = (recovered.ended_at - breakage.failed.ended_at).total_seconds()
            closed += [seconds] if seconds >= 0 else []
    oldest = min((breakage.failed.ended_at for breakage in lasting), default=None)
    return Restore(len(closed), _median(closed), _mean(closed), len(lasting), oldest)


def restored(measured: Measured, lasting: Collection[datetime]) -> Restore:
    """Of the times to restore in a Tally, and since when those pipelines fail that still do."""
    n = measured.n
    median = measured.at_rank(nearest_rank(50, n)) if n else None
    return Restore(n, median, measured.sum / n if n else None, len(lasting), min(lasting, default=None))


def _median(values: Sequence[float]) -> float | None:
    return sorted(values)[nearest_rank(50, len(values)) - 1] if values else None


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def compute(summary: Summary) -> float | None:
    return summary.restore.median


def behind(summary: Summary, query: Query) -> Behind:
    """n runs restored their pipelines; m is with those that are still broken."""
    restored = summary.restore
    return Behind(
        n=restored.n,
        m=restored.n + restored.open,
        left_out=some(LeftOut("open", restored.open, "still broken at the end of the window")),
        parts=(Part("mean", restored.mean, "s"), Part("open", restored.open, "count")),
        counted="time_to_restore_s",
        query=_of_runs(query),
    )


def _of_runs(query: Query) -> Query:
    """Pipelines break and recover by runs, whatever jobs are asked for; on a branch by all of its runs."""
    of_runs = replace(query, subject="run", job=None)
    return of_runs if query.branch is None else replace(of_runs, event=None, actor=None)


METRIC = Metric(
    slug="time_to_restore_s",
    label="Time to restore",
    unit="s",
    better="lower",
    formula="median over closed incidents of (end of the next success − end of the first failing verdict)",
    source="DORA, failed deployment recovery time, applied to runs on the default branch, per pipeline.",
    compute=compute,
    behind=behind,
)
