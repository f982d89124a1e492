"""What is done at the start, and by the clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from cicd_health import queue, settings
from cicd_health.flow import channels, connecting, fetching, inbox, logs, sums
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
    """Take up what a dead process left: deliveries not applied, messages and logs that lost their job; how many."""
    with engine.reading() as session:
        lost = deliveries.unapplied(session, now - LOST_AGE, limit=500)
    for delivery_id in lost:
        inbox.replay(delivery_id, now)
    with engine.writing() as session:
        stranded = outbox.stranded(session, now)
        for notification_id in stranded:
            queue.enqueue(session, "deliver", f"{notification_id}-{now:%Y%m%dT%H%M}", notification_id)
    return len(lost) + len(stranded) + fetching.recover_logs(now)


def prune(now: datetime) -> int:
    """Delete deliveries, logs and runs that are older than the settings keep them, some at a time; how many."""
    return _forget_deliveries(now) + logs.forget_old_logs(now) + sums.forget_old_runs(now)


def _forget_deliveries(now: datetime) -> int:
    before = now - timedelta(days=settings.get().delivery_retention_days)
    gone = 0
    while True:
        with engine.writing() as session:
            some = deliveries.prune(session, before)
        gone += some
        if not some:
            return gone
