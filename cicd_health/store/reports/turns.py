"""The verdicts that begin and end breakages, of branches that no sums are kept for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from operator import attrgetter

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model.health import Query
from cicd_health.model.incidents import Turn
from cicd_health.model.runs import Outcome
from cicd_health.store.reports.days import DAY, Days, Span, ceil, each, floor, spans
from cicd_health.store.reports.pieces import A_PIECE, MEMORY
from cicd_health.store.reports.pipelines import verdict_on_branch
from cicd_health.store.reports.restores import ENDED_AT, lasting
from cicd_health.store.reports.rows import RUN, pipeline_filters, pipeline_ids, within
from cicd_health.store.reports.wanted import places

A_TURN = 3  # what one weighs in memory, in bins


class Turns:
    """Of the branch of a query, else of the default branches. Verdicts of days that have not changed are remembered."""

    def __init__(self, session: Session, query: Query, start: datetime, end: datetime) -> None:
        self.session, self.query, self.start, self.end = session, query, start, end
        self.days = Days(session, "run", start, end)
        self.key = str(session.get_bind().engine.url), "verdicts", *places(session, query), query.branch

    def all(self) -> list[Turn]:
        """Where pipelines turn from passing to failing and back within the window, oldest first.

        Before them, for each pipeline that failed already, the failure that began it: as if created at the start.
        """
        failing = lasting(self.session, self.query, self.start)
        before = [Turn(pipeline_id, False, self.start, since) for pipeline_id, since in failing.items()]
        return before + self._within()

    def _within(self) -> list[Turn]:
        first_day, last_day = ceil(self.start, DAY), floor(self.end, DAY)
        self._load(list(each(floor(self.start, DAY), self.end, DAY)))
        if first_day >= last_day:
            return list(turns(self._verdicts(self.start, self.end)))
        parts = (self._verdicts(self.start, first_day), self._whole(first_day, last_day))
        return [turn for part in (*parts, self._verdicts(last_day, self.end)) for turn in turns(part)]

    def _whole(self, start: datetime, end: datetime) -> list[Turn]:
        """Of whole days."""
        revisions = self.days.revisions(start, end)
        key = (self.key, start, end, revisions)
        found = MEMORY.get(key)
        if found is None:
            found = list(turns(self._verdicts(start, end)))
            if self.days.certain(start, end):
                MEMORY.keep(key, found, A_PIECE + A_TURN * len(found) + len(revisions))
        return found

    def _verdicts(self, start: datetime, end: datetime) -> list[Turn]:
        found: list[Turn] = []
        for of_day in self._load(list(each(floor(start, DAY), end, DAY))):
            first = bisect_left(of_day, start, key=attrgetter("created_at"))
            found += of_day[first : bisect_left(of_day, end, key=attrgetter("created_at"))]
        return found

    def _load(self, days: Sequence[datetime]) -> list[list[Turn]]:
        """The verdicts of each day; of those that are not remembered all are read in one go."""
        keys = {day: (self.key, day, self.days.revision(day)) for day in days}
        found = {day: MEMORY.get(key) for day, key in keys.items()}
        missing = [day for day in days if found[day] is None]
        found |= {day: [] for day in missing}
        for turn in self._read(spans(missing, DAY)):
            found[floor(turn.created_at, DAY)].append(turn)
        for day in filter(self.days.revision, missing):
            MEMORY.keep(keys[day], found[day], A_PIECE + A_TURN * len(found[day]))
        return [found[day] for day in days]

    def _read(self, wanted: Sequence[Span]) -> Iterator[Turn]:
        if not wanted:
            return
        selected = sa.select(RUN.c.pipeline_id, RUN.c.outcome, RUN.c.created_at, ENDED_AT)
        selected = selected.where(sa.or_(*(within("run", *span) for span in wanted)), verdict_on_branch(self.query))
        if pipeline_filters(self.query):
            selected = selected.where(RUN.c.pipeline_id.in_(pipeline_ids(self.query)))
        for pipeline_id, outcome, created_at, ended_at in self.session.connection().execute(
            selected.order_by(RUN.c.created_at, RUN.c.id)
        ):
            yield Turn(pipeline_id, outcome == Outcome.SUCCESS, created_at, ended_at)


def turns(verdicts: Iterable[Turn]) -> Iterator[Turn]:
    """Those that differ from the one before of their pipeline, and its first."""
    last: dict[int, bool] = {}
    for verdict in verdicts:
        if last.get(verdict.pipeline_id) is not verdict.passed:
            last[verdict.pipeline_id] = verdict.passed
            yield verdict
