"""How long runs and jobs take."""

from __future__ import annotations

from cicd_health.metrics.metric import Metric, distribution
from cicd_health.model.health import Distribution, Summary
from cicd_health.model.tally import Tally


def durations(tally: Tally, which: str) -> Distribution:
    """Of successes, or ("verdicts") of everything that passed or failed."""
    return distribution(tally.passed if which == "success" else tally.verdicts)


def compute(summary: Summary) -> float | None:
    return summary.duration.p50


METRIC = Metric(
    slug="duration_s",
    label="Duration p50",
    unit="s",
    better="lower",
    formula="median (nearest rank) of first job start to last job end; mean, p90 and p95 beside it",
    source="Successes only unless all verdicts are asked for. Negative or absurd durations count as unmeasured.",
    compute=compute,
)
