"""Mergeable sums: what a scope did in a stretch of time. a + b is one Tally, and a + b - b is a.

Two kinds of measured seconds stand behind one set of names: `Seconds` keeps a histogram and can be stored, merged
and taken away from; `Values` keeps every value and is exact. A Tally holds the one or the other.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import accumulate
from math import fsum, log
from typing import Any, Literal

from cicd_health.model.runs import FAILED, Outcome

Subject = Literal["run", "job"]
# outcome, first outcome, duration, queue, restored, spent, rerun
Row = tuple[str, str | None, float | None, float | None, float | None, float | None, float | None]

# A bin spans a factor of 1.0098, so its middle is within 0.49 % of every value in it.
ERROR = 0.0049
GAMMA = (1 + ERROR) / (1 - ERROR)
LOG_GAMMA = log(GAMMA)

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one run or job adds to the sums of its pipeline, its repository and everything, at the hour of `at`.

    `restored_s`: of a run that passed and so ended a breakage of its default branch, how long that had lasted.
    `spent_s`: machine time of all its attempts; `rerun_s`: the part in attempts that a later attempt replaced.
    `labels`: what else is asked of runs and jobs. Where only they change, the sums are written anew and stay the same:
    that is how others learn of it.
    """

    pipeline_id: int
    repo_id: int
    subject: Subject
    at: datetime
    outcome: Outcome
    first_outcome: Outcome | None
    rescued: bool
    duration_s: float | None
    queue_s: float | None
    restored_s: float | None = None
    spent_s: float | None = None
    rerun_s: float | None = None
    labels: tuple[Hashable, ...] = ()

    @property
    def row(self) -> Row:
        measured = self.duration_s, self.queue_s, self.restored_s, self.spent_s, self.rerun_s
        return self.outcome, self.first_outcome, *measured


def is_rescued(outcome: str, first_outcome: str | None) -> bool:
    """True when a re-run turned a failure into a success."""
    return outcome == Outcome.SUCCESS and first_outcome in FAILED


def microseconds(seconds: float | None) -> int:
    """Whole, so that what is added and taken away again leaves nothing; None is nothing."""
    return round(seconds * 1e6) if seconds else 0


def bin_of(seconds: float) -> str:
    """The histogram bin of a duration, as JSON keeps it; everything under a millisecond is bin 0."""
    return str(1 + int(log(seconds * 1000) / LOG_GAMMA)) if seconds >= 0.001 else "0"


@cache
def middle_of(name: str) -> float:
    """The seconds that stand for every value in a bin."""
    return 2 * GAMMA ** int(name) / (GAMMA + 1) / 1000 if name != "0" else 0.0


@dataclass(slots=True)
class Seconds:
    """Measured seconds as a histogram: n, their sum in microseconds (whole, so that sums are exact), bins."""

    n: int = 0
    total_us: int = 0
    unmeasured: int = 0
    bins: dict[str, int] = field(default_factory=dict)
    _ranks: tuple[list[str], list[int]] | None = field(default=None, repr=False, compare=False)  # bins, last ranks

    exact = False

    @property
    def sum(self) -> float:
        return self.total_us / 1e6

    def at_rank(self, rank: int) -> float:
        """The value of that rank, counting from 1, within 0.5 %."""
        return self.at_ranks((rank,))[0]

    def at_ranks(self, ranks: Iterable[int]) -> list[float]:
        """The same of several ranks."""
        if self._ranks is None:
            names = sorted(self.bins, key=int)
            self._ranks = names, list(accumulate(self.bins[name] for name in names))
        names, lasts = self._ranks
        return [middle_of(names[bisect_left(lasts, rank)]) for rank in ranks]

    def merge(self, other: Any, sign: int = 1) -> None:
        """Add another histogram to this one, or with sign -1 take it away."""
        self.n += sign * other.n
        self.total_us += sign * other.total_us
        self.unmeasured += sign * other.unmeasured
        self._ranks = None
        _merge_counts(self.bins, other.bins, sign)

    def put(self, seconds: float, times: int = 1) -> None:
        self.n += times
        self.total_us += times * round(seconds * 1e6)
        self._ranks = None
        _count(self.bins, bin_of(seconds), times)


@dataclass(slots=True)
class Values:
    """Measured seconds, every one of them: exact, but neither stored nor taken away."""

    values: list[float] = field(default_factory=list)
    unmeasured: int = 0

    exact = True

    @property
    def n(self) -> int:
        return len(self.values)

    @property
    def sum(self) -> float:
        return fsum(self.values)

    def at_rank(self, rank: int) -> float:
        """The value of that rank, counting from 1."""
        return self.at_ranks((rank,))[0]

    def at_ranks(self, ranks: Iterable[int]) -> list[float]:
        """The same of several ranks."""
        self.values.sort()  # costs next to nothing when it is sorted already
        return [self.values[rank - 1] for rank in ranks]

    def merge(self, other: Any, sign: int = 1) -> None:
        """Add other values to these."""
        if sign != 1:
            raise ValueError("values can only be added")
        self.values.extend(other.values)
        self.unmeasured += other.unmeasured

    def put(self, seconds: float, times: int = 1) -> None:
        self.values.extend([seconds] * times)


Measured = Seconds | Values


