"""What is done at the start, and by the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlmodel import Session

from cicd_health import queue, settings
from cicd_health.flow import channels, connecting, fetching, inbox, incidents, logs, sums, waking
from cicd_health.store import deliveries, engine, outbox, rules

LOST_AGE = timedelta(seconds=30)  # a delivery kept longer ago and not applied has lost its process


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
        lost = deliveries.unapplied(session, now - LOST_AGE, limit=500)
    for delivery_id in lost:
        inbox.replay(delivery_id, now)
    with engine.writing() as session:
        stranded = outbox.stranded(session, now)
        for notification_id in stranded:
            queue.enqueue(session, "deliver", f"{notification_id}-{now:%Y%m%dT%H%M}", notification_id)
    found = len(lost) + len(stranded) + fetching.recover_logs(now)
    return found + waking.wake_forgotten(now) + incidents.settle_strays(now)


def prune(now: datetime) -> int:
    """Delete what is older than the settings keep it, some at a time: deliveries, messages, logs, runs; how many."""
    before = now - timedelta(days=settings.get().delivery_retention_days)
    gone = _forget(deliveries.prune, before) + _forget(outbox.prune, before)
    return gone + logs.forget_old_logs(now) + sums.forget_old_runs(now)


def _forget(some_of: Callable[[Session, datetime], int], before: datetime) -> int:
    gone = 0
    while True:
        with engine.writing() as session:
            some = some_of(session, before)
        gone += some
        if not some:
            return gone
