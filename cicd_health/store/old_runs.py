"""Deleting runs for their age, with all that belongs to them, and taking them from the sums."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.model.counting import of_job, of_run
from cicd_health.model.run_state import Values
from cicd_health.store import flakes, tallies
from cicd_health.store.held_runs import JOB, JOBS, RUN, read_rows
from cicd_health.store.kept_sums import note_deleted
from cicd_health.store.runs import lock_pipelines
from cicd_health.store.tables import LogRow

LOG = SQLModel.metadata.tables[str(LogRow.__tablename__)]
SAID_AT = sa.func.coalesce(
    JOB.c.completed_at, JOB.c.updated_at, JOB.c.started_at, JOB.c.created_at, type_=JOB.c.updated_at.type
)


def delete(session: Session, before: datetime, now: datetime, limit: int = 500) -> int:
    """Delete some runs created before this moment, oldest first; how many.

    Jobs, steps, attempts and logs go with them by the rules of the tables, and incidents stop pointing at them. What
    later runs restored stays as it was known.
    """
    rows = _hold(session, before, limit)
    if not rows:
        return 0
    ids = [row["id"] for row in rows]
    jobs = read_rows(session, JOBS, ids=ids)
    session.connection().execute(sa.delete(RUN).where(RUN.c.id.in_(ids)))
    flakes.keep(session, {(row["pipeline_id"], row["sha"]) for row in rows if row["sha"] is not None})
    note_deleted(session, now)
    tallies.change(session, [*map(of_run, rows), *map(of_job, jobs)], [])
    return len(rows)


def _hold(session: Session, before: datetime, limit: int) -> list[Values]:
    """The oldest runs, locked, without those that somebody is at.

    Whoever saves a run or keeps a log holds those and then waits for a pipeline or a run. So the pipelines come first
    here, and nothing is waited for while runs are held.
    """
    old = sa.select(RUN.c.id, RUN.c.pipeline_id).where(RUN.c.created_at < before)
    oldest = session.connection().execute(old.order_by(RUN.c.created_at, RUN.c.id).limit(limit)).all()
    lock_pipelines(session, (pipeline_id for _, pipeline_id in oldest))
    ids = [id for id, _ in oldest]
    rows = read_rows(session, sa.select(RUN).where(RUN.c.id.in_(ids)).with_for_update(skip_locked=True))
    busy = _logs_in_use(session, [row["id"] for row in rows])
    return [row for row in rows if row["id"] not in busy]


def _logs_in_use(session: Session, ids: list[int]) -> set[int]:
    """Those of these runs of which somebody writes a log; those of the others are locked."""
    of_them = sa.select(LOG.c.id, LOG.c.run_id).where(LOG.c.run_id.in_(ids))
    logs = session.connection().execute(of_them).all()
    held = {id for id, _ in session.connection().execute(of_them.with_for_update(skip_locked=True))} if logs else set()
    return {run_id for id, run_id in logs if id not in held}


def delete_early_jobs(session: Session, before: datetime, limit: int = 500) -> int:
    """Delete some jobs whose run never came, last heard of before this moment; how many."""
    early = sa.select(JOB.c.id).where(JOB.c.run_id.is_(None), before > SAID_AT).limit(limit)
    gone = sa.delete(JOB).where(JOB.c.id.in_(early.with_for_update(skip_locked=True)))
    return session.connection().execute(gone).rowcount