@dataclass(slots=True)
class Tally:
    """Counts by outcome, of the last attempt and of the first; seconds of what passed, of what failed, and of queues.

    Only verdicts have durations here. A queue is measured for whatever has one; a verdict without one is unmeasured.
    Times to restore stand where the run that restored was created. Machine time is kept in whole microseconds.
    """

    counts: dict[str, int] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)
    rescued: int = 0
    passed: Measured = field(default_factory=Seconds)
    failed: Measured = field(default_factory=Seconds)
    queue: Measured = field(default_factory=Seconds)
    restored: Measured = field(default_factory=Seconds)
    spent_us: int = 0
    rerun_us: int = 0
    spent_n: int = 0  # runs with any machine time
    rerun_n: int = 0

    @classmethod
    def of(cls, *contributions: Contribution) -> Tally:
        return cls.counting(contribution.row for contribution in contributions)

    @classmethod
    def counting(cls, rows: Iterable[Row], *, exact: bool = False) -> Tally:
        """Of rows; `exact` keeps every value instead of a histogram."""
        tally = cls.exactly() if exact else cls()
        for row in rows:
            tally.put(row)
        return tally

    @classmethod
    def exactly(cls) -> Tally:
        """An empty one that keeps every value."""
        return cls(passed=Values(), failed=Values(), queue=Values(), restored=Values())

    @classmethod
    def sum(cls, tallies: Iterable[Tally]) -> Tally:
        """All of them in one; of one kind only. Empty when there is none."""
        total: Tally | None = None
        for tally in tallies:
            if total is None:
                total = cls.exactly() if tally.passed.exact else cls()
            total.merge(tally)
        return total if total is not None else cls()

    def put(self, row: Row, times: int = 1) -> None:
        """Count one run or job; a negative number of times takes it away."""
        outcome, first_outcome, duration_s, queue_s, restored_s, spent_s, rerun_s = row
        _count(self.counts, outcome, times)
        passed = outcome == Outcome.SUCCESS
        verdict = passed or outcome in FAILED
        if first_outcome is not None:
            _count(self.first, first_outcome, times)
            if is_rescued(outcome, first_outcome):
                self.rescued += times
        if verdict:
            measured = self.passed if passed else self.failed
            if duration_s is None:
                measured.unmeasured += times
            else:
                measured.put(duration_s, times)
        if queue_s is not None:
            self.queue.put(queue_s, times)
        elif verdict:
            self.queue.unmeasured += times
        if restored_s is not None:
            self.restored.put(restored_s, times)
        if spent_s is not None:
            self.spent_us += times * microseconds(spent_s)
            self.spent_n += times
        if rerun_s is not None:
            self.rerun_us += times * microseconds(rerun_s)
            self.rerun_n += times

    def merge(self, other: Tally, sign: int = 1) -> None:
        """Add the other to this one, or with sign -1 take it away."""
        _merge_counts(self.counts, other.counts, sign)
        _merge_counts(self.first, other.first, sign)
        self.rescued += sign * other.rescued
        self.passed.merge(other.passed, sign)
        self.failed.merge(other.failed, sign)
        self.queue.merge(other.queue, sign)
        self.restored.merge(other.restored, sign)
        self.spent_us += sign * other.spent_us
        self.rerun_us += sign * other.rerun_us
        self.spent_n += sign * other.spent_n
        self.rerun_n += sign * other.rerun_n

    def __add__(self, other: Tally) -> Tally:
        return Tally.sum((self, other))

    def __sub__(self, other: Tally) -> Tally:
        result = Tally.sum((self,))
        result.merge(other, -1)
        return result

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def verdicts(self) -> Measured:
        """Seconds of everything that passed or failed."""
        both = type(self.passed)()
        both.merge(self.passed)
        both.merge(self.failed)
        return both

    @property
    def empty(self) -> bool:
        return not self.counts

    def to_text(self) -> str:
        """Compact JSON. Only of histograms."""
        measured: tuple[Any, ...] = (self.passed, self.failed, self.queue, self.restored)
        seconds = ([one.n, one.total_us, one.unmeasured, one.bins] for one in measured)
        times = self.spent_us, self.rerun_us, self.spent_n, self.rerun_n
        return _encode([self.counts, self.first, self.rescued, *seconds, *times])

    @classmethod
    def from_text(cls, text: str) -> Tally:
        """What `to_text` wrote, also before times to restore and machine time were kept."""
        counts, first, rescued, passed, failed, queue, *later = json.loads(text)
        restored, *times = later or ((),)
        tally = cls(counts, first, rescued, Seconds(*passed), Seconds(*failed), Seconds(*queue), Seconds(*restored))
        if times:
            tally.spent_us, tally.rerun_us, tally.spent_n, tally.rerun_n = times
        return tally


ZERO = Tally()  # to compare with and to add to; never merged into


def _count(counts: dict[str, int], name: str, times: int) -> None:
    """A count of nothing is not kept, so that equal sums are equal dicts."""
    left = counts.get(name, 0) + times
    if left:
        counts[name] = left
    else:
        counts.pop(name, None)


def _merge_counts(into: dict[str, int], other: dict[str, int], sign: int) -> None:
    if not into and sign == 1:
        into.update(other)
        return
    for name, count in other.items():  # as _count, without a call for each: this is on the path of every event
        left = into.get(name, 0) + sign * count
        if left:
            into[name] = left
        else:
            into.pop(name, None)
