"""Runs or jobs of a query, as rows to count. A run belongs to a window by its creation, a job by its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.model.health import Query
from cicd_health.model.tally import Subject
from cicd_health.model.windows import Window
from cicd_health.store.tables import JobRow, PipelineRow, RepositoryRow, RunRow, SourceRow

RUN = SQLModel.metadata.tables[str(RunRow.__tablename__)]
JOB = SQLModel.metadata.tables[str(JobRow.__tablename__)]
PIPELINE = SQLModel.metadata.tables[str(PipelineRow.__tablename__)]
REPOSITORY = SQLModel.metadata.tables[str(RepositoryRow.__tablename__)]
SOURCE = SQLModel.metadata.tables[str(SourceRow.__tablename__)]

MOMENT: dict[Subject, sa.ColumnElement[datetime]] = {
    "run": RUN.c.created_at,
    "job": JOB.c.counted_at,
}
MEASURED = ("outcome", "first_outcome", "duration_s", "queue_s", "restored_s", "spent_s", "rerun_s")
# What `Tally.put` takes; a job has no first attempt of its own.
COUNTED: dict[Subject, tuple[Any, ...]] = {
    "run": tuple(RUN.c[name] for name in MEASURED),
    "job": (JOB.c.outcome, sa.null(), JOB.c.duration_s, JOB.c.queue_s, sa.null(), JOB.c.duration_s, sa.null()),
}
NO_WINDOW = Window("custom", datetime.min.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC))
STATEMENTS = 64  # of one kind that are kept: making one takes longer than many a database needs to answer it
# Up to here every percentile is exact.
MANY = 10_000
OF_RUN = ("provider", "branch", "event", "actor")  # what runs are filtered by, and jobs by their run


def within(subject: Subject, start: datetime, end: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(MOMENT[subject] >= start, MOMENT[subject] < end)


def filters(query: Query) -> list[sa.ColumnElement[bool]]:
    """The conditions of a query, apart from its window, on the table of its subject."""
    table = RUN if query.subject == "run" else JOB
    asked = {name: getattr(query, name) for name in OF_RUN}
    of_run = {name: value for name, value in asked.items() if value is not None}
    where: list[sa.ColumnElement[bool]] = []
    if query.subject == "job":
        where.append(JOB.c.pipeline_id.is_not(None))
        if query.job is not None:
            where.append(JOB.c.name == query.job)
        if of_run:
            where.append(JOB.c.run_id == RUN.c.id)
    elif query.job is not None:
        where.append(sa.exists().where(JOB.c.run_id == RUN.c.id, JOB.c.name == query.job))
    where.extend(RUN.c[name] == value for name, value in of_run.items())
    if query.repo is not None:
        where.append(table.c.repo_id.in_(repo_ids(query.repo)))
    if query.pipeline_id is not None:
        where.append(table.c.pipeline_id == query.pipeline_id)
    return where


def tallied(query: Query) -> bool:
    """Whether tallies are kept for what it narrows."""
    return query.branch is None and query.event is None and query.actor is None and query.job is None


def repo_ids(name: str) -> sa.Select[Any]:
    """Of every repository of that name; two sources may have one each."""
    return sa.select(REPOSITORY.c.id).where(REPOSITORY.c.name == name)


def rows(session: Session, query: Query, start: datetime, end: datetime, *labels: Any) -> Sequence[Any]:
    """The labels asked for, then what `Tally.put` takes, of each run or job."""
    columns = (*labels, *COUNTED[query.subject])
    selected = sa.select(*columns).where(within(query.subject, start, end), *filters(query))
    if query.subject == "job" and any(label is RUN.c.branch for label in labels):
        selected = selected.where(JOB.c.run_id == RUN.c.id)
    return session.connection().execute(selected).all()


def pipeline_filters(query: Query) -> list[sa.ColumnElement[bool]]:
    """The conditions of a query on PIPELINE joined with REPOSITORY and SOURCE."""
    where: list[sa.ColumnElement[bool]] = []
    if query.provider is not None:
        where.append(SOURCE.c.provider == query.provider)
    if query.repo is not None:
        where.append(REPOSITORY.c.name == query.repo)
    if query.pipeline_id is not None:
        where.append(PIPELINE.c.id == query.pipeline_id)
    return where


def anytime(query: Query) -> Query:
    """What narrows pipelines, whatever the window: what a statement is made for that is made once and asked often."""
    return Query(NO_WINDOW, query.provider, query.repo, query.pipeline_id, query.branch)


def of_pipelines(query: Query, *columns: Any) -> sa.Select[Any]:
    """The columns asked for, of each pipeline of a query with its repository and source."""
    joined = sa.select(*columns).join_from(PIPELINE, REPOSITORY, REPOSITORY.c.id == PIPELINE.c.repo_id)
    return joined.join(SOURCE, SOURCE.c.id == REPOSITORY.c.source_id).where(*pipeline_filters(query))


def pipeline_ids(query: Query) -> sa.Select[Any]:
    return of_pipelines(query, PIPELINE.c.id)


def settled(query: sa.Select[Any], name: str) -> Any:
    """A part of a statement that is worked out first and once, so that the rest can use indexes with its answer."""
    return query.cte(name).prefix_with("MATERIALIZED")
