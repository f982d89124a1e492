"""How many of the verdicts did not pass."""

from __future__ import annotations

from cicd_health.metrics.left_out import without_verdict
from cicd_health.metrics.metric import Behind, Metric
from cicd_health.model.health import Query, Summary


def compute(summary: Summary) -> float | None:
    return summary.failure_rate


def behind(summary: Summary, query: Query) -> Behind:
    failed = summary.verdicts - summary.successes
    return Behind(failed, summary.verdicts, without_verdict(summary.counts), counted="failure_rate")


METRIC = Metric(
    slug="failure_rate",
    label="Failure rate",
    unit="rate",
    better="lower",
    formula="1 − success rate",
    source="The same verdicts as the success rate.",
    compute=compute,
    behind=behind,
)
