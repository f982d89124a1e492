"""Who is told of an incident, and when: messages are queued in the transaction that changed it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health import queue
from cicd_health.alerts import holding
from cicd_health.alerts.holding import Hold, Wishes
from cicd_health.alerts.message import Message
from cicd_health.model.alert_drafts import Quiet
from cicd_health.model.alert_scope import Scope
from cicd_health.model.alerts import NotificationKind, Severity
from cicd_health.store import channels, engine, outbox
from cicd_health.store.names import row_id
from cicd_health.store.outbox import Entry
from cicd_health.store.tables import ChannelRow, IncidentRow, RuleRow

Place = tuple[str, str, str, str | None]  # provider, repository, pipeline, branch
WORSE = tuple(Severity)  # the worst first


def notify(
    session: Session,
    rule: RuleRow,
    incident: IncidentRow,
    facts_place: Place,
    kind: NotificationKind,
    told: Message,
    now: datetime,
    *,
    waits_for_lines: bool = False,
) -> int:
    """Queue one message for each channel concerned, and the jobs that send them; how many are queued.

    The end of an incident is told to those who were told of it, and never before that. `waits_for_lines`: the log of
    the failing job is being fetched, and `rewrite` lets the message go as soon as its lines are known.
    """
    session.flush()
    incident_id = row_id(incident)
    turn = outbox.next_turn(session, incident_id, kind) if kind is NotificationKind.STILL else incident.turn
    lines = Hold(now + holding.LINES, holding.FOR_LINES) if waits_for_lines else None
    if kind is NotificationKind.RESOLVED:
        before = {id: _hold(waits, now) for id, waits in outbox.told(session, incident).items()}
        concerned = [channel for channel in channels.in_use(session) if channel.id in before]
    else:
        before = {}
        concerned = _routed(session, rule, incident, facts_place)
    storms = _storms(session, concerned, now)
    entries = []
    for channel in concerned:
        id = row_id(channel)
        wished = holding.held(wishes(channel), incident.severity, now, now)
        hold = _longest([storms.get(id) or lines, before.get(id), wished])  # lines come into what gathers, too
        entries.append(_entry(channel, incident, told, hold))
    queued = outbox.queue(session, entries, kind, now, incident_id, turn)
    _want_senders(session, queued, now)
    engine.announce(session, "alerts")
    return len(queued)


def rewrite(session: Session, incident: IncidentRow, told: Message) -> None:
    """The failing lines are known: give the news of this incident that nobody got yet its new text, and let it go."""
    session.flush()
    for id in outbox.rewrite(session, incident, told.title, told.body, holding.FOR_LINES):
        queue.enqueue(session, "deliver", f"{id}-lines", id)


def say_to_all(session: Session, told: Message, now: datetime, *, but: int) -> None:
    """Queue a message that is of no incident for every channel but this one."""
    others = [row_id(channel) for channel in channels.in_use(session) if channel.id != but]
    entries = [Entry(id, told.title, told.body, Severity.CRITICAL) for id in others]
    _want_senders(session, outbox.queue(session, entries, NotificationKind.DIGEST, now), now)


def wishes(channel: ChannelRow) -> Wishes:
    """How this channel wants to be told."""
    return Wishes(channel.zone, Quiet.from_json(channel.quiet), channel.digest_at, channel.per_hour)


def _routed(session: Session, rule: RuleRow, incident: IncidentRow, place: Place) -> list[ChannelRow]:
    """The channels that are told of this incident."""
    named: Collection[str] = json.loads(rule.channels)
    return [
        channel
        for channel in channels.in_use(session)
        if (not named or channel.slug in named)
        and WORSE.index(Severity(incident.severity)) <= WORSE.index(Severity(channel.min_severity))
        and Scope.from_json(channel.scope).covers(*place)
    ]


def _storms(session: Session, concerned: Iterable[ChannelRow], now: datetime) -> dict[int, Hold | None]:
    """For channels that get many messages now: until when they gather."""
    ids = [row_id(channel) for channel in concerned]
    crowds = outbox.crowds(session, ids, now - holding.TOGETHER, holding.FOR_OTHERS)
    return {id: holding.storm(queued, together_at, now) for id, (queued, together_at) in crowds.items()}


def _entry(channel: ChannelRow, incident: IncidentRow, told: Message, hold: Hold | None) -> Entry:
    until, why = (hold.until, hold.why) if hold else (None, None)
    return Entry(row_id(channel), told.title, told.body, incident.severity, until, why)


def _hold(waits: tuple[datetime | None, str | None] | None, now: datetime) -> Hold | None:
    """What is over waits with the news of it, if that has not left."""
    if waits is None or waits[0] is None or waits[0] <= now:
        return None
    return Hold(waits[0], waits[1] or holding.FOR_TRY)


def _longest(holds: Iterable[Hold | None]) -> Hold | None:
    return max((hold for hold in holds if hold), key=lambda hold: hold.until, default=None)


def _want_senders(session: Session, queued: Collection[sa.Row[Any]], now: datetime) -> None:
    """A job for each message, but one only for those of a channel that wait for the same moment.

    The time is part of its name: SQLite gives the number of a deleted message to another one.
    """
    for row in queued:
        if row.next_try_at is None or not outbox.has_job(session, row.channel_id, row.next_try_at, but=[row.id]):
            queue.enqueue(session, "deliver", f"{row.id}-{now.timestamp():.3f}", row.id, at=row.next_try_at)
