"""Verdicts per job and commit of the last days, of what may be flaky."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.model.flakes import CommitVerdict
from cicd_health.model.health import Query
from cicd_health.model.runs import FAILED, VERDICTS, Outcome
from cicd_health.store.reports.rows import JOB, RUN, pipeline_filters, pipeline_ids
from cicd_health.store.tables import AttemptRow

ATTEMPT = SQLModel.metadata.tables[str(AttemptRow.__tablename__)]


# Written out in the statement, not bound, so that SQLite can see that the index of failures fits.
_FAILED = sa.bindparam("failed", sorted(FAILED), expanding=True, literal_execute=True)


def verdicts(session: Session, query: Query, since: datetime, commits: int) -> list[CommitVerdict]:
    """Every verdict since then of each job that failed and later passed on at least that many commits.

    Where runs have no jobs, their attempts take the place of one job without a name.
    """
    return _of_jobs(session, query, since, commits) + _of_attempts(session, query, since, commits)


def _ended(job: Any) -> Any:
    return sa.func.coalesce(job.c.completed_at, job.c.started_at, job.c.counted_at, type_=RUN.c.created_at.type)


def _of_jobs(session: Session, query: Query, since: datetime, commits: int) -> list[CommitVerdict]:
    recent = (JOB.c.counted_at >= since, RUN.c.sha.is_not(None), *_scope(query))
    other_run, other_job = RUN.alias("other_run"), JOB.alias("other_job")
    passed_later = sa.exists().where(
        other_run.c.sha == RUN.c.sha,
        other_run.c.pipeline_id == RUN.c.pipeline_id,
        other_job.c.run_id == other_run.c.id,
        other_job.c.name == JOB.c.name,
        other_job.c.outcome == Outcome.SUCCESS,
        _ended(other_job) > _ended(JOB),
    )
    suspects = sa.select(JOB.c.pipeline_id, JOB.c.name).join_from(JOB, RUN, JOB.c.run_id == RUN.c.id)
    suspects = suspects.where(*recent, JOB.c.outcome.in_(_FAILED), passed_later)
    suspects = suspects.group_by(JOB.c.pipeline_id, JOB.c.name).having(sa.func.count(RUN.c.sha.distinct()) >= commits)
    found = session.connection().execute(suspects).all()
    if not found:
        return []
    selected = sa.select(JOB.c.pipeline_id, JOB.c.name, RUN.c.sha, JOB.c.outcome, _ended(JOB))
    selected = selected.join_from(JOB, RUN, JOB.c.run_id == RUN.c.id).where(*recent, JOB.c.outcome.in_(VERDICTS))
    selected = selected.where(JOB.c.pipeline_id.in_({row[0] for row in found}))
    return _read(session, selected.where(sa.tuple_(JOB.c.pipeline_id, JOB.c.name).in_([tuple(row) for row in found])))


def _of_attempts(session: Session, query: Query, since: datetime, commits: int) -> list[CommitVerdict]:
    without_jobs = ~sa.exists().where(JOB.c.run_id == RUN.c.id)
    recent = (RUN.c.created_at >= since, RUN.c.sha.is_not(None), *_scope(query), without_jobs)
    other = RUN.alias("other")
    passed_later = sa.exists().where(
        other.c.sha == RUN.c.sha,
        other.c.pipeline_id == RUN.c.pipeline_id,
        other.c.outcome == Outcome.SUCCESS,
        sa.or_(other.c.id == RUN.c.id, other.c.created_at > RUN.c.created_at),
    )
    failed = sa.or_(RUN.c.outcome.in_(_FAILED), RUN.c.first_outcome.in_(_FAILED))
    suspects = sa.select(RUN.c.pipeline_id).where(*recent, failed, passed_later).group_by(RUN.c.pipeline_id)
    suspects = suspects.having(sa.func.count(RUN.c.sha.distinct()) >= commits)
    found = session.connection().execute(suspects).scalars().all()
    if not found:
        return []
    at = sa.func.coalesce(ATTEMPT.c.completed_at, ATTEMPT.c.started_at, RUN.c.created_at, type_=RUN.c.created_at.type)
    selected = sa.select(RUN.c.pipeline_id, sa.null(), RUN.c.sha, ATTEMPT.c.outcome, at)
    selected = selected.join_from(RUN, ATTEMPT, ATTEMPT.c.run_id == RUN.c.id)
    selected = selected.where(*recent, RUN.c.pipeline_id.in_(found), ATTEMPT.c.outcome.in_(VERDICTS))
    return _read(session, selected)


def _scope(query: Query) -> list[sa.ColumnElement[bool]]:
    scope = [RUN.c.pipeline_id.in_(pipeline_ids(query))] if pipeline_filters(query) else []
    return [*scope, RUN.c.branch == query.branch] if query.branch is not None else scope


def _read(session: Session, selected: sa.Select[Any]) -> list[CommitVerdict]:
    rows: Sequence[Any] = session.connection().execute(selected).all()
    return [CommitVerdict(row[0], row[1], row[2], row[3] not in FAILED, row[4]) for row in rows]
