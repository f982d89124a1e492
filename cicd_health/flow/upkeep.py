"""What is done at the start, and by the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlmodel import Session

from cicd_health import queue, settings
from cicd_health.flow import channels, connecting, fetching, inbox, incidents, logs, sums, waking
from cicd_health.model import acting
from cicd_health.store import audit, deliveries, engine, outbox, rules

Pruned = Callable[[str, int | None], None]
LOST_AGE = timedelta(seconds=30)  # a delivery kept longer ago and not applied has lost its process


def nobody(what: str, gone: int | None) -> None:
    """Tell nobody."""


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
        inbox.apply_kept(delivery_id, now)
    with engine.writing() as session:
        stranded = outbox.stranded(session, now)
        for notification_id in stranded:
            queue.enqueue(session, "deliver", f"{notification_id}-{now:%Y%m%dT%H%M}", notification_id)
    sums.fold_endings(now)
    found = len(lost) + len(stranded) + fetching.recover_logs(now)
    return found + waking.wake_forgotten(now) + incidents.settle_strays(now)


def prune(now: datetime, told: Pruned = nobody) -> int:
    """Delete what is older than the settings keep it, some at a time; how many.

    `told` hears of each kind of thing before and after its turn, with None and how many went.
    """
    chosen = settings.get()
    deliveries_end = now - timedelta(days=chosen.delivery_retention_days)
    audit_end = now - timedelta(days=chosen.audit_retention_days)
    turns: dict[str, Callable[[], int]] = {
        "deliveries": lambda: _forget(deliveries.prune, deliveries_end),
        "messages": lambda: _forget(outbox.prune, deliveries_end),
        "logs": lambda: logs.forget_old_logs(now),
        "runs": lambda: sums.forget_old_runs(now),
        "audit_entries": lambda: _forget(_some_audit_entries, audit_end),
    }
    gone = {}
    for what, turn in turns.items():
        told(what, None)
        gone[what] = turn()
        told(what, gone[what])
    if acting.by_somebody():
        with engine.writing() as session:
            audit.note(session, "data.pruned", "what is older than the settings keep it", now, **gone)
    return sum(gone.values())


def _some_audit_entries(session: Session, before: datetime) -> int:
    return audit.prune(session, before, limit=1000)


def _forget(some_of: Callable[[Session, datetime], int], before: datetime) -> int:
    gone = 0
    while True:
        with engine.writing() as session:
            some = some_of(session, before)
        gone += some
        if not some:
            return gone
