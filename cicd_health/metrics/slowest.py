"""Which job the runs of a pipeline wait for most."""

from __future__ import annotations

from dataclasses import replace

from cicd_health.metrics.metric import Behind, Metric
from cicd_health.model.explain import Part
from cicd_health.model.health import Query, SlowPart, Summary

SHOWN = 10
ONE_PIPELINE = "Asked of one pipeline only: choose one."
LOOKED_AT = "Shares of the critical path, from the last 500 runs of the window at most."


def compute(summary: Summary) -> float | None:
    slowest = _slowest(summary)
    return slowest.p50_s if slowest else None


def behind(summary: Summary, query: Query) -> Behind:
    """The runs of the window that have the job."""
    slowest = _slowest(summary)
    if slowest is None:
        remarks = (ONE_PIPELINE,) if query.pipeline_id is None else ()
        return Behind(0, 0, remarks=remarks, counted="slowest_job_s", query=replace(query, subject="run", job=None))
    parts = tuple(Part(_name(part), part.critical_share, "rate") for part in (summary.slowest or ())[:SHOWN])
    narrowed = replace(query, subject="run", job=slowest.job)
    counted = "slowest_job_s"
    return Behind(slowest.runs, slowest.runs, remarks=(LOOKED_AT,), parts=parts, counted=counted, query=narrowed)


def _slowest(summary: Summary) -> SlowPart | None:
    """A job; steps come after the jobs."""
    return summary.slowest[0] if summary.slowest else None


def _name(part: SlowPart) -> str:
    return f"{part.job} › {part.step}" if part.step else part.job


METRIC = Metric(
    slug="slowest_job_s",
    label="Slowest job p50",
    unit="s",
    better="lower",
    formula="median duration of the job with the largest share of the critical path: the jobs, from the one that ended "
    "last back along what each had to wait for, in which a run's time went",
    source="Of one pipeline. Shares of jobs and steps stand beside it; time in which nothing ran is nobody's.",
    compute=compute,
    behind=behind,
    reads="slowest",
)
