"""One page of the list of runs, quick whatever is asked for and however many runs there are.

One filter alone follows its index. Where several meet, or a text is searched, no index knows which runs fit all: then
those that fit the rarest are looked through, newest first, so many at most. A page may so hold fewer runs than asked
for, even none, and still have a next one, which goes on from where this one stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model.runs import FAILED, Outcome, Status
from cicd_health.store import lists
from cicd_health.store.lists import RUN, RUNS, Place, Rows, RunFilter

LOOKED_THROUGH = 10_000  # runs, for one page
NO_LIMIT = 2**31
SPAN = frozenset({"start", "end"})
SOME = 8  # ids or outcomes, each of which is followed by itself
UNFINISHED = RUN.c.status != sa.literal_column("'completed'")  # in the words of the partial index


@dataclass(frozen=True, slots=True)
class RunPage:
    """Runs, newest first; `following` is the place of the next page, None at the end.

    `looked_until` is set when the page ends there only because so many runs had been looked through.
    """

    rows: Rows
    following: Place | None
    looked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Road:
    """A way to runs that an index knows in order of time: one condition, or several of which each run meets one."""

    conditions: tuple[sa.ColumnElement[bool], ...]
    names: frozenset[str]  # the fields of the filter that it answers


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back is looked. Runs of that very moment are left to the next page, unless it has begun with them."""

    moment: datetime
    included: bool

    @property
    def place(self) -> Place:
        return self.moment, 0 if self.included else lists.LARGEST_ID


EVERYTHING = Road((sa.true(),), frozenset())


def run_page(session: Session, wanted: RunFilter, limit: int, after: Place | None = None) -> RunPage:
    """At most `limit` runs by creation, going on after a place."""
    roads = _roads(session, wanted)
    asked = set(lists.asked(wanted)) - SPAN
    whole = next((road for road in roads if road.names >= asked), EVERYTHING if not asked else None)
    if whole is not None:
        return _page(_rows(session, wanted, whole, None, limit + 1, after), limit)
    if wanted.sha or wanted.counted == "last_outcome":  # few, and no index knows them in order
        return _page(lists.runs(session, wanted, limit + 1, after), limit)
    road, end = _rarest(session, wanted, roads or [EVERYTHING], after)
    reach = None if end is None else Reach(end, included=after is not None and end == after[0])
    page = _page(_rows(session, wanted, road, reach, limit + 1, after), limit)
    if page.following is not None or reach is None:
        return page
    return replace(page, following=reach.place, looked_until=reach.moment)


def _page(rows: Rows, limit: int) -> RunPage:
    if len(rows) <= limit:
        return RunPage(rows, None)
    last = rows[limit - 1]
    return RunPage(rows[:limit], (last["created_at"], last["id"]))


def _roads(session: Session, wanted: RunFilter) -> list[Road]:
    """Those that the filter allows."""
    pipelines = None if wanted.pipeline is None else lists.pipeline_ids(session, wanted.pipeline)
    repos = None if wanted.repo is None else lists.repo_ids(session, wanted.repo)
    roads: list[Road] = []
    for name, column, values in (
        ("pipeline", RUN.c.pipeline_id, pipelines),
        ("repo", RUN.c.repo_id, repos),
        ("branch", RUN.c.branch, wanted.branch),
        ("actor", RUN.c.actor, wanted.actor),
        ("event", RUN.c.event, wanted.event),
        ("provider", RUN.c.provider, wanted.provider),
        ("signature", RUN.c.signature, None if wanted.signature == lists.NO_SIGNATURE else wanted.signature),
        ("outcomes", RUN.c.outcome, [outcome.value for outcome in wanted.outcomes] or None),
    ):
        some = values if isinstance(values, list) else [values]
        if values is not None and len(some) <= SOME:
            roads.append(Road(tuple(column == value for value in some) or (sa.false(),), frozenset({name})))
    if pipelines is not None and wanted.branch is not None and len(pipelines) <= SOME:
        both = tuple(sa.and_(RUN.c.pipeline_id == one, RUN.c.branch == wanted.branch) for one in pipelines)
        roads.append(Road(both or (sa.false(),), frozenset({"pipeline", "branch"})))
    return roads + _roads_of_words(wanted)


