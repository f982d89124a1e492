"""Sums between any two moments, exact to the second: from the kept tallies, or by counting rows.

A day of the past hardly ever changes. What was read of one, or worked out from several, is kept in memory together with
the revisions those days had (`Days`), and holds for as long as they have them: nothing is ever shown that is not so.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime
from functools import partial
from itertools import pairwise
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model.tally import Row, Subject, Tally
from cicd_health.store.reports import rows as counting
from cicd_health.store.reports.days import DAY, HOUR, Days, Span, ceil, each, floor, spans
from cicd_health.store.reports.memory import Memory
from cicd_health.store.reports.pieces import (
    A_PIECE,
    MEMORY,
    NOTHING,
    Piece,
    Pieces,
    counted,
    decoded,
    joined,
    joined_by_key,
    remembered,
    weight_of_pieces,
    weight_of_references,
)
from cicd_health.store.reports.rows import JOB, MOMENT, RUN
from cicd_health.store.reports.wanted import Wanted
from cicd_health.store.tallies import TALLY, Scope

Counted = tuple[datetime, Any, Row]  # when, of which key, and what counts
A_ROW = 8  # what it weighs in memory, in bins


class Ledger:
    """Pieces per key (pipeline, repository, label) between two moments of the window that `days` is of."""

    exact = False  # whether every value is kept

    def __init__(self, session: Session, days: Days, key: tuple[Hashable, ...], memory: Memory = MEMORY) -> None:
        self.session, self.days, self.memory = session, days, memory
        self.key = str(session.get_bind().engine.url), *key

    def between(self, start: datetime, end: datetime) -> Pieces:
        """Of each key that has any. Nobody may change them."""
        end = self.days.over(start, end)
        if start >= end:
            return NOTHING
        make = partial(self._between, start, end)
        return self._remembered("between", start, end, make, weight_of_references, self._certain(start, end))

    def total(self, start: datetime, end: datetime) -> Piece:
        """Of all keys together."""
        return joined(self.between(start, end).values(), exact=self.exact)

    def each(self, edges: Sequence[datetime]) -> list[Piece]:
        """The total of each pair of neighbouring edges."""
        spans = [(start, self.days.over(start, end)) for start, end in pairwise(edges)]
        new = [span for span in spans if span[0] < span[1] and self.memory.get(self._key("between", *span)) is None]
        if new:
            self.prepare(new)
        return [self.total(*span) for span in spans]

    def prepare(self, wanted: Sequence[Span]) -> None:
        """Read in one go what these spans are made of."""

    def _between(self, start: datetime, end: datetime) -> Pieces:
        first_day, last_day = ceil(start, DAY), floor(end, DAY)
        if first_day > last_day:
            return self._part(start, end)
        parts = [self._part(start, first_day)] if start < first_day else []
        # The newest day by itself: it changes all the time, and what is worked out from those before need not.
        newest = min(max(first_day, self.days.newest_day), last_day)
        parts += [self._days(*span) for span in ((first_day, newest), (newest, last_day)) if span[0] < span[1]]
        if last_day < end:
            parts.append(self._part(last_day, end))
        return joined_by_key(parts)

    def _days(self, start: datetime, end: datetime) -> Pieces:
        """Of whole days."""
        make = partial(self._read_days, start, end)
        return self._remembered("days", start, end, make, weight_of_pieces, self._certain_of_days(start, end))

    def _certain(self, start: datetime, end: datetime) -> bool:
        """Whether revisions tell of every change: rows that no sum is kept of have none."""
        return self.days.certain(start, end)

    def _certain_of_days(self, start: datetime, end: datetime) -> bool:
        return self._certain(start, end)

    def _read_days(self, start: datetime, end: datetime) -> Pieces:
        """Of whole days that are not remembered. Each kind of ledger has a way of its own, as for parts of a day."""
        raise NotImplementedError

    def _part(self, start: datetime, end: datetime) -> Pieces:
        """Of a part of one day."""
        raise NotImplementedError

    def _remembered(
        self,
        what: str,
        start: datetime,
        end: datetime,
        make: Callable[[], Any],
        weigh: Callable[[Any], int],
        certain: bool,
    ) -> Any:
        if not certain:
            return make()
        key = self._key(what, start, end)
        return remembered(self.memory, key, make, lambda found: weigh(found) + len(key[-1]))

    def _key(self, what: str, start: datetime, end: datetime) -> tuple[Any, ...]:
        return self.key, what, start, end, self.days.revisions(start, end)


class KeptSums(Ledger):
    """From the kept tallies: whole days, hours, and rows for the rest of an hour."""

    def __init__(self, session: Session, days: Days, subject: Subject, scope: Scope) -> None:
        super().__init__(session, days, ("kept", subject, scope))
        self.subject, self.scope = subject, scope
        self._ids = frozenset(scope.ids)

    def prepare(self, wanted: Sequence[Span]) -> None:
        parts = [part for span in wanted for part in _parts_of_days(*span)]
        plans = [_hours(*part) for part in parts]
        days = {floor(part[0], DAY) for part, plan in zip(parts, plans, strict=True) if plan.of_day}
        whole = (each(ceil(start, DAY), floor(end, DAY), DAY) for start, end in wanted)
        self._load("day", days.union(*whole))
        self._load("hour", {hour for plan in plans for hour in plan.hours})

    def _certain_of_days(self, start: datetime, end: datetime) -> bool:
        return True  # what is read are the sums themselves

    def _read_days(self, start: datetime, end: datetime) -> Pieces:
        days = [self.memory.get(self._key_of("day", day)) for day in each(start, end, DAY)]
        if None not in days:
            return joined_by_key(days)
        tallies: dict[int, Tally] = {}
        for scope_id, _, text in self._read("day", [(start, end)]):
            tallies.setdefault(scope_id, Tally()).merge(Tally.from_text(text))
        return {scope_id: Piece(tally) for scope_id, tally in tallies.items() if not tally.empty}

    def _part(self, start: datetime, end: datetime) -> Pieces:
        plan = _hours(start, end)
        hours = [self._bucket("hour", hour) for hour in plan.hours]
        plus = [self._bucket("day", floor(start, DAY))] if plan.of_day else hours
        ragged = [self._rows(*span) for span in plan.ragged]
        return joined_by_key([joined_by_key(plus, hours if plan.of_day else ()), *ragged])

    def _bucket(self, grain: str, start: datetime) -> Pieces:
        return self._load(grain, {start})[start]

    def _key_of(self, grain: str, start: datetime) -> Hashable:
        return self.key, grain, start, self.days.revision(floor(start, DAY))

    def _load(self, grain: str, starts: Iterable[datetime]) -> dict[datetime, Pieces]:
        """The buckets; those that are not remembered are read in one go."""
        known: dict[datetime, Any] = {start: self.memory.get(self._key_of(grain, start)) for start in starts}
        missing = [start for start, pieces in known.items() if pieces is None]
        found: dict[datetime, dict[int, Piece]] = {start: {} for start in missing}
        for scope_id, start, text in self._read(grain, spans(missing, DAY if grain == "day" else HOUR)):
            found[start][scope_id] = decoded(text)
        for start, pieces in found.items():
            self.memory.keep(self._key_of(grain, start), pieces, weight_of_references(pieces))
        return known | found

    def _read(self, grain: str, wanted: Sequence[Span]) -> Iterable[Any]:
        """Scope id, bucket and text of what is kept."""
        if not wanted or not self.scope.ids:
            return ()
        at = TALLY.c.bucket_at
        kept = sa.select(TALLY.c.scope_id, at, TALLY.c.tally).where(
            TALLY.c.scope == self.scope.kind,
            TALLY.c.scope_id.in_(self.scope.ids),
            TALLY.c.subject == self.subject,
            TALLY.c.grain == grain,
            sa.or_(*(sa.and_(at >= start, at < end) for start, end in wanted)),
        )
        return self.session.connection().execute(kept)

    def _rows(self, start: datetime, end: datetime) -> Pieces:
        """Of less than an hour, row by row."""
        hour = floor(start, HOUR)
        rows = self._rows_of_hour(hour)
        column = {"all": None, "repo": 1, "pipeline": 2}[self.scope.kind]
        chosen: dict[int, list[Row]] = {}
        for row in rows[bisect_left(rows, start, key=itemgetter(0)) : bisect_left(rows, end, key=itemgetter(0))]:
            scope_id = row[column] if column else 0
            if scope_id in self._ids:
                chosen.setdefault(scope_id, []).append(row[3])
        return {scope_id: counted(tuple(of_id), exact=False) for scope_id, of_id in chosen.items()}

    def _rows_of_hour(self, hour: datetime) -> Sequence[Any]:
        """Moment, repository, pipeline and what counts, of every scope, oldest first."""
        revision = self.days.revision(floor(hour, DAY))
        if not revision:
            return self._read_hour(hour)
        key = (self.key[0], "rows of hour", self.subject, hour, revision)
        return remembered(self.memory, key, lambda: self._read_hour(hour), lambda rows: A_PIECE + A_ROW * len(rows))

    def _read_hour(self, hour: datetime) -> Sequence[Any]:
        table = RUN if self.subject == "run" else JOB
        columns = MOMENT[self.subject], table.c.repo_id, table.c.pipeline_id, *counting.COUNTED[self.subject]
        selected = sa.select(*columns).where(counting.within(self.subject, hour, hour + HOUR))
        selected = selected.where(table.c.pipeline_id.is_not(None)).order_by(MOMENT[self.subject])
        return [(row[0], row[1], row[2], tuple(row[3:])) for row in self.session.connection().execute(selected)]


class CountedRows(Ledger):
    """By counting rows: of any filter, per pipeline or per label; `exact` keeps every value.

    Rows of whole days are remembered only where they are few: of many, what they come to is enough. `read` holds what
    was read for one answer.
    """

    def __init__(
        self,
        session: Session,
        days: Days,
        wanted: Wanted,
        memory: Memory = MEMORY,
        read: dict[datetime, list[Counted]] | None = None,
        *,
        exact: bool,
    ) -> None:
        super().__init__(session, days, ("counted", wanted.key, exact), memory)
        self.wanted, self.exact = wanted, exact
        self._read = {} if read is None else read

    def few(self, start: datetime, end: datetime) -> bool:
        """Whether there are no more rows than percentiles are exact for."""
        end = self.days.over(start, end)
        days = list(each(ceil(start, DAY), floor(end, DAY), DAY))
        numbers = {day: self.memory.get(self._key_of("number of day", day)) for day in days}
        loaded = self._load([day for day, number in numbers.items() if number is None])
        of_days = sum(number or len(loaded.get(day, ())) for day, number in numbers.items())
        return of_days + sum(len(self._rows(*part)) for part in _parts_of_days(start, end)) <= counting.MANY

    def prepare(self, wanted: Sequence[Span]) -> None:
        self._load({day for start, end in wanted for day in each(floor(start, DAY), end, DAY)})

    def _read_days(self, start: datetime, end: datetime) -> Pieces:
        return self._count(self._rows(start, end, lasting=self.exact))

    def _part(self, start: datetime, end: datetime) -> Pieces:
        return self._count(self._rows(start, end))

    def _count(self, rows: Iterable[Counted]) -> Pieces:
        chosen: dict[Any, list[Row]] = {}
        for _, key, row in rows:
            chosen.setdefault(key, []).append(row)
        return {key: counted(tuple(of_key), exact=self.exact) for key, of_key in chosen.items()}

    def _rows(self, start: datetime, end: datetime, *, lasting: bool = True) -> list[Counted]:
        rows: list[Counted] = []
        for day, of_day in self._load(list(each(floor(start, DAY), end, DAY))).items():
            if lasting and self.days.revision(day):
                self.memory.keep(self._key_of("rows of day", day), of_day, A_PIECE + A_ROW * len(of_day))
            first = bisect_left(of_day, start, key=itemgetter(0)) if start > day else 0
            last = bisect_left(of_day, end, key=itemgetter(0)) if end < day + DAY else len(of_day)
            rows += of_day[first:last]
        return rows

    def _load(self, days: Iterable[datetime]) -> dict[datetime, list[Counted]]:
        """The rows of each day, oldest first; those that are not remembered are read in one go."""
        found = {day: self._read.get(day) or self.memory.get(self._key_of("rows of day", day)) for day in days}
        missing = [day for day, rows in found.items() if rows is None and day not in self._read]
        self._read |= {day: [] for day in missing}
        for moment, key, *row in self.wanted.read(self.session, spans(missing, DAY)):
            self._read[floor(moment, DAY)].append((moment, key, tuple(row)))
        for day in filter(self.days.revision, missing):
            self.memory.keep(self._key_of("number of day", day), len(self._read[day]), 1)
        return {day: self._read.get(day, []) if rows is None else rows for day, rows in found.items()}

    def _key_of(self, what: str, day: datetime) -> Hashable:
        return self.key[0], what, self.wanted.key, day, self.days.revision(day)


class Plan:
    """How a part of a day is put together: its hours, or the day without the other hours; and the rest of hours."""

    def __init__(self, of_day: bool, hours: list[datetime], ragged: list[Span]) -> None:
        self.of_day, self.hours, self.ragged = of_day, hours, ragged


def _hours(start: datetime, end: datetime) -> Plan:
    first, last = ceil(start, HOUR), floor(end, HOUR)
    if first > last:
        return Plan(False, [], [(start, end)])
    ragged = [span for span in ((start, first), (last, end)) if span[0] < span[1]]
    midnight = floor(start, DAY)
    inside = list(each(first, last, HOUR))
    outside = [*each(midnight, first, HOUR), *each(last, midnight + DAY, HOUR)]
    return Plan(True, outside, ragged) if len(outside) < len(inside) else Plan(False, inside, ragged)


def _parts_of_days(start: datetime, end: datetime) -> list[Span]:
    """The parts of a span that are not whole days."""
    if start >= end:
        return []
    first_day, last_day = ceil(start, DAY), floor(end, DAY)
    if first_day > last_day:
        return [(start, end)]
    return [span for span in ((start, first_day), (last_day, end)) if span[0] < span[1]]
