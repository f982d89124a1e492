"""The way of queued messages to their channel.

A channel has one sender at a time, whatever job woke it, and no transaction is open while it sends: what it took is
marked, and a mark older than a send may take is that of a dead sender. So messages of a channel keep their order and
several become one, and a channel that hangs holds up nobody but itself.

Whoever gives a message a later moment queues a job for that moment; a job serves all that is due on its channel.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import structlog
from sqlmodel import Session

from cicd_health import queue, settings, vault
from cicd_health.alerts import holding, message, send
from cicd_health.alerts.holding import Waiting
from cicd_health.alerts.message import Message, Part
from cicd_health.flow import telling
from cicd_health.model.alerts import NotificationKind
from cicd_health.store import engine, outbox
from cicd_health.store.names import row_id
from cicd_health.store.tables import ChannelRow, NotificationRow

log = structlog.get_logger(__name__)

GIVE_UPS = 3  # so many messages given up, and none taken since: the channel is switched off
SOON = timedelta(seconds=2)  # when somebody else is sending: to see whether it died
AWAY = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)
SETTLE_AGAIN_S = 0.5
SETTLE_FOR_S = 3600.0
OFF = "the channel is switched off"


@dataclass(frozen=True, slots=True)
class Taken:
    """Messages that leave as one, and where to."""

    channel: ChannelRow
    messages: Sequence[NotificationRow]

    @property
    def ids(self) -> list[int]:
        return [row_id(one) for one in self.messages]


def deliver(notification_id: int, now: datetime) -> datetime | None:
    """Send what is due on the channel of this message, one after the other.

    None when nothing more is due; the moment to look again when somebody else sends for the channel.
    """
    clock = _Clock(now)
    while True:
        taken = _take(notification_id, clock())
        if not isinstance(taken, Taken):
            return taken
        _settle_at_last(taken, _send(taken), clock)


def deliver_now(notification_id: int, now: datetime) -> datetime | None:
    """Send this one message, whatever it was to wait for; None when that is settled."""
    with engine.writing() as session:
        channel = outbox.channel_of(session, notification_id)
        row = outbox.message(session, notification_id)
        if channel is None or row is None or row.state != "queued":
            return None
        if _is_sending(session, channel, now):
            return now + SOON
        taken = Taken(channel, outbox.begin(session, [notification_id], now))
    _settle_at_last(taken, _send(taken), _Clock(now))
    return None


def _take(notification_id: int, now: datetime) -> Taken | datetime | None:
    """The next message of the channel; None when none may leave, the moment to look again when somebody else sends."""
    with engine.writing() as session:
        channel = outbox.channel_of(session, notification_id)
        if channel is None:
            return None
        if not channel.enabled or channel.switched_off_at:
            if outbox.give_up(session, row_id(channel), OFF):
                engine.announce(session, "alerts")
            return None
        if _is_sending(session, channel, now):
            return now + SOON
        ids = _planned(session, channel, now)
        return Taken(channel, outbox.begin(session, ids, now)) if ids else None


def _is_sending(session: Session, channel: ChannelRow, now: datetime) -> bool:
    """Whether the channel has a sender at work. What a dead one left is queued again."""
    began = outbox.sending(session, row_id(channel))
    if began is not None and began + outbox.LEASE <= now:
        outbox.abandon(session, row_id(channel), now)
        return False
    return began is not None


def _planned(session: Session, channel: ChannelRow, now: datetime) -> Sequence[int]:
    """The messages that leave now as one; the others that are due get a later moment, and a job for it."""
    id = row_id(channel)
    waiting = [_waiting(row) for row in outbox.waiting(session, id, now)]
    fresh = [one.created_at for one in waiting if one.fresh and one.due(now)]
    recent = outbox.queued_since(session, id, min(fresh) - holding.TOGETHER) if fresh else []
    sent = outbox.left_since(session, id, now - holding.HOUR) if channel.per_hour else []
    plan = holding.planned(waiting, recent, sent, telling.wishes(channel), now)
    for hold in set(plan.holds.values()):
        ids = [one for one, until in plan.holds.items() if until == hold]
        outbox.hold(session, ids, hold.until, hold.why)
        _wake(session, id, min(ids), hold.until)
    if plan.holds or plan.take:
        engine.announce(session, "alerts")
    return plan.take


def _waiting(row: sa.Row[Any]) -> Waiting:
    place = (row.id, row.incident_id, row.severity, row.created_at)
    return Waiting(*place, row.next_try_at, row.held, row.attempts, row.claimed_at)


def _wake(session: Session, channel_id: int, notification_id: int, at: datetime) -> None:
    """Have the channel served at that moment."""
    queue.enqueue(session, "deliver", f"channel-{channel_id}-{at.timestamp():.3f}", notification_id, at=at)


def _send(taken: Taken) -> send.SendFailed | None:
    """Bring the message to its channel; what went wrong, None when the channel took it."""
    try:
        send.send(target(taken.channel), _told(taken))
    except send.SendFailed as failure:
        return failure
    return None


def target(channel: ChannelRow) -> send.Target:
    """Where the channel's messages go. Raises SendFailed."""
    if channel.url is None:
        found = send.targets(settings.get()).get(channel.slug)
        if found is None:
            raise send.SendFailed("the setting of this channel is gone", permanent=True)
        return found
    try:
        return send.Target(channel.kind, vault.unseal(channel.url))
    except vault.WrongKey as wrong:
        raise send.SendFailed(f"the address cannot be read: {wrong}; enter it again", permanent=True) from None


