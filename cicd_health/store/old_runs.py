"""Deleting runs for their age, with all that belongs to them, and taking them from the sums."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model.counting import of_job, of_run
from cicd_health.store import flakes, tallies
from cicd_health.store.held_runs import JOB, JOBS, RUN, read_rows
from cicd_health.store.kept_sums import note_deleted
from cicd_health.store.runs import lock_pipelines

SAID_AT = sa.func.coalesce(
    JOB.c.completed_at, JOB.c.updated_at, JOB.c.started_at, JOB.c.created_at, type_=JOB.c.updated_at.type
)


def delete(session: Session, before: datetime, now: datetime, limit: int = 500) -> int:
    """Delete some runs created before this moment, oldest first; how many.

    Jobs, steps, attempts and logs go with them by the rules of the tables, and incidents stop pointing at them. What
    later runs restored stays as it was known.
    """
    old = sa.select(RUN).where(RUN.c.created_at < before).order_by(RUN.c.created_at, RUN.c.id).limit(limit)
    rows = read_rows(session, old.with_for_update(skip_locked=True))
    if not rows:
        return 0
    ids = [row["id"] for row in rows]
    jobs = read_rows(session, JOBS, ids=ids)
    lock_pipelines(session, (row["pipeline_id"] for row in rows))
    session.connection().execute(sa.delete(RUN).where(RUN.c.id.in_(ids)))
    flakes.keep(session, {(row["pipeline_id"], row["sha"]) for row in rows if row["sha"] is not None})
    note_deleted(session, now)
    tallies.change(session, [*map(of_run, rows), *map(of_job, jobs)], [])
    return len(rows)


def delete_early_jobs(session: Session, before: datetime) -> int:
    """Delete jobs whose run never came, last heard of before this moment; how many."""
    gone = sa.delete(JOB).where(JOB.c.run_id.is_(None), before > SAID_AT)
    return session.connection().execute(gone).rowcount
