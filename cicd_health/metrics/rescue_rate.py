"""How many runs that failed at first were turned into a success by a re-run."""

from __future__ import annotations

from cicd_health.metrics.left_out import some
from cicd_health.metrics.metric import Behind, Metric, share
from cicd_health.model.explain import LeftOut
from cicd_health.model.health import Query, Summary

NOT_COUNTED = "its first attempt did not fail, was never seen, or has not ended"


def compute(summary: Summary) -> float | None:
    return share(summary.rescued, _failed_first(summary))


def behind(summary: Summary, query: Query) -> Behind:
    failed = _failed_first(summary)
    left_out = some(LeftOut("not failed at first", summary.total - failed, NOT_COUNTED))
    return Behind(summary.rescued, failed, left_out, counted="rescue_rate")


def _failed_first(summary: Summary) -> int:
    return summary.first_verdicts - summary.first_successes


METRIC = Metric(
    slug="rescue_rate",
    label="Rescued by re-runs",
    unit="rate",
    better="none",
    formula="runs whose first attempt failed and whose last passed ÷ runs whose first attempt failed",
    source="A failed run that nobody ran again is among the failed ones. Many rescues mean flaky pipelines.",
    compute=compute,
    behind=behind,
)
