"""What went before a run: the last green one, the runs since, the same failure elsewhere. All bounded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model.runs import FAILED, Outcome
from cicd_health.store.lists import JOB, PIPELINE, REPO, RUN, STEP, Row, Rows

BACK = 200  # runs of the same branch before this one that are looked through
BACK_OF_PIPELINE = 3_000  # among so many of its pipeline: a branch that was built once long ago is not searched for
ELSEWHERE = timedelta(days=90)  # how far around a run others are looked for
NEIGHBOUR = sa.select(
    *(RUN.c[name] for name in ("id", "number", "outcome", "attempt", "sha", "title", "actor", "branch")),
    *(RUN.c[name] for name in ("created_at", "completed_at", "duration_s", "signature", "failed_job", "failed_step")),
)


def before(session: Session, run: Row, limit: int = BACK) -> Rows:
    """Runs of the same pipeline and branch that were created before this one, newest first."""
    recent = sa.select(RUN.c.id).where(RUN.c.pipeline_id == run["pipeline_id"], RUN.c.created_at <= run["created_at"])
    recent = recent.order_by(RUN.c.created_at.desc()).limit(BACK_OF_PIPELINE)
    query = NEIGHBOUR.where(
        RUN.c.id.in_(recent), RUN.c.branch.is_not_distinct_from(run["branch"]), RUN.c.id != run["id"]
    )
    return _rows(session, query.order_by(RUN.c.created_at.desc(), RUN.c.id.desc()).limit(limit))


def last_green_on_default(session: Session, run: Row) -> Row | None:
    """The newest success on the default branch before this run: what a branch without one is compared with."""
    query = NEIGHBOUR.where(
        RUN.c.pipeline_id == run["pipeline_id"],
        RUN.c.default_branch.is_(True),
        RUN.c.outcome == Outcome.SUCCESS.value,
        RUN.c.created_at < run["created_at"],
        RUN.c.created_at > run["created_at"] - ELSEWHERE,
    )
    query = query.order_by(RUN.c.created_at.desc(), RUN.c.id.desc()).limit(1)
    return session.connection().execute(query).mappings().one_or_none()


def same_failure(session: Session, run: Row, signature: str, limit: int) -> Rows:
    """The newest runs of any pipeline that failed with this signature, in the time around this run, newest first."""
    query = sa.select(*NEIGHBOUR.selected_columns, PIPELINE.c.name.label("pipeline"), REPO.c.name.label("repo"))
    query = query.join(PIPELINE, PIPELINE.c.id == RUN.c.pipeline_id).join(REPO, REPO.c.id == RUN.c.repo_id)
    query = query.where(
        RUN.c.signature == signature,
        RUN.c.outcome.in_([outcome.value for outcome in sorted(FAILED)]),
        RUN.c.created_at > run["created_at"] - ELSEWHERE,
    )
    return _rows(session, query.order_by(RUN.c.created_at.desc(), RUN.c.id.desc()).limit(limit))


def job_named(session: Session, run_id: int, attempt: int, name: str) -> Row | None:
    """The job of this name in another run."""
    query = sa.select(JOB).where(JOB.c.run_id == run_id, JOB.c.attempt == attempt, JOB.c.name == name)
    return session.connection().execute(query.order_by(JOB.c.id).limit(1)).mappings().one_or_none()


def step_duration(session: Session, job_id: int, name: str) -> float | None:
    """Seconds a step of this name took, None when it is not there or was not measured."""
    query = sa.select(STEP.c.duration_s).where(STEP.c.job_id == job_id, STEP.c.name == name).limit(1)
    return session.connection().execute(query).scalar_one_or_none()


def failing_jobs(session: Session, run_id: int) -> Rows:
    """The failed jobs of every attempt: attempt, name, signature."""
    query = sa.select(JOB.c.attempt, JOB.c.name, JOB.c.signature).where(
        JOB.c.run_id == run_id, JOB.c.outcome.in_([outcome.value for outcome in sorted(FAILED)])
    )
    return _rows(session, query.order_by(JOB.c.attempt, JOB.c.id))


def source_id(session: Session, repo_id: int) -> int:
    return session.connection().execute(sa.select(REPO.c.source_id).where(REPO.c.id == repo_id)).scalar_one()


def _rows(session: Session, query: sa.Select[Any]) -> Rows:
    return session.connection().execute(query).mappings().all()
