"""The way of one queued message to its channel."""

from __future__ import annotations

from datetime import datetime

from cicd_health import queue, settings
from cicd_health.alerts import message, send
from cicd_health.model.alerts import NotificationKind, Outgoing
from cicd_health.store import alerts, engine


def deliver(notification_id: int, now: datetime) -> datetime | None:
    """Send one queued message. None when that is settled, else the moment to try again."""
    with engine.writing() as session:
        if not alerts.claim(session, notification_id, now):
            return alerts.look_again_at(session, notification_id, now)
        outgoing = alerts.outgoing(session, notification_id)
    if outgoing is None:
        return None
    failure = _send(outgoing)
    with engine.writing() as session:
        engine.announce(session, "alerts")
        if failure is None:
            alerts.finish(session, notification_id, now)
            return None
        again_at = queue.next_try(outgoing.attempts, outgoing.created_at, now, permanent=failure.permanent)
        alerts.fail(session, notification_id, failure.error, again_at, now)
        return again_at


def _send(outgoing: Outgoing) -> send.SendFailed | None:
    """Bring the message to its channel; what went wrong, None when the channel took it."""
    target = send.targets(settings.get()).get(outgoing.channel_slug)
    if target is None:
        return send.SendFailed("the setting of this channel is gone", permanent=True)
    failed = outgoing.kind is NotificationKind.OPENED
    try:
        send.send(target, message.Message(outgoing.title, outgoing.body, failed=failed))
    except send.SendFailed as failure:
        return failure
    return None
