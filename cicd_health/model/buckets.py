"""Where the bars of a chart begin: steps that follow the viewer's days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cicd_health.model.windows import Window

DAY = timedelta(days=1)

# Of each window: the step of outcome bars, and the wider one that gives percentiles enough values.
STEPS = {
    "24h": (timedelta(hours=1), timedelta(hours=3)),
    "7d": (timedelta(hours=6), timedelta(hours=12)),
    "30d": (DAY, DAY),
    "90d": (DAY, 3 * DAY),
}


def steps_for(window: Window) -> tuple[timedelta, timedelta]:
    """The steps of a named window; a custom one takes those of the shortest named window that is as long."""
    for slug, longest in (("24h", DAY), ("7d", 8 * DAY), ("30d", 40 * DAY)):
        if window.slug == slug or (window.slug not in STEPS and window.length <= longest):
            return STEPS[slug]
    return STEPS["90d"]


def edges(window: Window, step: timedelta, tz: str) -> list[datetime]:
    """The moments in UTC at which buckets begin and end: n + 1 of n buckets that cover the window.

    Buckets begin at multiples of the step from local midnight (of whole days: at midnight). The first is cut at the
    start of the window; the last may reach past its end, so that it is as wide as the others.
    """
    starts = [window.start]
    for moment in _starts(window.start, step, ZoneInfo(tz)):
        if moment > window.start:
            starts.append(moment)
        if moment >= window.end:
            return starts
    raise AssertionError("unreachable: buckets go on for ever")


def _starts(start: datetime, step: timedelta, zone: ZoneInfo) -> Iterator[datetime]:
    days = max(step // DAY, 1)
    ordinal = start.astimezone(zone).date().toordinal()
    ordinal -= ordinal % days
    while True:
        midnight, next_midnight = _midnight(ordinal, zone), _midnight(ordinal + days, zone)
        moment = midnight
        while moment < next_midnight:  # a day of 25 hours has a bar more, one of 23 hours a shorter one
            yield moment
            moment += step if step < DAY else next_midnight - midnight
        ordinal += days


def _midnight(ordinal: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(date.fromordinal(ordinal), time(), zone).astimezone(UTC)
