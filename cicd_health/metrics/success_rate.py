"""How many of the verdicts passed. Of a run, the last attempt is what counts."""

from __future__ import annotations

from cicd_health.metrics.left_out import without_verdict
from cicd_health.metrics.metric import Behind, Metric
from cicd_health.model.health import Query, Summary


def compute(summary: Summary) -> float | None:
    return summary.success_rate


def behind(summary: Summary, query: Query) -> Behind:
    left_out = without_verdict(summary.counts)
    return Behind(summary.successes, summary.verdicts, left_out, counted="success_rate")


METRIC = Metric(
    slug="success_rate",
    label="Success rate",
    unit="rate",
    better="higher",
    formula="success ÷ (success + failure + timed_out + startup_failure + unstable), by each run's last attempt",
    source="Cancelled, superseded, skipped, neutral, stale, action_required, unfinished and unknown are left out.",
    compute=compute,
    behind=behind,
)
