"""How much is built."""

from __future__ import annotations

from datetime import timedelta

from cicd_health.metrics.metric import Behind, Metric
from cicd_health.model.health import Query, Summary


def per_day(total: int, length: timedelta) -> float:
    """Runs a day over a window; 0 for a window of no length."""
    days = length / timedelta(days=1)
    return total / days if days > 0 else 0.0


def compute(summary: Summary) -> float | None:
    return summary.throughput_per_day


def behind(summary: Summary, query: Query) -> Behind:
    return Behind(summary.total, summary.total, counted="throughput_per_day")


METRIC = Metric(
    slug="throughput_per_day",
    label="Throughput",
    unit="per_day",
    better="none",
    formula="runs created in the window ÷ its days",
    source="Every run counts, whatever its outcome.",
    compute=compute,
    behind=behind,
)
