"""How long jobs wait for a runner."""

from __future__ import annotations

from cicd_health.metrics.metric import Metric
from cicd_health.model.health import Summary


def compute(summary: Summary) -> float | None:
    return summary.queue.p95


METRIC = Metric(
    slug="queue_s",
    label="Queue p95",
    unit="s",
    better="lower",
    formula="95th percentile (nearest rank) of started − created, once a runner took it",
    source="Whatever its outcome. A verdict whose queue cannot be measured counts as unmeasured, never as 0.",
    compute=compute,
)
