"""How long runs and jobs take."""

from __future__ import annotations

from cicd_health.metrics.left_out import NOT_PASSED, UNMEASURED, failing, some, without_verdict
from cicd_health.metrics.metric import Behind, Metric, distribution, exactness, parts_of
from cicd_health.model.explain import LeftOut
from cicd_health.model.health import Distribution, Query, Summary
from cicd_health.model.tally import Tally


def durations(tally: Tally, which: str) -> Distribution:
    """Of successes, or ("verdicts") of everything that passed or failed."""
    return distribution(tally.passed if which == "success" else tally.verdicts)


def compute(summary: Summary) -> float | None:
    return summary.duration.p50


def behind(summary: Summary, query: Query) -> Behind:
    of, successes_only = summary.duration, query.durations == "success"
    return Behind(
        n=of.n,
        m=of.n + of.unmeasured,
        left_out=(
            *some(LeftOut("unmeasured", of.unmeasured, UNMEASURED)),
            *(failing(summary.counts, NOT_PASSED) if successes_only else ()),
            *without_verdict(summary.counts),
        ),
        remarks=exactness(of),
        parts=parts_of(of),
        counted="duration_s" if successes_only else "verdict_duration_s",
    )


METRIC = Metric(
    slug="duration_s",
    label="Duration p50",
    unit="s",
    better="lower",
    formula="median (nearest rank) of first job start to last job end; mean, p90, p95 and max beside it",
    source="Successes only unless all verdicts are asked for. Negative or absurd durations count as unmeasured.",
    compute=compute,
    behind=behind,
)