def _told(taken: Taken) -> Message:
    first = taken.messages[0]
    if len(taken.messages) == 1:
        return Message(first.title, first.body, failed=first.kind != NotificationKind.RESOLVED)
    zone = ZoneInfo(taken.channel.zone)
    parts = [
        Part(NotificationKind(one.kind), one.title, one.body, one.incident_id, one.created_at.astimezone(zone))
        for one in taken.messages
    ]
    public_url = settings.get().public_url
    if taken.channel.digest_at and any((one.held or "").startswith("daily digest") for one in taken.messages):
        day = (taken.messages[-1].claimed_at or first.created_at).astimezone(zone).date()
        return message.digest(parts, public_url, day)
    return message.grouped(parts, public_url)


def _settle_at_last(taken: Taken, failure: send.SendFailed | None, clock: _Clock) -> None:
    """Write down what came of it. A database that is away is waited for: others would send it again."""
    give_up_at = time.monotonic() + SETTLE_FOR_S
    while True:
        try:
            return _settle(taken, failure, clock)
        except AWAY as error:
            if time.monotonic() > give_up_at:
                raise
            log.warning("what was sent cannot be written down yet", ids=taken.ids, error=type(error).__name__)
            time.sleep(SETTLE_AGAIN_S)  # nothing tells when the database is back


def _settle(taken: Taken, failure: send.SendFailed | None, clock: _Clock) -> None:
    with engine.writing() as session:
        now = clock()
        engine.announce(session, "alerts")
        channel = outbox.channel_of(session, taken.ids[0])
        if channel is None:
            return
        if failure is None:
            outbox.took(session, row_id(channel), taken.ids, now)
        elif mine := _still_mine(session, taken):
            _refused(session, channel, mine, failure, now)


def _still_mine(session: Session, taken: Taken) -> Taken | None:
    """What nobody else sends or has sent since: whoever is slow enough to be taken for dead has no say any more."""
    ids = outbox.still_mine(session, taken.ids, taken.messages[0].claimed_at)
    messages = [one for one in taken.messages if row_id(one) in ids]
    return Taken(taken.channel, messages) if messages else None


def _refused(session: Session, channel: ChannelRow, taken: Taken, failure: send.SendFailed, now: datetime) -> None:
    """Try again later, together; give up what was tried for long enough, and a channel that refuses for good."""
    tries = max(one.attempts for one in taken.messages)
    again = [row_id(one) for one in taken.messages if _may_try_again(one, failure, now)]
    over = [id for id in taken.ids if id not in again]
    if again:
        again_at = queue.next_try(tries, now, now) or now
        outbox.refused(session, row_id(channel), again, failure.error, again_at)
        _wake(session, row_id(channel), again[0], again_at)
    if over:
        outbox.refused(session, row_id(channel), over, failure.error, None)
        since = channel.sent_at
        if failure.for_good or outbox.given_up_since(session, row_id(channel), since) >= GIVE_UPS:
            _switch_off(session, channel, failure.error, now)


def _may_try_again(one: NotificationRow, failure: send.SendFailed, now: datetime) -> bool:
    since = one.tried_at or one.created_at
    return queue.next_try(one.attempts, since, now, permanent=failure.permanent) is not None


def _switch_off(session: Session, channel: ChannelRow, error: str, now: datetime) -> None:
    """It refused for good: ask it no more, and say so to the others."""
    channel.switched_off_at, channel.error = now, error
    session.flush()
    outbox.give_up(session, row_id(channel), OFF)
    told = message.switched_off(channel.name, error, settings.get().public_url)
    telling.say_to_all(session, told, now, but=row_id(channel))


class _Clock:
    """The time now, from a given moment on."""

    def __init__(self, now: datetime) -> None:
        self.began, self.now = time.monotonic(), now

    def __call__(self) -> datetime:
        return self.now + timedelta(seconds=time.monotonic() - self.began)