def _roads_of_words(wanted: RunFilter) -> list[Road]:
    """Those of statuses, and of what numbers count."""
    if wanted.statuses and Status.COMPLETED not in wanted.statuses:
        answers = {"statuses"} if len(wanted.statuses) == len(Status) - 1 else set()
        return [Road((UNFINISHED,), frozenset(answers))]
    if wanted.counted == "time_to_restore_s" and wanted.branch is None:
        return [Road((RUN.c.restored_s.is_not(None),), frozenset({"counted"}))]
    words = {"failed": sorted(FAILED), "passed": [Outcome.SUCCESS]}.get(wanted.counted)
    if words:
        return [Road(tuple(RUN.c.outcome == word.value for word in words), frozenset({"counted"}))]
    return []


def _rarest(
    session: Session, wanted: RunFilter, roads: Sequence[Road], after: Place | None
) -> tuple[Road, datetime | None]:
    """The road on which as many runs as are looked through go back furthest, and to when; None: to the beginning."""
    ends = [_end(wanted, road, after) for road in roads]
    found = session.connection().execute(sa.select(*(end.label(f"end_{n}") for n, end in enumerate(ends)))).one()
    return min(
        zip(roads, found, strict=True), key=lambda road: (road[1] is not None, road[1] or 0, len(road[0].conditions))
    )


def _end(wanted: RunFilter, road: Road, after: Place | None) -> Any:
    """When the last run was created that is looked at: of several conditions the latest, as all end there."""
    each = max(LOOKED_THROUGH // len(road.conditions), 1)
    ends = []
    for condition in road.conditions:
        seen = sa.select(RUN.c.created_at).where(condition, *_span(wanted, after))
        last = seen.order_by(RUN.c.created_at.desc()).offset(each - 1).limit(1).subquery()
        ends.append(sa.select(last.c.created_at))
    every = sa.union_all(*ends).subquery() if len(ends) > 1 else ends[0].subquery()
    return sa.select(sa.func.max(every.c.created_at)).scalar_subquery()


def _span(wanted: RunFilter, after: Place | None) -> list[sa.ColumnElement[bool]]:
    """The time in which is looked; with the runs of the moment at which it goes on that were on the page before."""
    span = [] if wanted.start is None else [RUN.c.created_at >= wanted.start]
    if wanted.end is not None:
        span.append(RUN.c.created_at < wanted.end)
    if after is not None:
        moment, run_id = after
        span.append(RUN.c.created_at <= moment if run_id else RUN.c.created_at < moment)
    return span


def _rows(
    session: Session, wanted: RunFilter, road: Road, reach: Reach | None, limit: int, after: Place | None
) -> Rows:
    """The first runs on the road, down to where it reaches, that meet what else is wanted."""
    others = lists.conditions(session, wanted, answered=road.names | SPAN)
    span = _span(wanted, after)
    most = LOOKED_THROUGH
    if not others:
        most = limit
        span += [] if after is None else [_beyond(RUN, after)]
    elif reach is not None and reach.included:
        most = NO_LIMIT
        span.append(RUN.c.created_at >= reach.moment)
    ways = []
    for condition in road.conditions:
        way = sa.select(RUN.c.id, RUN.c.created_at).where(condition, *span)
        # With a limit of its own, the database stays on this road: it may not take another for shorter that is not.
        ways.append(way.order_by(RUN.c.created_at.desc(), RUN.c.id.desc()).limit(most).subquery())
    seen = sa.union_all(*(sa.select(way) for way in ways)).subquery("seen") if len(ways) > 1 else ways[0]
    if session.get_bind().dialect.name == "sqlite":  # it would rather read every run of an outcome than these
        others = [condition.is_(True) for condition in others]
    query = RUNS.join(seen, seen.c.id == RUN.c.id).where(*others)
    if others and after is not None:
        query = query.where(_beyond(seen, after))
    if reach is not None and not reach.included:
        query = query.where(seen.c.created_at > reach.moment)
    query = query.order_by(seen.c.created_at.desc(), seen.c.id.desc()).limit(limit)
    return session.connection().execute(query).mappings().all()


def _beyond(runs: Any, after: Place) -> sa.ColumnElement[bool]:
    place = sa.tuple_(sa.literal(after[0], RUN.c.created_at.type), sa.literal(after[1], sa.BigInteger))
    return sa.tuple_(runs.c.created_at, runs.c.id) < place
