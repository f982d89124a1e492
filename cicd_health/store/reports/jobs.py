"""Jobs and steps of one pipeline, gathered by name.

The seconds of a group come as one text: as rows of their own they would cost three times as much.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.model.health import Query
from cicd_health.model.runs import VERDICTS, Outcome
from cicd_health.model.windows import Window
from cicd_health.store.reports.rows import JOB, RUN, filters, settled, within
from cicd_health.store.tables import StepRow

STEP = SQLModel.metadata.tables[str(StepRow.__tablename__)]
RUNS = 250  # the last runs of a window, which are looked at job by job and step by step
JOBS = 1_250  # of theirs at most, so that a pipeline of a hundred jobs is looked at run by run too, only fewer


@dataclass(frozen=True, slots=True)
class JobGroup:
    """Jobs of one name and outcome in one span of time: how many, and what was measured of them.

    `runs`, the ids of their runs, and `queues` are left out in the first span.
    """

    span: int  # its place among them
    name: str
    outcome: str
    jobs: int
    runs: frozenset[str]
    durations: tuple[float, ...]
    queues: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class LastJob:
    """A job that ran in the last attempt of one of the last runs. `attempt_at`: when a re-run began, else None."""

    run_id: int
    attempt_at: datetime | None
    job_id: int
    name: str
    started_at: datetime
    completed_at: datetime


@dataclass(frozen=True, slots=True)
class StepGroup:
    """Steps of one name and outcome in the jobs of one name: how many, the ids of their runs, what was measured.

    `on_path`: whether they are those of the jobs that were asked about.
    """

    job: str
    name: str
    outcome: str
    on_path: bool
    steps: int
    runs: frozenset[str]
    durations: tuple[float, ...]


def groups(session: Session, query: Query, edges: Sequence[datetime]) -> list[JobGroup]:
    """The jobs of every attempt, by the span between two neighbouring edges in which they were created."""
    now = JOB.c.counted_at >= edges[1]
    jobs = sa.select(
        _span(edges, 0, len(edges) - 1).label("span"),
        JOB.c.name,
        JOB.c.outcome,
        sa.case((now, JOB.c.run_id)).label("run_id"),
        JOB.c.duration_s,
        sa.case((now, JOB.c.queue_s)).label("queue_s"),
    )
    jobs = jobs.where(within("job", edges[0], edges[-1]), *_conditions(query)).subquery()
    key = jobs.c.span, jobs.c.name, jobs.c.outcome
    gathered = (_joined(column) for column in (jobs.c.run_id, jobs.c.duration_s, jobs.c.queue_s))
    selected = sa.select(*key, sa.func.count(), *gathered).group_by(*key)
    return [
        JobGroup(span, name, outcome, count, _texts(runs), _floats(durations), _floats(queues))
        for span, name, outcome, count, runs, durations, queues in session.connection().execute(selected)
    ]


def _conditions(query: Query) -> list[sa.ColumnElement[bool]]:
    """Of a query for one pipeline, on jobs."""
    place = replace(query, provider=None, repo=None)  # which the pipeline stands for
    of_jobs = filters(replace(place, subject="job", branch=None, event=None, actor=None))
    of_runs = filters(replace(place, subject="run", pipeline_id=None, job=None))
    if of_runs:
        # Looked up run by run: a join would have the database read all runs of a branch, of every pipeline.
        run = sa.select(RUN.c.id).where(RUN.c.id == JOB.c.run_id, *of_runs).correlate(JOB).scalar_subquery()
        of_jobs.append(run.is_not(None))
    return of_jobs


def _span(edges: Sequence[datetime], low: int, high: int) -> Any:
    """In SQL the place of the span that holds a job, by halving: five comparisons find one among thirty."""
    if high - low == 1:
        return sa.literal(low)
    middle = (low + high) // 2
    before = JOB.c.counted_at < edges[middle]
    return sa.case((before, _span(edges, low, middle)), else_=_span(edges, middle, high))


def last_jobs(session: Session, query: Query, window: Window) -> list[LastJob]:
    """Of the last runs of a window that passed or failed, newest first; the jobs of a run stand together."""
    found: Sequence[Any] = session.connection().execute(_last(query, window)).all()
    rows = [LastJob(*row) for row in found]
    if len(rows) == JOBS and rows[0].run_id != rows[-1].run_id:
        return [row for row in rows if row.run_id != rows[-1].run_id]  # of which some jobs are missing
    return rows


def steps(
    session: Session, query: Query, window: Window, on_path: Collection[int] = (), without: Collection[int] = ()
) -> list[StepGroup]:
    """Of the same jobs, but those with the ids `without`; steps that were skipped are left out."""
    last = settled(_last(query, window), "last")
    found = sa.select(
        last.c.name.label("job"),
        STEP.c.name,
        STEP.c.outcome,
        last.c.job_id.in_(_listed(on_path)).label("on_path"),
        last.c.run_id,
        STEP.c.duration_s,
    ).join_from(last, STEP, STEP.c.job_id == last.c.job_id)
    found = found.where(STEP.c.outcome != Outcome.SKIPPED, last.c.job_id.not_in(_listed(without))).subquery()
    key = found.c.job, found.c.name, found.c.outcome, found.c.on_path
    selected = sa.select(*key, sa.func.count(), _joined(found.c.run_id), _joined(found.c.duration_s)).group_by(*key)
    return [
        StepGroup(job, name, outcome, on_path, count, _texts(runs), _floats(durations))
        for job, name, outcome, on_path, count, runs, durations in session.connection().execute(selected)
    ]


def _last(query: Query, window: Window) -> sa.Select[Any]:
    """The columns of LastJob."""
    newest = sa.select(RUN.c.id, RUN.c.attempt, RUN.c.created_at, RUN.c.started_at)
    newest = newest.where(within("run", window.start, window.end), RUN.c.outcome.in_(VERDICTS))
    newest = newest.where(*filters(replace(query, subject="run", job=None)))
    runs = newest.order_by(RUN.c.created_at.desc(), RUN.c.id.desc()).limit(RUNS).subquery()
    attempt_at = sa.case((runs.c.attempt > 1, runs.c.started_at))
    columns = runs.c.id.label("run_id"), attempt_at.label("attempt_at"), JOB.c.id.label("job_id"), JOB.c.name
    selected = sa.select(*columns, JOB.c.started_at, JOB.c.completed_at)
    selected = selected.join_from(runs, JOB, sa.and_(JOB.c.run_id == runs.c.id, JOB.c.attempt == runs.c.attempt))
    ran = JOB.c.started_at.is_not(None), JOB.c.completed_at.is_not(None), JOB.c.outcome != Outcome.SKIPPED
    return selected.where(*ran).order_by(runs.c.created_at.desc(), runs.c.id.desc(), JOB.c.id).limit(JOBS)


def _listed(ids: Collection[int]) -> Any:
    """The same as the ids themselves, but looked at as one value: SQLAlchemy takes its time over each of hundreds."""
    return sa.bindparam(None, list(ids), sa.BigInteger, unique=True, expanding=True)


def _joined(column: Any) -> Any:
    """All values of a group in one text; NULL is not among them."""
    return sa.func.aggregate_strings(sa.cast(column, sa.Text), ",")


def _texts(text: str | None) -> frozenset[str]:
    return frozenset(text.split(",")) if text else frozenset()


def _floats(text: str | None) -> tuple[float, ...]:
    return tuple(map(float, text.split(","))) if text else ()
