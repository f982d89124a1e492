"""Failures by signature over a window, of all pipelines or some. A run belongs to the window by its creation."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.model.alerts import IncidentState
from cicd_health.model.failures import FailingPipeline, FailingRun, Failure, OpenIncident, Sighting
from cicd_health.model.health import Query
from cicd_health.store.reports.failures import lines_of
from cicd_health.store.reports.rows import PIPELINE, REPOSITORY, RUN, SOURCE, filters, within
from cicd_health.store.tables import IncidentRow

INCIDENT = SQLModel.metadata.tables[str(IncidentRow.__tablename__)]
T = TypeVar("T")
AT_ONCE = 500  # signatures of one question
TOLD = 10  # pipelines, and jobs, of one signature, unless more are asked for


def sightings(session: Session, query: Query) -> list[Sighting]:
    """Every signature of the window, in no order. Runs without a known cause are in none."""
    times, last_at = sa.func.count(), sa.func.max(RUN.c.created_at)
    selected = sa.select(RUN.c.signature, times, last_at).where(*_of_window(query), RUN.c.signature.is_not(None))
    counted = session.connection().execute(selected.group_by(RUN.c.signature)).all()
    first = _first(session, query, [signature for signature, *_ in counted])
    incidents = _incidents(session, query) if counted else {}
    return [
        Sighting(
            signature,
            runs,
            first[signature],
            last_seen_at,
            new=first[signature] >= query.window.start,
            incidents=tuple(incidents.get(signature, ())),
        )
        for signature, runs, last_seen_at in counted
        if signature in first  # its runs may have been given another one, or be gone, since they were counted
    ]


def failures(session: Session, query: Query, seen: Sequence[Sighting], told: int = TOLD) -> list[Failure]:
    """These with all that is told of them, in the same order."""
    found: list[Failure] = []
    for some in _batches(seen):
        found += _failures(session, query, some, told)
    return found


def _batches(everything: Sequence[T]) -> Iterator[Sequence[T]]:
    return (everything[n : n + AT_ONCE] for n in range(0, len(everything), AT_ONCE))


def _of_window(query: Query) -> list[sa.ColumnElement[bool]]:
    return [within("run", query.window.start, query.window.end), *filters(query)]


def _first(session: Session, query: Query, signatures: Sequence[str]) -> dict[str, Any]:
    """When each was seen first, as far back as there are runs; of what the query narrows only."""
    first: dict[str, Any] = {}
    for some in _batches(signatures):
        selected = sa.select(RUN.c.signature, sa.func.min(RUN.c.created_at)).where(RUN.c.signature.in_(some))
        rows = session.connection().execute(selected.where(*filters(query)).group_by(RUN.c.signature))
        first.update((signature, at) for signature, at in rows)
    return first


def _incidents(session: Session, query: Query) -> dict[str, list[OpenIncident]]:
    """Those that are not over, by the signature of the run that failed last; of what the query narrows only."""
    last = RUN.c.id == sa.func.coalesce(INCIDENT.c.last_run_id, INCIDENT.c.run_id)
    columns = (INCIDENT.c[name] for name in ("id", "state", "title", "muted_until"))
    selected = (
        sa.select(RUN.c.signature, *columns)
        .join_from(INCIDENT, RUN, last)
        .where(INCIDENT.c.resolved_at.is_(None), RUN.c.signature.is_not(None), *filters(query))
    )
    found = defaultdict[str, list[OpenIncident]](list)
    for signature, id, state, *more in session.connection().execute(selected.order_by(INCIDENT.c.id)):
        found[signature].append(OpenIncident(id, IncidentState(state), *more))
    return found


def counts_between(
    session: Session, query: Query, signatures: Collection[str], edges: Sequence[datetime]
) -> dict[str, list[int]]:
    """How many runs of the window there are of each between two neighbouring edges; one question for all."""
    found = {signature: [0] * (len(edges) - 1) for signature in signatures}
    between = _between(edges, 0, len(edges) - 1).label("between")
    selected = sa.select(RUN.c.signature, between).where(RUN.c.signature.in_(signatures), *_of_window(query)).subquery()
    key = selected.c.signature, selected.c.between
    for signature, place, runs in session.connection().execute(sa.select(*key, sa.func.count()).group_by(*key)):
        found[signature][place] = runs
    return found


def _between(edges: Sequence[datetime], low: int, high: int) -> Any:
    """In SQL the place of the pair of edges that holds a run, by halving: seven comparisons find one among ninety."""
    if high - low == 1:
        return sa.literal(low)
    middle = (low + high) // 2
    before = RUN.c.created_at < edges[middle]
    return sa.case((before, _between(edges, low, middle)), else_=_between(edges, middle, high))


def words_of(session: Session, signature: str) -> str:
    """The line that says best what failed in the newest run of a signature; empty for one that nobody knows."""
    newest = sa.select(RUN.c.id, RUN.c.attempt, RUN.c.failed_job, RUN.c.excerpt).where(RUN.c.signature == signature)
    run = session.connection().execute(newest.order_by(RUN.c.created_at.desc(), RUN.c.id.desc()).limit(1)).first()
    return "" if run is None else lines_of(session, [run])[run.id]


def _failures(session: Session, query: Query, seen: Sequence[Sighting], told: int) -> list[Failure]:
    newest = _newest(session, query, seen)
    lines = lines_of(session, list(newest.values()))
    pipelines, jobs = _places(session, query, seen)
    names = _names(session, {id for counted in pipelines.values() for id, _ in _most(counted, told)})
    return [
        Failure(
            sighting=one,
            words=lines[newest[one.signature].id],
            pipelines=_told(pipelines[one.signature], names, told),
            pipelines_n=len(pipelines[one.signature]),
            jobs=tuple(job for job, _ in _most(jobs[one.signature], told)),
            jobs_n=len(jobs[one.signature]),
            example=_example(newest[one.signature]),
        )
        for one in seen
        if one.signature in newest
    ]


def _newest(session: Session, query: Query, seen: Iterable[Sighting]) -> dict[str, Any]:
    """The last run of each signature."""
    last = [sa.and_(RUN.c.signature == one.signature, RUN.c.created_at == one.last_seen_at) for one in seen]
    selected = sa.select(RUN).where(sa.or_(*last), *filters(query)).order_by(RUN.c.id)
    return {row.signature: row for row in session.connection().execute(selected)}


Counted = defaultdict[str, Counter[Any]]


def _places(session: Session, query: Query, seen: Iterable[Sighting]) -> tuple[Counted, Counted]:
    """Runs of each signature by pipeline, and by the name of the job that failed."""
    columns = RUN.c.signature, RUN.c.pipeline_id, RUN.c.failed_job
    selected = sa.select(*columns, sa.func.count()).where(RUN.c.signature.in_([one.signature for one in seen]))
    pipelines, jobs = defaultdict(Counter), defaultdict(Counter)
    rows = session.connection().execute(selected.where(*_of_window(query)).group_by(*columns))
    for signature, pipeline_id, job, runs in rows:
        pipelines[signature][pipeline_id] += runs
        if job is not None:
            jobs[signature][job] += runs
    return pipelines, jobs


def _most(counted: Counter[Any], told: int) -> list[tuple[Any, int]]:
    """Most runs first; equal ones in their own order, so that both databases tell the same."""
    return sorted(counted.items(), key=lambda one: (-one[1], one[0]))[:told]


def _names(session: Session, pipeline_ids: Collection[int]) -> dict[int, Any]:
    selected = (
        sa.select(PIPELINE.c.id, PIPELINE.c.name, REPOSITORY.c.name.label("repo"), SOURCE.c.provider)
        .join_from(PIPELINE, REPOSITORY, REPOSITORY.c.id == PIPELINE.c.repo_id)
        .join(SOURCE, SOURCE.c.id == REPOSITORY.c.source_id)
    )
    found: dict[int, Any] = {}
    for some in _batches(sorted(pipeline_ids)):
        found |= {row.id: row for row in session.connection().execute(selected.where(PIPELINE.c.id.in_(some)))}
    return found


def _told(counted: Counter[int], names: dict[int, Any], told: int) -> tuple[FailingPipeline, ...]:
    return tuple(
        FailingPipeline(id, names[id].name, names[id].repo, names[id].provider, runs)
        for id, runs in _most(counted, told)
        if id in names
    )


def _example(run: Any) -> FailingRun:
    same = ("pipeline_id", "number", "branch", "sha", "created_at", "url", "excerpt")
    values = {name: getattr(run, name) for name in same}
    return FailingRun(run_id=run.id, job=run.failed_job, step=run.failed_step, **values)
