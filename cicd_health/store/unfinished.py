"""What was on its way when a backup was made: whoever worked on it is gone, and so are the jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from cicd_health.model.alerts import NotificationState
from cicd_health.model.logs import LogState
from cicd_health.model.watches import BackfillState
from cicd_health.store.tables import WatchRow

OUTBOX, LOG, WATCH = (SQLModel.metadata.tables[name] for name in ("outbox", "logs", "watches"))
PERHAPS_SENT = "it was being sent when the backup was made: whether the channel took it is not known"
NOT_SENT = "it was given up when the backup was restored"


def let_go(session: Session) -> None:
    """Nobody polls, and nobody sends. What was being sent is not sent again: its channel may have it."""
    session.execute(sa.update(WATCH).values(busy_until=None).where(WATCH.c.busy_until.is_not(None)))
    _fail(session, NotificationState.SENDING, PERHAPS_SENT)


def give_up_messages(session: Session) -> int:
    """Nothing that waits will be sent; how many messages that were."""
    return _fail(session, NotificationState.QUEUED, NOT_SENT)


def _fail(session: Session, state: NotificationState, error: str) -> int:
    values = {"state": NotificationState.FAILED, "error": error, "next_try_at": None, "held": None}
    return session.connection().execute(sa.update(OUTBOX).where(OUTBOX.c.state == state).values(values)).rowcount


def messages(session: Session) -> Sequence[tuple[int, datetime | None]]:
    """One message of each channel for each moment at which some are due, None for those that are."""
    first = sa.func.min(OUTBOX.c.id)
    query = sa.select(first, OUTBOX.c.next_try_at).where(OUTBOX.c.state == NotificationState.QUEUED)
    rows = session.execute(query.group_by(OUTBOX.c.channel_id, OUTBOX.c.next_try_at).order_by(first))
    return [(id, at) for id, at in rows]


def logs(session: Session) -> list[tuple[int, datetime | None]]:
    """Logs that are to be fetched, and when."""
    wanted = sa.or_(LOG.c.state == LogState.PENDING.value, LOG.c.next_try_at.is_not(None))
    return [(id, at) for id, at in session.execute(sa.select(LOG.c.id, LOG.c.next_try_at).where(wanted))]


def walks(session: Session) -> Sequence[WatchRow]:
    """Watches that are on their way back into the past."""
    return session.exec(select(WatchRow).where(col(WatchRow.backfill_state) == BackfillState.RUNNING.value)).all()
