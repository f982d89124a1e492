"""What a metric is, and the arithmetic that several of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from cicd_health.model.health import Distribution, Summary
from cicd_health.model.tally import Measured


@dataclass(frozen=True, slots=True)
class Metric:
    """One number of a window, for cards, the API and the docs.

    unit: "rate" (0–1), "s" (seconds) or "per_day".
    better: which way is good; "none" where neither is.
    formula, source: printed in the product, so that nobody has to guess.
    compute: the number, None when there is nothing to compute it from.
    """

    slug: str
    label: str
    unit: Literal["rate", "s", "per_day"]
    better: Literal["higher", "lower", "none"]
    formula: str
    source: str
    compute: Callable[[Summary], float | None]


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
    p50, p90, p95 = (measured.at_rank(nearest_rank(percent, n)) for percent in (50, 90, 95))
    total = measured.sum
    return Distribution(n, total, total / n, p50, p90, p95, measured.at_rank(n), measured.unmeasured, measured.exact)
