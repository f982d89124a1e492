"""The longest run of failing verdicts of one pipeline in a window, found from the failures, which are few."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model.health import Query
from cicd_health.model.runs import FAILED, Outcome
from cicd_health.store.reports.pipelines import on_branch
from cicd_health.store.reports.rows import RUN, pipeline_filters, pipeline_ids

Place = tuple[datetime, int]  # when a run was created, and its id: the order of verdicts
_FAILED = sa.bindparam("failed", sorted(FAILED), expanding=True, literal_execute=True)


@dataclass(frozen=True, slots=True)
class Longest:
    """Failing verdicts of one pipeline without a success between them."""

    pipeline_id: int
    failures: int
    first_at: datetime
    last_at: datetime


def longest(session: Session, query: Query) -> Longest | None:
    """The longest one of verdicts created in the window; of equal ones the latest. None without a failure.

    Successes that ended a breakage are known by an index and cut most failures apart; of what is left the longest are
    looked at closely, the latest first, until none that is left can be longer.
    """
    parts = [_entry(pipeline_id, places) for pipeline_id, places in _cut_by_recoveries(session, query)]
    heapq.heapify(parts)
    best: Longest | None = None
    while parts and (best is None or -parts[0][0] > best.failures):
        *_, pipeline_id, places = heapq.heappop(parts)
        for streak in _cut(places, _successes(session, query, pipeline_id, places[0], places[-1])):
            found = Longest(pipeline_id, len(streak), streak[0][0], streak[-1][0])
            if best is None or (found.failures, found.last_at) > (best.failures, best.last_at):
                best = found
    return best


def _entry(pipeline_id: int, places: list[Place]) -> tuple[int, float, int, int, list[Place]]:
    """The longest comes first, of equal ones the latest; a run is in one of them only, so places are not compared."""
    last_at, last_id = places[-1]
    return -len(places), -last_at.timestamp(), -last_id, pipeline_id, places


def _cut_by_recoveries(session: Session, query: Query) -> Iterator[tuple[int, list[Place]]]:
    """The failures of each pipeline, cut where a success is known to have ended them."""
    recoveries: dict[int, list[Place]] = {}
    for pipeline_id, *place in _read(session, query, RUN.c.restored_s.is_not(None)):
        recoveries.setdefault(pipeline_id, []).append((place[0], place[1]))
    failures = _read(session, query, RUN.c.outcome.in_(_FAILED))
    for pipeline_id, rows in groupby(failures, key=itemgetter(0)):
        places = [(row[1], row[2]) for row in rows]
        for part in _cut(places, recoveries.get(pipeline_id, [])):
            yield pipeline_id, part


def _read(session: Session, query: Query, which: sa.ColumnElement[bool]) -> list[Any]:
    """Pipeline, creation and id of such runs of the window, in the order of pipelines and of verdicts."""
    within = RUN.c.created_at >= query.window.start, RUN.c.created_at < query.window.end
    selected = sa.select(RUN.c.pipeline_id, RUN.c.created_at, RUN.c.id).where(*within, which, on_branch(query))
    if pipeline_filters(query):
        selected = selected.where(RUN.c.pipeline_id.in_(pipeline_ids(query)))
    rows: Iterable[Any] = session.connection().execute(selected)
    return sorted(tuple(row) for row in rows)


def _successes(session: Session, query: Query, pipeline_id: int, first: Place, last: Place) -> list[Place]:
    """The successes of a pipeline between two of its failures."""
    if first == last:
        return []
    between = RUN.c.created_at >= first[0], RUN.c.created_at <= last[0]
    selected = sa.select(RUN.c.created_at, RUN.c.id).where(RUN.c.pipeline_id == pipeline_id, *between)
    selected = selected.where(RUN.c.outcome == Outcome.SUCCESS, on_branch(query))
    return sorted((row[0], row[1]) for row in session.connection().execute(selected))


def _cut(places: list[Place], at: list[Place]) -> list[list[Place]]:
    """Places in order, in the parts that have none of the other places between them."""
    return [list(part) for _, part in groupby(places, key=lambda place: bisect_right(at, place))]
