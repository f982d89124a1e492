"""How many of the verdicts did not pass."""

from __future__ import annotations

from cicd_health.metrics.metric import Metric
from cicd_health.model.health import Summary


def compute(summary: Summary) -> float | None:
    return summary.failure_rate


METRIC = Metric(
    slug="failure_rate",
    label="Failure rate",
    unit="rate",
    better="lower",
    formula="1 − success rate",
    source="The same verdicts as the success rate.",
    compute=compute,
)
