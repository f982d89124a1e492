"""One look at the database, on a connection of its own: how it answers when asked by nobody in particular."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import SQLModel

from cicd_health import settings
from cicd_health.model.alerts import NotificationState
from cicd_health.model.processes import WORKING
from cicd_health.model.troubles import Answered, Failing, Room
from cicd_health.store import engine, logs, migrations
from cicd_health.store.deliveries import waiting_since
from cicd_health.store.processes import GONE_AFTER, PROCESS
from cicd_health.store.tables import ChannelRow, NotificationRow

OUTBOX, CHANNEL = (SQLModel.metadata.tables[str(row.__tablename__)] for row in (NotificationRow, ChannelRow))
ASK_S = 2


def ask(url: str, now: datetime) -> Answered:
    """What it says. Raises SQLAlchemyError. It neither waits for a connection of the others nor takes them one."""
    address = sa.make_url(engine.normalise(url))
    postgres = address.get_backend_name() == "postgresql"
    limits = {"connect_timeout": ASK_S} if postgres else {"timeout": ASK_S}
    alone = sa.create_engine(address, poolclass=sa.NullPool, connect_args=limits, hide_parameters=True)
    if not postgres and not Path(address.database or "").exists():
        raise sa.exc.OperationalError("connect", None, FileNotFoundError("there is no such file"))
    begun = time.perf_counter()
    with alone.connect() as connection:
        if postgres:
            connection.execute(sa.text(f"SET statement_timeout = '{ASK_S}s'"))
        revision = migrations.current(connection)
        took_s = time.perf_counter() - begun
        if revision != migrations.head():  # who knows what tables there are
            return Answered(revision, took_s, _ahead_s(connection), 0, None)
        return Answered(
            revision=revision,
            took_s=took_s,
            ahead_s=_ahead_s(connection),
            workers=_workers(connection, now),
            late_since=connection.execute(waiting_since()).scalar(),
            failing=_failing(connection),
            log_store_since=connection.execute(logs.failing_since(settings.get().log_store_url)).scalar(),
        )


def _ahead_s(connection: sa.Connection) -> float:
    """How far the clock of the database is before ours; SQLite has no clock but ours."""
    if connection.dialect.name == "sqlite":
        return 0.0
    theirs = connection.execute(sa.text("SELECT clock_timestamp()")).scalar_one()
    return (theirs - datetime.now(UTC)).total_seconds()


def _workers(connection: sa.Connection, now: datetime) -> int:
    here = PROCESS.c.role.in_(sorted(WORKING)), PROCESS.c.seen_at >= now - GONE_AFTER
    return connection.execute(sa.select(sa.func.count()).select_from(PROCESS).where(*here)).scalar_one()


def _failing(connection: sa.Connection) -> tuple[Failing, ...]:
    """Channels on which messages wait that were tried, and those that refused for good, the first to fail first."""
    trying = OUTBOX.c.state == NotificationState.QUEUED, OUTBOX.c.attempts > 0, OUTBOX.c.tried_at.is_not(None)
    oldest = (
        sa.select(OUTBOX.c.channel_id, sa.func.min(OUTBOX.c.tried_at, type_=OUTBOX.c.tried_at.type).label("since"))
        .where(*trying)
        .group_by(OUTBOX.c.channel_id)
        .subquery()
    )
    since = sa.func.coalesce(CHANNEL.c.switched_off_at, oldest.c.since, type_=CHANNEL.c.switched_off_at.type)
    rows = connection.execute(
        sa.select(CHANNEL.c.name, since.label("since"))
        .join_from(CHANNEL, oldest, oldest.c.channel_id == CHANNEL.c.id, isouter=True)
        .where(CHANNEL.c.enabled, since.is_not(None))
        .order_by(since, CHANNEL.c.id)
    )
    return tuple(Failing(row.name, row.since) for row in rows)


def room(url: str) -> Room | None:
    """Of the disk under an SQLite file; None for PostgreSQL, whose disk is not ours to look at."""
    address = sa.make_url(engine.normalise(url))
    if address.get_backend_name() != "sqlite" or not address.database:
        return None
    folder = Path(address.database).absolute().parent
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    usage = shutil.disk_usage(there)
    return Room(usage.free, usage.total)
