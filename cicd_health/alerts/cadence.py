"""When the next scheduled run of a pipeline is to be expected, learned from those it had. Pure.

Most schedules repeat with the week. So what followed a run a week ago (or two, up to four) says what follows this
one: after Friday's run comes Monday's. Where runs are rarer than every day and a half and no week is like the others
(every third day, monthly), the longest pause so far is what to expect. Where less than a week is known, the last day
that is like this one says it, and at the weekend no run is expected.
Whatever is unclear makes it expect the run later, never earlier.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from statistics import median_high, median_low
from zoneinfo import ZoneInfo

DAY, WEEK = timedelta(days=1), timedelta(days=7)
WEEKS = 4  # that are looked back
AROUND = timedelta(minutes=75)  # GitHub starts up to an hour late; clocks are put forward and back by one
RARE = timedelta(hours=36)
LONG = timedelta(days=8)  # pauses that are longer follow months, which differ in length
LONGER = 1.1
USUAL = 60  # of the last pauses that say whether runs are rare
SURPRISES = 3  # of the last pauses that are looked at for a schedule that was changed


@dataclass(frozen=True, slots=True)
class Expected:
    """`at` is the likeliest moment; nothing is missing until `by`."""

    at: datetime
    by: datetime


@lru_cache(maxsize=128)
def expected_next(began: tuple[datetime, ...], zone: str) -> Expected | None:
    """After these moments, oldest first; None where they do not say.

    `zone` decides what a weekend is, and when clocks are put forward. After a pause that nobody could expect (the
    schedule was changed, or had stopped) one as long is expected. Kept, as the clock asks about the same again.
    """
    past = _Past(began, [later - earlier for earlier, later in pairwise(began)], ZoneInfo(zone))
    expected = past.after(len(began))
    if expected is None:
        return None
    recent = range(max(2, len(began) - SURPRISES), len(began))
    surprises = [past.pauses[n - 1] for n in recent if past.was_late(n)]
    longest = max(surprises, default=timedelta())
    return Expected(max(expected.at, began[-1] + longest), max(expected.by, began[-1] + longest))


@dataclass(frozen=True, slots=True)
class _Past:
    """`pauses[n]` lies between `began[n]` and `began[n + 1]`. Of both only what was known after `n` runs is asked."""

    began: tuple[datetime, ...]
    pauses: list[timedelta]
    clock: ZoneInfo

    def was_late(self, n: int) -> bool:
        """Whether the run at that place came later than those before it let expect."""
        expected = self.after(n)
        return expected is not None and self.began[n] > expected.by + AROUND

    def after(self, n: int) -> Expected | None:
        if n < 3:
            return None
        last, pauses = self.began[n - 1], self.pauses[: n - 1]
        longest, rare = max(pauses), median_low(pauses[-USUAL:]) >= RARE
        weeks = [expected for k in range(1, WEEKS + 1) if (expected := self._as_then(n, WEEK * k))]
        if weeks and (not rare or (longest <= WEEK + AROUND and len(weeks) > 1)):
            return Expected(median_high([one.at for one in weeks]), max(one.by for one in weeks))
        if rare or last - self.began[0] > WEEK + AROUND:
            return Expected(last + longest, last + (longest * LONGER if longest > LONG else longest))
        days = (self._as_then(n, DAY * k) for k in range(1, 7))
        like = next((expected for expected in days if expected), None)
        return like and _after_weekend(like, self.clock)

    def _as_then(self, n: int, ago: timedelta) -> Expected | None:
        """What followed the runs of that long ago, around the same time; None when there were none."""
        then = self.began[n - 1] - ago
        first = bisect_left(self.began, then - AROUND, hi=n)
        end = bisect_right(self.began, then + AROUND, lo=first, hi=n)
        if first == end:
            return None
        pause = median_high(self.pauses[first:end])
        return Expected(self.began[n - 1] + pause, _same_time(self.began[end], ago, self.clock))


def _same_time(moment: datetime, later: timedelta, clock: ZoneInfo) -> datetime:
    """So much later by the clock on the wall, and another day later where that clock skips the time."""
    wall = moment.astimezone(clock).replace(tzinfo=None) + later
    then = wall.replace(tzinfo=clock).astimezone(UTC)
    skipped = then.astimezone(clock).replace(tzinfo=None) != wall
    return then + DAY if skipped else then


def _after_weekend(expected: Expected, zone: ZoneInfo) -> Expected:
    """The same time on Monday instead of Saturday or Sunday."""
    weekday = expected.by.astimezone(zone).weekday()
    wait = (7 - weekday) * DAY if weekday >= 5 else timedelta()
    return Expected(expected.at + wait, expected.by + wait)
