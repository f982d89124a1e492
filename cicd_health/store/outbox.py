"""The outbox: messages are queued with their cause, and leave channel by channel.

Whoever sends for a channel holds its row while it chooses (`channel_of`), marks what it took as `sending`, and lets
go of everything before it sends. Queued messages whose moment is T have a job at T or before: see flow/sending.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, select

from cicd_health.model.alerts import NotificationKind, NotificationState
from cicd_health.store.tables import ChannelRow, IncidentRow, NotificationRow

OUTBOX, INCIDENT = (SQLModel.metadata.tables[str(row.__tablename__)] for row in (NotificationRow, IncidentRow))
LEASE = timedelta(seconds=30)  # of a sender: longer than one send may take, after it the sender is taken for dead
STRANDED = timedelta(minutes=2)  # overdue by so much, a message has lost its job
LONGEST_PAUSE = timedelta(minutes=20)  # between two tries of a message
LONGEST_WAIT = timedelta(days=3)  # between a message's beginning and its end: a digest's day, and a day of trying
MANY = 1000
NEWS = (NotificationKind.OPENED, NotificationKind.STILL)
MUTED = "it was muted before it left"
GONE = "the process that sent it died before the answer came"


@dataclass(frozen=True, slots=True)
class Entry:
    """A message to be queued: to which channel, and until when and why it waits."""

    channel_id: int
    title: str
    body: str
    severity: str
    next_try_at: datetime | None = None
    held: str | None = None


def queue(
    session: Session,
    entries: Iterable[Entry],
    kind: NotificationKind,
    now: datetime,
    incident_id: int | None = None,
    turn: int = 1,
) -> list[sa.Row[Any]]:
    """Queue messages; id, channel_id and next_try_at of the new ones. A channel gets each kind once per turn."""
    common = {"incident_id": incident_id, "kind": kind, "turn": turn, "created_at": now}
    rows = [
        common
        | {"channel_id": one.channel_id, "title": one.title, "body": one.body, "severity": one.severity}
        | {"next_try_at": one.next_try_at, "held": one.held, "state": NotificationState.QUEUED, "attempts": 0}
        for one in entries
    ]
    if not rows:
        return []
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    added = dialect.insert(OUTBOX).on_conflict_do_nothing().values(rows)
    return sorted(session.execute(added.returning(OUTBOX.c.id, OUTBOX.c.channel_id, OUTBOX.c.next_try_at)).all())


def note_test(session: Session, channel_id: int, title: str, error: str | None, now: datetime) -> int:
    """Write down a test that was sent already, or that failed with this error."""
    state = NotificationState.FAILED if error else NotificationState.SENT
    row = NotificationRow(
        channel_id=channel_id,
        kind=NotificationKind.TEST,
        state=state,
        title=title,
        error=error,
        attempts=1,
        severity="info",
        created_at=now,
        tried_at=now,
        claimed_at=now,
        sent_at=None if error else now,
    )
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


# What a new message is weighed against


def crowds(
    session: Session, channel_ids: Collection[int], since: datetime, why: str
) -> dict[int, tuple[int, datetime | None]]:
    """How many messages each channel was queued since then, and when the last of those held for `why` is due."""
    waits = sa.and_(OUTBOX.c.state == NotificationState.QUEUED, OUTBOX.c.held == why)
    query = (
        sa.select(OUTBOX.c.channel_id, sa.func.count(), sa.func.max(sa.case((waits, OUTBOX.c.next_try_at))))
        .where(OUTBOX.c.channel_id.in_(channel_ids), OUTBOX.c.created_at > since)
        .where(OUTBOX.c.kind != NotificationKind.TEST)
        .group_by(OUTBOX.c.channel_id)
    )
    return {id: (number, due) for id, number, due in session.execute(query)} if channel_ids else {}


def has_job(session: Session, channel_id: int, at: datetime, *, but: Collection[int]) -> bool:
    """Whether another message of the channel waits for this very moment, so that a job comes then."""
    same = (OUTBOX.c.channel_id == channel_id, OUTBOX.c.next_try_at == at, OUTBOX.c.id.not_in(but))
    query = sa.select(OUTBOX.c.id).where(*same, OUTBOX.c.state == NotificationState.QUEUED)
    return session.execute(query.limit(1)).first() is not None


def told(session: Session, incident: IncidentRow) -> dict[int, tuple[datetime | None, str | None]]:
    """The channels that were told, in this turn of the incident, that something is wrong, or will be.

    With until when, and why, the news waits that the channel did not get yet.
    """
    of_turn = sa.or_(
        sa.and_(OUTBOX.c.kind == NotificationKind.OPENED, OUTBOX.c.turn == incident.turn),
        sa.and_(
            OUTBOX.c.kind == NotificationKind.STILL,
            OUTBOX.c.created_at >= (incident.reopened_at or incident.opened_at),
        ),
    )
    query = (
        sa.select(OUTBOX.c.channel_id, OUTBOX.c.next_try_at, OUTBOX.c.held, OUTBOX.c.state, OUTBOX.c.attempts)
        .where(OUTBOX.c.incident_id == incident.id, of_turn, OUTBOX.c.state != NotificationState.FAILED)
        .order_by(OUTBOX.c.id)
    )
    found: dict[int, tuple[datetime | None, str | None]] = {}
    for row in session.execute(query):
        waits = row.state == NotificationState.QUEUED and not row.attempts
        found[row.channel_id] = (row.next_try_at, row.held) if waits else (None, None)
    return found


def withdraw(session: Session, incident: IncidentRow, now: datetime) -> None:
    """News of an incident that wait for a later moment will not be sent: it is muted."""
    waits = OUTBOX.c.state == NotificationState.QUEUED, OUTBOX.c.next_try_at > now
    query = sa.update(OUTBOX).where(OUTBOX.c.incident_id == incident.id, OUTBOX.c.kind.in_(NEWS), *waits)
    values = {"state": NotificationState.FAILED, "error": MUTED, "next_try_at": None, "held": None}
    session.execute(query.values(values))


def withdrawn(session: Session, incident: IncidentRow) -> bool:
    """Whether the last that a channel was to be told of this incident was withdrawn."""
    query = sa.select(OUTBOX.c.channel_id, OUTBOX.c.error).where(
        OUTBOX.c.incident_id == incident.id, OUTBOX.c.kind.in_(NEWS)
    )
    last = {row.channel_id: row.error for row in session.execute(query.order_by(OUTBOX.c.id))}
    return MUTED in last.values()


def next_turn(session: Session, incident_id: int, kind: NotificationKind) -> int:
    """The turn of a kind that is told anew each time."""
    query = sa.select(sa.func.max(OUTBOX.c.turn)).where(OUTBOX.c.incident_id == incident_id, OUTBOX.c.kind == kind)
    return (session.execute(query).scalar_one() or 0) + 1


def rewrite(session: Session, incident: IncidentRow, title: str, body: str, waits: str) -> list[int]:
    """New text for this turn's untried news; the ids of those that waited for it (`waits`) and leave now."""
    mine = (
        OUTBOX.c.incident_id == incident.id,
        OUTBOX.c.kind == NotificationKind.OPENED,
        OUTBOX.c.turn == incident.turn,
        OUTBOX.c.state == NotificationState.QUEUED,
        OUTBOX.c.attempts == 0,
    )
    session.execute(sa.update(OUTBOX).where(*mine).values(title=title, body=body))
    released = sa.update(OUTBOX).where(*mine, OUTBOX.c.held == waits).values(next_try_at=None, held=None)
    return sorted(session.execute(released.returning(OUTBOX.c.id)).scalars())


