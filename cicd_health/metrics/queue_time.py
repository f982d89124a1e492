"""How long jobs wait for a runner."""

from __future__ import annotations

from cicd_health.metrics.left_out import some
from cicd_health.metrics.metric import Behind, Metric, exactness, parts_of
from cicd_health.model.explain import LeftOut, Part
from cicd_health.model.health import Query, Summary

UNMEASURED = "when a job was created or started is not known, or makes no sense"
NOT_TAKEN = "no runner took a job of it, and it has no verdict"


def compute(summary: Summary) -> float | None:
    return summary.queue.p95


def behind(summary: Summary, query: Query) -> Behind:
    of = summary.queue
    return Behind(
        n=of.n,
        m=of.n + of.unmeasured,
        left_out=some(
            LeftOut("unmeasured", of.unmeasured, UNMEASURED),
            LeftOut("not taken", summary.total - of.n - of.unmeasured, NOT_TAKEN),
        ),
        remarks=exactness(of),
        parts=(*parts_of(of), *_waiting(summary)),
        counted="queue_s",
    )


def _waiting(summary: Summary) -> tuple[Part, ...]:
    """Jobs that wait now stand apart: how long they will have waited is not known."""
    waiting = summary.waiting
    if waiting is None:
        return ()
    return Part("waiting now", waiting.jobs, "count"), Part("oldest wait", waiting.oldest_s, "s")


METRIC = Metric(
    slug="queue_s",
    label="Queue p95",
    unit="s",
    better="lower",
    formula="95th percentile (nearest rank) of started − created, once a runner took it",
    source="Whatever its outcome. A verdict whose queue cannot be measured counts as unmeasured, never as 0.",
    compute=compute,
    behind=behind,
    reads="waiting",
)
