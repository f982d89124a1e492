"""What stands behind a number: its formula, n of m, what was left out and why, and which runs it counts."""

from __future__ import annotations

from dataclasses import dataclass

from cicd_health.model.health import Query


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Runs of the window that a number does not count. `word` is an outcome, or such as "unmeasured"."""

    word: str
    count: int
    why: str


@dataclass(frozen=True, slots=True)
class Part:
    """A number that stands beside another, such as the p95 beside the median. `unit` as of a metric."""

    name: str
    value: float | None
    unit: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """One number of one window. `value` is None where there is nothing to compute it from.

    Rates are n of m. For other numbers m is how many runs could have been counted, and n how many were.
    `counted` is the value of the runs list's filter of that name: with the query's filters, and from and to, it lists
    exactly the n (for a rate: the m) runs behind the number; empty is every run. `query` is what that list is of: it
    may be narrower than the question, as for the one streak that was the longest. `remarks` are sentences, such as
    the kind of percentile; `parts` are the numbers beside this one.
    """

    slug: str
    label: str
    unit: str
    better: str
    value: float | None
    formula: str
    source: str
    n: int
    m: int
    left_out: tuple[LeftOut, ...]
    remarks: tuple[str, ...]
    query: Query
    counted: str
    parts: tuple[Part, ...] = ()
