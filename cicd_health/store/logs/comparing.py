"""Which success a log is put beside."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.model.runs import Outcome

TABLES = SQLModel.metadata.tables
RUN, JOB, ATTEMPT = (TABLES[name] for name in ("runs", "jobs", "attempts"))
LOOK_BACK = timedelta(days=90)


class Green(NamedTuple):
    """A job, or a run, that succeeded."""

    run_id: int
    job_id: int | None
    attempt: int
    number: int | None
    completed_at: datetime | None
    duration_s: float | None


def last_green(session: Session, run_id: int, job_name: str | None) -> Green | None:
    """The same job's (None: the whole run's) last success before this run: on its branch, else on the default branch.

    Looks back 90 days.
    """
    connection = session.connection()
    run = connection.execute(sa.select(RUN).where(RUN.c.id == run_id)).one_or_none()
    if run is None:
        return None
    for branch in (RUN.c.branch.is_not_distinct_from(run.branch), RUN.c.default_branch):
        query = _successes(run, job_name).where(branch).limit(1)
        if row := connection.execute(query).one_or_none():
            return Green._make(row)
    return None


def _successes(run: sa.Row, job_name: str | None) -> sa.Select[Any]:
    since = run.created_at - LOOK_BACK
    if job_name is None:
        columns = RUN.c.attempt, RUN.c.number, RUN.c.completed_at, RUN.c.duration_s
        return (
            sa.select(RUN.c.id, sa.null(), *columns)
            .where(RUN.c.pipeline_id == run.pipeline_id, RUN.c.outcome == Outcome.SUCCESS.value)
            .where(RUN.c.created_at < run.created_at, RUN.c.created_at >= since)
            .order_by(RUN.c.created_at.desc(), RUN.c.id.desc())
        )
    return (
        sa.select(RUN.c.id, JOB.c.id, JOB.c.attempt, RUN.c.number, JOB.c.completed_at, JOB.c.duration_s)
        .join(RUN, RUN.c.id == JOB.c.run_id)
        .where(JOB.c.pipeline_id == run.pipeline_id, JOB.c.name == job_name)
        .where(JOB.c.outcome == Outcome.SUCCESS.value, RUN.c.created_at < run.created_at)
        .where(JOB.c.counted_at >= since)
        .order_by(RUN.c.created_at.desc(), JOB.c.attempt.desc(), JOB.c.id.desc())
    )
