"""How many runs passed at their first attempt; what it lacks to the success rate is what re-runs rescued."""

from __future__ import annotations

from cicd_health.metrics.left_out import some
from cicd_health.metrics.metric import Behind, Metric
from cicd_health.model.explain import LeftOut
from cicd_health.model.health import Query, Summary

NOT_COUNTED = "its first attempt was never seen, has not ended, or ended without a verdict"


def compute(summary: Summary) -> float | None:
    return summary.first_attempt_success_rate


def behind(summary: Summary, query: Query) -> Behind:
    left_out = some(LeftOut("no first verdict", summary.total - summary.first_verdicts, NOT_COUNTED))
    counted = "first_attempt_success_rate"
    return Behind(summary.first_successes, summary.first_verdicts, left_out, counted=counted)


METRIC = Metric(
    slug="first_attempt_success_rate",
    label="First attempt",
    unit="rate",
    better="higher",
    formula="first attempts that passed ÷ first attempts that passed or failed",
    source="Runs whose first attempt was never seen, or has not ended, are left out.",
    compute=compute,
    behind=behind,
)
