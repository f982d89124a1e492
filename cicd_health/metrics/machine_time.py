"""How much time machines spend on runs."""

from __future__ import annotations

from cicd_health.metrics.left_out import some
from cicd_health.metrics.metric import Behind, Metric
from cicd_health.model.explain import LeftOut
from cicd_health.model.health import Query, Summary

UNMEASURED = "nothing of it has a measured duration yet"


def compute(summary: Summary) -> float | None:
    return summary.spent_s if summary.spent_n else None


def behind(summary: Summary, query: Query) -> Behind:
    n, m = summary.spent_n, summary.total
    return Behind(n, m, some(LeftOut("unmeasured", m - n, UNMEASURED)), counted="spent_s")


METRIC = Metric(
    slug="spent_s",
    label="Machine time",
    unit="s",
    better="lower",
    formula="sum of the durations of all jobs of all attempts; of an attempt without measured jobs its own duration",
    source="Whatever the outcome. A job that a re-run only carried over from an earlier attempt counts once.",
    compute=compute,
    behind=behind,
)
