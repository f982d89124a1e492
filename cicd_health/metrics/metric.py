"""What a metric is, and the arithmetic that several of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from cicd_health.model.explain import Explanation, LeftOut, Part
from cicd_health.model.health import Distribution, Query, Summary
from cicd_health.model.tally import Measured

Unit = Literal["rate", "s", "per_day", "count"]
Fact = Literal["waiting", "streaks", "flaky", "slowest"]


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind a number: how many runs it counts, of how many, what it leaves out and why.

    `counted` and `query` say which runs the list shows: see `model.explain`; without a query it is the one asked.
    """

    n: int
    m: int
    left_out: tuple[LeftOut, ...] = ()
    remarks: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    counted: str = ""
    query: Query | None = None


def all_runs(summary: Summary, query: Query) -> Behind:
    """Every run of the window."""
    return Behind(summary.total, summary.total)


@dataclass(frozen=True, slots=True)
class Metric:
    """One number of a window, for cards, the API and the docs.

    unit: "rate" (0–1), "s" (seconds), "per_day" or "count".
    better: which way is good; "none" where neither is.
    formula, source: printed in the product, so that nobody has to guess.
    compute: the number, None when there is nothing to compute it from.
    behind: what it counts and leaves out.
    reads: what of the summary it needs that is read only for it; such a number is computed only where it is asked for.
    reach: of a number that is always of the time up to now, whatever the window: how far back it looks.
    """

    slug: str
    label: str
    unit: Unit
    better: Literal["higher", "lower", "none"]
    formula: str
    source: str
    compute: Callable[[Summary], float | None]
    behind: Callable[[Summary, Query], Behind] = all_runs
    reads: Fact | None = None
    reach: timedelta | None = None


def explain(metric: Metric, summary: Summary, query: Query) -> Explanation:
    """The number of this summary, with all that stands behind it."""
    behind = metric.behind(summary, query)
    shown = behind.query or query
    of_jobs = shown.subject == "job"
    return Explanation(
        slug=metric.slug,
        label=metric.label,
        unit=metric.unit,
        better=metric.better,
        value=metric.compute(summary),
        formula=metric.formula,
        source=metric.source,
        n=behind.n,
        m=behind.m,
        left_out=behind.left_out,
        remarks=(*behind.remarks, JOBS_ARE_COUNTED) if of_jobs else behind.remarks,
        query=shown,
        counted="" if of_jobs else behind.counted,
        parts=behind.parts,
    )


JOBS_ARE_COUNTED = "Jobs are counted here, not runs; the list shows the runs created in the window."


def share(part: int, whole: int) -> float | None:
    """part ÷ whole; None of nothing, never 0."""
    return part / whole if whole else None


def nearest_rank(percent: int, n: int) -> int:
    """The rank, from 1, of a percentile among n values: ceil(p · n)."""
    return max(1, -(-n * percent // 100))


def distribution(measured: Measured) -> Distribution:
    """Mean, nearest-rank percentiles and maximum; all None when nothing was measured."""
    n = measured.n
    if n <= 0:
        return Distribution(unmeasured=measured.unmeasured, exact=measured.exact)
    p50, p90, p95, highest = measured.at_ranks([nearest_rank(percent, n) for percent in (50, 90, 95, 100)])
    total = measured.sum
    return Distribution(n, total, total / n, p50, p90, p95, highest, measured.unmeasured, measured.exact)


def exactness(of: Distribution) -> tuple[str, ...]:
    """How the percentiles were found, as a sentence; none for no value."""
    if not of.n:
        return ()
    values = "1 value" if of.n == 1 else f"{of.n:,} values"
    if of.exact:
        return (f"Nearest rank, exact: from {values}.",)
    return (f"Nearest rank, within 0.5 %: from a histogram of {values}.",)


def parts_of(of: Distribution) -> tuple[Part, ...]:
    """Mean, percentiles and maximum, by name."""
    return tuple(Part(name, getattr(of, name), "s") for name in ("mean", "p50", "p90", "p95", "max"))