# What the sender of a channel needs


def channel_of(session: Session, notification_id: int) -> ChannelRow | None:
    """The channel of a message, held against other senders until the end of the transaction; None when it is gone.

    Messages may be queued for it all the same (`key_share`), also by transactions that last.
    """
    mine = sa.select(OUTBOX.c.channel_id).where(OUTBOX.c.id == notification_id).scalar_subquery()
    query = select(ChannelRow).where(col(ChannelRow.id) == mine).with_for_update(key_share=True)
    return session.exec(query.execution_options(populate_existing=True)).one_or_none()


def sending(session: Session, channel_id: int) -> datetime | None:
    """When the channel's sender began, None when nobody sends."""
    query = sa.select(sa.func.max(OUTBOX.c.claimed_at)).where(
        _of(channel_id), OUTBOX.c.state == NotificationState.SENDING
    )
    return session.execute(query).scalar_one()


def abandon(session: Session, channel_id: int, now: datetime) -> None:
    """Queue again what a dead sender had taken."""
    query = sa.update(OUTBOX).where(_of(channel_id), OUTBOX.c.state == NotificationState.SENDING)
    session.execute(query.values(state=NotificationState.QUEUED, next_try_at=now, held=None, error=GONE))


def waiting(session: Session, channel_id: int, now: datetime) -> Sequence[sa.Row[Any]]:
    """The channel's queued messages, without their texts, oldest first; if they are too many, those that are due."""
    query = (
        sa.select(
            *(OUTBOX.c.id, OUTBOX.c.incident_id, OUTBOX.c.severity, OUTBOX.c.created_at),
            *(OUTBOX.c.next_try_at, OUTBOX.c.held, OUTBOX.c.attempts, OUTBOX.c.claimed_at),
        )
        .where(_of(channel_id), OUTBOX.c.state == NotificationState.QUEUED)
        .order_by(sa.case((OUTBOX.c.next_try_at > now, 1), else_=0), OUTBOX.c.id)
        .limit(MANY)
    )
    return sorted(session.execute(query), key=lambda row: row.id)


