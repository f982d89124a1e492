"""What is done at the start, and by the clock."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from cicd_health import queue, settings
from cicd_health.flow import channels, connecting, fetching, inbox, incidents, sums, waking
from cicd_health.store import deliveries, engine, outbox, rules

log = structlog.get_logger(__name__)
LOST_AGE = timedelta(seconds=15)  # a delivery kept longer ago and not applied has lost its process
AHEAD = timedelta(minutes=1)  # what lies further ahead was noted by a clock that was set back since
MANY = 500


def start(now: datetime) -> None:
    """Bring what the settings say of rules, channels and sources into the database; called at every start.

    After an upgrade that keeps more sums than before, a job counts them.
    """
    with engine.writing() as session:
        rules.ensure_builtin_rules(session, settings.get().alert_threshold, now)
        channels.sync_env_channels(session, now)
        connecting.sync_settings(session, now)
        sums.want_count(session, now)


def recover(now: datetime) -> int:
    """Take up what a dead process left: deliveries not applied, messages and logs that lost their job; how many.

    And the alerts that nothing else would look at again.
    """
    with engine.reading() as session:
        lost = deliveries.unapplied(session, now - LOST_AGE, now + AHEAD, MANY)
        again = deliveries.due_again(session, now, MANY)
    for delivery_id in (*lost, *again):
        _apply_lost(delivery_id, now)
    with engine.writing() as session:
        outbox.hasten(session, now)
        stranded = outbox.stranded(session, now)
        for notification_id in stranded:
            queue.enqueue(session, "deliver", f"{notification_id}-{now:%Y%m%dT%H%M}", notification_id)
    sums.fold_endings(now)
    found = len(lost) + len(again) + len(stranded) + fetching.recover_logs(now)
    return found + waking.wake_forgotten(now) + incidents.settle_strays(now)


def _apply_lost(delivery_id: int, now: datetime) -> None:
    try:
        inbox.apply_kept(delivery_id, now)
    except Exception:  # whatever it is about this one, the others do not wait for it
        log.exception("delivery not taken up", delivery_id=delivery_id)
