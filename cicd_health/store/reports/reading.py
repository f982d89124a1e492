"""What was counted between two moments, exact to the second: as a whole, per bucket, per pipeline.

Few runs are counted one by one, so that percentiles are exact. Many are read from the kept tallies: whole days,
then whole hours, and only the ragged edges of the window from rows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model.health import Query
from cicd_health.model.tally import Subject, Tally
from cicd_health.store.reports import rows as counted
from cicd_health.store.reports.rows import JOB, REPOSITORY, RUN, SOURCE, within
from cicd_health.store.tallies import ALL, TALLY, Scope

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Span = tuple[datetime, datetime]


class Reading:
    """One window of one query, read at most once however it is asked for."""

    def __init__(self, session: Session, query: Query, start: datetime, end: datetime) -> None:
        self.session, self.query, self.start, self.end = session, query, start, end

    @cached_property
    def exact(self) -> bool:
        """Whether every run is counted one by one: few of them, or filtered by what no tally is kept for."""
        filtered = self.query.branch is not None or self.query.job is not None
        return filtered or not counted.many(self.session, self.query, self.start, self.end)

    @cached_property
    def rows(self) -> Sequence[Any]:
        table = RUN if self.query.subject == "run" else JOB
        labels = (table.c.pipeline_id, counted.MOMENT[self.query.subject])
        return counted.rows(self.session, self.query, self.start, self.end, *labels)

    def total(self) -> Tally:
        if self.exact:
            total = Tally.exactly()
            for tally in self.pipelines().values():
                total.merge(tally)
            return total
        return between(self.session, self._scope(), self.query.subject, self.start, self.end)

    def buckets(self, edges: Sequence[datetime]) -> list[Tally]:
        """A Tally for each pair of neighbouring edges; what lies outside the window is not in them."""
        if not self.exact:
            inner = [self.start, *(edge for edge in edges[1:-1]), self.end]
            return per_bucket(self.session, self._scope(), self.query.subject, inner)
        tallies = [Tally.exactly() for _ in edges[1:]]
        for row in self.rows:
            tallies[bisect_right(edges, row[1]) - 1].put(row[2:])
        return tallies

    def pipelines(self) -> dict[int, Tally]:
        """A Tally for each pipeline that has any run in the window."""
        return self._pipelines

    @cached_property
    def _pipelines(self) -> dict[int, Tally]:
        if not self.exact:
            ids = counted.pipeline_ids(self.query)
            scope = Scope("pipeline", tuple(self.session.connection().execute(ids).scalars()))
            return per_scope(self.session, scope, self.query.subject, self.start, self.end)
        tallies: dict[int, Tally] = {}
        for row in self.rows:
            tally = tallies.get(row[0])
            if tally is None:
                tally = tallies[row[0]] = Tally.exactly()
            tally.put(row[2:])
        return tallies

    def _scope(self) -> Scope:
        query = self.query
        if query.pipeline_id is not None:
            return Scope("pipeline", (query.pipeline_id,))
        if query.repo is None and query.provider is None:
            return ALL
        ids = sa.select(REPOSITORY.c.id).join(SOURCE)
        if query.provider is not None:
            ids = ids.where(SOURCE.c.provider == query.provider)
        if query.repo is not None:
            ids = ids.where(REPOSITORY.c.name == query.repo)
        return Scope("repo", tuple(self.session.connection().execute(ids).scalars()))


def between(session: Session, scope: Scope, subject: Subject, start: datetime, end: datetime) -> Tally:
    """Everything of a scope in [start, end), from the kept tallies."""
    return per_bucket(session, scope, subject, [start, end])[0]


def per_bucket(session: Session, scope: Scope, subject: Subject, edges: Sequence[datetime]) -> list[Tally]:
    """A Tally for each pair of neighbouring edges, from the kept tallies."""
    tallies = [Tally() for _ in edges[1:]]
    for _, moment, tally in _pieces(session, scope, subject, edges):
        tallies[bisect_right(edges, moment) - 1].merge(tally)
    return tallies


def per_scope(session: Session, scope: Scope, subject: Subject, start: datetime, end: datetime) -> dict[int, Tally]:
    """A Tally for each id of a scope that has any, from the kept tallies."""
    tallies: dict[int, Tally] = {}
    for scope_id, _, tally in _pieces(session, scope, subject, [start, end]):
        tallies.setdefault(scope_id, Tally()).merge(tally)
    return {scope_id: tally for scope_id, tally in tallies.items() if not tally.empty}


def _pieces(
    session: Session, scope: Scope, subject: Subject, edges: Sequence[datetime]
) -> Iterator[tuple[int, datetime, Tally]]:
    """(id, moment, Tally) that together are everything between the first and the last edge, each within one bucket."""
    days, hours, ragged = _plan(edges)
    for grain, spans in (("day", days), ("hour", hours)):
        if spans:
            kept = sa.select(TALLY.c.scope_id, TALLY.c.bucket_at, TALLY.c.tally).where(
                TALLY.c.scope == scope.kind,
                TALLY.c.scope_id.in_(scope.ids),
                TALLY.c.subject == subject,
                TALLY.c.grain == grain,
                sa.or_(*(sa.and_(TALLY.c.bucket_at >= start, TALLY.c.bucket_at < end) for start, end in spans)),
            )
            for scope_id, moment, text in session.connection().execute(kept):
                yield scope_id, moment, Tally.from_text(text)
    if ragged:
        yield from _ragged_pieces(session, scope, subject, ragged)


def _ragged_pieces(
    session: Session, scope: Scope, subject: Subject, spans: Iterable[Span]
) -> Iterator[tuple[int, datetime, Tally]]:
    table = RUN if subject == "run" else JOB
    ids: Any = {"all": sa.literal(0), "repo": table.c.repo_id, "pipeline": table.c.pipeline_id}[scope.kind]
    rows = sa.select(ids, counted.MOMENT[subject], *counted.COUNTED[subject])
    rows = rows.where(sa.or_(*(within(subject, *span) for span in spans)), table.c.pipeline_id.is_not(None))
    if scope.kind != "all":
        rows = rows.where(ids.in_(scope.ids))
    for row in session.connection().execute(rows):
        yield row[0], row[1], Tally.counting([row[2:]])


def _plan(edges: Sequence[datetime]) -> tuple[list[Span], list[Span], list[Span]]:
    """The spans to read as days, as hours and as rows, so that none crosses an edge; neighbours are joined."""
    days: list[Span] = []
    hours: list[Span] = []
    ragged: list[Span] = []
    for start, end in pairwise(edges):
        first_hour, last_hour = _ceil(start, HOUR), _floor(end, HOUR)
        if first_hour >= last_hour:
            _join(ragged, start, end)
            continue
        first_day, last_day = _ceil(start, DAY), _floor(end, DAY)
        _join(ragged, start, first_hour)
        if first_day < last_day:
            _join(hours, first_hour, first_day)
            _join(days, first_day, last_day)
            _join(hours, last_day, last_hour)
        else:
            _join(hours, first_hour, last_hour)
        _join(ragged, last_hour, end)
    return days, hours, ragged


def _join(spans: list[Span], start: datetime, end: datetime) -> None:
    if start >= end:
        return
    if spans and spans[-1][1] == start:
        start = spans.pop()[0]
    spans.append((start, end))


def _floor(moment: datetime, grain: timedelta) -> datetime:
    hour = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return hour if grain == HOUR else hour.replace(hour=0)


def _ceil(moment: datetime, grain: timedelta) -> datetime:
    floor = _floor(moment, grain)
    return floor if floor == moment else floor + grain