def queued_since(session: Session, channel_id: int, since: datetime) -> list[datetime]:
    """When the channel's newest messages were queued, those sent too."""
    query = sa.select(OUTBOX.c.created_at).where(
        OUTBOX.c.channel_id == channel_id, OUTBOX.c.created_at > since, OUTBOX.c.kind != NotificationKind.TEST
    )
    return list(session.execute(query.order_by(OUTBOX.c.created_at.desc()).limit(MANY)).scalars())


def left_since(session: Session, channel_id: int, since: datetime) -> list[datetime]:
    """When messages left for the channel since then, oldest first; several that went as one are one."""
    query = sa.select(OUTBOX.c.sent_at).where(
        OUTBOX.c.channel_id == channel_id,
        OUTBOX.c.created_at > since - LONGEST_WAIT,
        OUTBOX.c.sent_at > since,
        OUTBOX.c.kind != NotificationKind.TEST,
        sa.or_(OUTBOX.c.sent_with.is_(None), OUTBOX.c.sent_with == OUTBOX.c.id),
    )
    return list(session.execute(query.order_by(OUTBOX.c.sent_at)).scalars())


def hold(session: Session, ids: Collection[int], until: datetime, why: str) -> None:
    _update(session, ids, next_try_at=until, held=why)


def begin(session: Session, ids: Sequence[int], now: datetime) -> list[NotificationRow]:
    """Mark these as being sent, as one if they are several; the messages, oldest first."""
    _update(
        session,
        ids,
        state=NotificationState.SENDING,
        claimed_at=now,
        tried_at=sa.func.coalesce(OUTBOX.c.tried_at, sa.literal(now, OUTBOX.c.tried_at.type)),
        attempts=OUTBOX.c.attempts + 1,
        sent_with=min(ids) if len(ids) > 1 else None,
    )
    query = select(NotificationRow).where(col(NotificationRow.id).in_(ids)).order_by(col(NotificationRow.id))
    return list(session.exec(query.execution_options(populate_existing=True)))


def still_mine(session: Session, ids: Collection[int], began_at: datetime | None) -> set[int]:
    """Those of these that are with the sender that began then: not with another one that took it for dead."""
    mine = OUTBOX.c.id.in_(ids), OUTBOX.c.state == NotificationState.SENDING, OUTBOX.c.claimed_at == began_at
    return set(session.execute(sa.select(OUTBOX.c.id).where(*mine)).scalars())


def took(session: Session, channel_id: int, ids: Collection[int], now: datetime) -> None:
    """The channel took these messages."""
    _update(session, ids, state=NotificationState.SENT, sent_at=now, error=None, next_try_at=None)
    _channel(session, channel_id, sent_at=now, error=None)


def refused(session: Session, channel_id: int, ids: Collection[int], error: str, again_at: datetime | None) -> None:
    """The channel did not take these: to be tried again then, or given up (None)."""
    state = NotificationState.QUEUED if again_at else NotificationState.FAILED
    _update(session, ids, state=state, error=error, next_try_at=again_at, held=None)
    _channel(session, channel_id, error=error)


