"""The days of a window: whether any of them has changed since it was last read, and when the newest run was made."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model.tally import Subject
from cicd_health.store.reports.once import once
from cicd_health.store.reports.rows import MOMENT
from cicd_health.store.tallies import TALLY

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
Span = tuple[datetime, datetime]


class Days:
    """The revision of each day of UTC that has any run or job, read before anything that is remembered by it."""

    def __init__(self, session: Session, subject: Subject, start: datetime, end: datetime) -> None:
        self._session, self._subject = session, subject
        of_all = (TALLY.c.scope == "all", TALLY.c.scope_id == 0, TALLY.c.subject == subject, TALLY.c.grain == "day")
        kept = sa.select(TALLY.c.bucket_at, TALLY.c.revision).where(
            *of_all, TALLY.c.bucket_at >= floor(start, DAY), TALLY.c.bucket_at < end
        )
        self._revisions: dict[datetime, int] = {row[0]: row[1] for row in session.connection().execute(kept)}
        self._of_spans: dict[Span, tuple[int, ...]] = {}  # asked for again and again

    @once
    def newest(self) -> datetime | None:
        """When the newest run or job there is was created."""
        return self._session.connection().execute(sa.select(sa.func.max(MOMENT[self._subject]))).scalar()

    @property
    def newest_day(self) -> datetime:
        """The day of the newest; one long ago when there is none."""
        return floor(self.newest or NEVER, DAY)

    def revision(self, day: datetime) -> int:
        """0 for a day without any."""
        return self._revisions.get(day, 0)

    def revisions(self, start: datetime, end: datetime) -> tuple[int, ...]:
        """Of the days that [start, end) touches."""
        found = self._of_spans.get((start, end))
        if found is None:
            found = tuple(self.revision(day) for day in each(floor(start, DAY), end, DAY))
            self._of_spans[start, end] = found
        return found

    def certain(self, start: datetime, end: datetime) -> bool:
        """Whether the revisions tell of every change in [start, end).

        A day without one may have rows that no sum is kept of, but for days after the newest: these have none.
        """
        if 0 not in self.revisions(start, end):
            return True
        return 0 not in self.revisions(start, min(end, self.newest_day + DAY))

    def over(self, start: datetime, end: datetime) -> datetime:
        """The end of [start, end), put off to the end of its day where nothing lies between."""
        if self.newest is None or self.newest < start:
            return start
        return ceil(end, DAY) if self.newest < end else end


def revision_until(session: Session, moments: Sequence[datetime]) -> list[Hashable]:
    """What is other as soon as anything up to the end of the day of a moment is; None while no sums are kept."""
    of_all = (TALLY.c.scope == "all", TALLY.c.scope_id == 0, TALLY.c.subject == "run", TALLY.c.grain == "day")
    kept = sa.select(TALLY.c.bucket_at, TALLY.c.revision).where(*of_all, TALLY.c.bucket_at < max(moments))
    days: list[datetime] = []
    revisions: list[Hashable] = [None]
    for day, revision in session.connection().execute(kept.order_by(TALLY.c.bucket_at)):
        days.append(day)
        revisions.append(hash((revisions[-1], revision)))
    return [revisions[bisect_right(days, moment)] for moment in moments]


def floor(moment: datetime, grain: timedelta) -> datetime:
    hour = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return hour if grain == HOUR else hour.replace(hour=0)


def ceil(moment: datetime, grain: timedelta) -> datetime:
    start = floor(moment, grain)
    return start if start == moment else start + grain


def each(start: datetime, end: datetime, grain: timedelta) -> Iterator[datetime]:
    """start, start + grain, … before the end."""
    while start < end:
        yield start
        start += grain


def spans(starts: Sequence[datetime], grain: timedelta) -> list[Span]:
    """The time that buckets of one length cover: neighbours are one span."""
    ordered = sorted(starts)
    cuts = [n for n, (one, following) in enumerate(pairwise(ordered), 1) if following - one != grain]
    firsts, lasts = [0, *cuts], [*cuts, len(ordered)]
    return [(ordered[a], ordered[b - 1] + grain) for a, b in zip(firsts, lasts, strict=True)] if ordered else []
