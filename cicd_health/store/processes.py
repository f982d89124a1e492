"""The signs of life of every process on this database."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlmodel import Session, SQLModel

from cicd_health.model.processes import Process
from cicd_health.store.tables import ProcessRow

PROCESS = SQLModel.metadata.tables[str(ProcessRow.__tablename__)]
GONE_AFTER = timedelta(seconds=60)  # without a sign of life
KEPT = timedelta(days=1)  # that long it can be asked when a process was last seen


def beat(session: Session, process: Process, now: datetime) -> None:
    """Write down that the process lives, and forget those that have been gone for long."""
    insert = insert_postgres if session.get_bind().dialect.name == "postgresql" else insert_sqlite
    row = insert(PROCESS).values(**asdict(process) | {"seen_at": now})
    session.execute(row.on_conflict_do_update(index_elements=["id"], set_={"seen_at": now}))
    session.execute(sa.delete(PROCESS).where(PROCESS.c.seen_at < now - KEPT))


def alive(session: Session, now: datetime) -> tuple[Process, ...]:
    """Those that gave a sign of life in the last minute, the longest-lived first."""
    return tuple(one for one in known(session) if is_alive(one, now))


def is_alive(process: Process, now: datetime) -> bool:
    """Whether it gave a sign of life in the last minute."""
    return process.seen_at >= now - GONE_AFTER


def known(session: Session) -> tuple[Process, ...]:
    """Also those that ended without saying so, for a day; the longest-lived first."""
    columns = [PROCESS.c[field.name] for field in fields(Process)]
    rows = session.connection().execute(sa.select(*columns).order_by(PROCESS.c.started_at, PROCESS.c.id))
    return tuple(Process(**row) for row in rows.mappings())


def forget(session: Session, process_id: str) -> None:
    """It has ended, as it was told to."""
    session.execute(sa.delete(PROCESS).where(PROCESS.c.id == process_id))