def give_up(session: Session, channel_id: int, error: str) -> int:
    """Nothing that waits for this channel will be sent; how many that were."""
    query = sa.update(OUTBOX).where(_of(channel_id), OUTBOX.c.state == NotificationState.QUEUED)
    values = {"state": NotificationState.FAILED, "error": error, "next_try_at": None, "held": None}
    return len(session.execute(query.values(values).returning(OUTBOX.c.id)).all())


def given_up_since(session: Session, channel_id: int, since: datetime | None) -> int:
    """How many messages were given up that were queued since then; several that went as one are one."""
    query = sa.select(sa.func.count(sa.distinct(sa.func.coalesce(OUTBOX.c.sent_with, OUTBOX.c.id)))).where(
        OUTBOX.c.channel_id == channel_id,
        OUTBOX.c.state == NotificationState.FAILED,
        OUTBOX.c.kind != NotificationKind.TEST,
        OUTBOX.c.attempts > 0,
        *([OUTBOX.c.created_at > since] if since else []),
    )
    return session.execute(query).scalar_one()


def release(session: Session, channel_id: int, now: datetime, *, tried_only: bool) -> int | None:
    """Let what waits be looked at again now; one of these messages, None when nothing waited."""
    some = (OUTBOX.c.attempts > 0,) if tried_only else ()
    query = (
        sa.update(OUTBOX)
        .where(_of(channel_id), OUTBOX.c.state == NotificationState.QUEUED, *some)
        .values(next_try_at=now)
        .returning(OUTBOX.c.id)
    )
    return min(session.execute(query).scalars(), default=None)


def put_back(session: Session, notification_id: int, now: datetime) -> None:
    """Queue a message for another try, by itself."""
    values = {"state": NotificationState.QUEUED, "next_try_at": now, "held": None, "sent_with": None}
    _update(session, [notification_id], **values)


def message(session: Session, notification_id: int) -> NotificationRow | None:
    return session.get(NotificationRow, notification_id, populate_existing=True)


def hasten(session: Session, now: datetime) -> None:
    """Make due what would be tried again later than anything is: the clock was set back since. Normally nothing."""
    waits = (
        OUTBOX.c.state == NotificationState.QUEUED,
        OUTBOX.c.held.is_(None),
        OUTBOX.c.next_try_at > now + LONGEST_PAUSE,
    )
    session.execute(sa.update(OUTBOX).where(*waits).values(next_try_at=now - STRANDED))


def stranded(session: Session, now: datetime) -> list[int]:
    """The oldest message of each channel on which some are long overdue: their job was lost. Normally none."""
    long_ago = now - STRANDED
    due_at = sa.func.coalesce(OUTBOX.c.next_try_at, OUTBOX.c.created_at)
    queued = sa.and_(OUTBOX.c.state == NotificationState.QUEUED, due_at <= long_ago)
    dead = sa.and_(OUTBOX.c.state == NotificationState.SENDING, OUTBOX.c.claimed_at <= long_ago)
    ids = sa.select(sa.func.min(OUTBOX.c.id)).where(sa.or_(queued, dead)).group_by(OUTBOX.c.channel_id)
    return sorted(session.execute(ids).scalars())


def prune(session: Session, before: datetime, limit: int = 1000) -> int:
    """Delete some messages queued before this moment, but for those that wait and those of open incidents; how many."""
    is_open = sa.exists().where(INCIDENT.c.id == OUTBOX.c.incident_id, INCIDENT.c.resolved_at.is_(None))
    over = OUTBOX.c.state.in_((NotificationState.SENT, NotificationState.FAILED)), ~is_open
    old = sa.select(OUTBOX.c.id).where(OUTBOX.c.created_at < before, *over).order_by(OUTBOX.c.created_at).limit(limit)
    return session.connection().execute(sa.delete(OUTBOX).where(OUTBOX.c.id.in_(old))).rowcount


def _of(channel_id: int) -> sa.TextClause:
    """The sign keeps a database from looking through all that the channel was ever sent for the few in a state."""
    return sa.text("+outbox.channel_id = :channel").bindparams(channel=channel_id)


def _update(session: Session, ids: Collection[int], **values: Any) -> None:
    session.execute(sa.update(OUTBOX).where(OUTBOX.c.id.in_(ids)).values(values))


def _channel(session: Session, channel_id: int, **values: Any) -> None:
    session.execute(sa.update(ChannelRow).where(col(ChannelRow.id) == channel_id).values(values))
