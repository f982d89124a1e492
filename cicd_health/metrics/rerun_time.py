"""How much machine time went into attempts that were replaced by a re-run."""

from __future__ import annotations

from cicd_health.metrics.left_out import some
from cicd_health.metrics.metric import Behind, Metric
from cicd_health.model.explain import LeftOut
from cicd_health.model.health import Query, Summary

NOT_RERUN = "was not run again, or what was replaced has no measured duration"


def compute(summary: Summary) -> float | None:
    """0 where something was measured and nothing was run again."""
    return summary.rerun_s if summary.spent_n else None


def behind(summary: Summary, query: Query) -> Behind:
    n, m = summary.rerun_n, summary.total
    return Behind(n, m, some(LeftOut("not run again", m - n, NOT_RERUN)), counted="rerun_s")


METRIC = Metric(
    slug="rerun_s",
    label="Lost to re-runs",
    unit="s",
    better="lower",
    formula="machine time of every attempt that a later attempt of the same run replaced",
    source="A part of the machine time. The last attempt of a run is never in it.",
    compute=compute,
    behind=behind,
)
