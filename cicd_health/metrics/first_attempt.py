"""How many runs passed at their first attempt; what it lacks to the success rate is what re-runs rescued."""

from __future__ import annotations

from cicd_health.metrics.metric import Metric
from cicd_health.model.health import Summary


def compute(summary: Summary) -> float | None:
    return summary.first_attempt_success_rate


METRIC = Metric(
    slug="first_attempt_success_rate",
    label="First attempt",
    unit="rate",
    better="higher",
    formula="first attempts that passed ÷ first attempts that passed or failed",
    source="Runs whose first attempt was never seen, or has not ended, are left out.",
    compute=compute,
)
