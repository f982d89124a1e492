"""What runs in the background, by name. Each body is one call of flow."""

from __future__ import annotations

from datetime import datetime, timedelta

from cicd_health import flow
from cicd_health.queue import Job


def deliver(notification_id: int, now: datetime) -> datetime | None:
    return flow.deliver(notification_id, now)


def deliver_now(notification_id: int, now: datetime) -> datetime | None:
    return flow.deliver_now(notification_id, now)


def recover(now: datetime) -> None:
    flow.recover(now)


def prune(now: datetime) -> datetime | None:
    return flow.prune_for_a_while(now)


def poll_due(now: datetime) -> None:
    flow.queue_due(now)


def poll(watch_id: int, queued_at: str, now: datetime) -> None:
    flow.poll(watch_id, now, datetime.fromisoformat(queued_at))


def backfill(watch_id: int, walk: str, now: datetime) -> datetime | None:
    return flow.backfill(watch_id, walk, now)


def fetch_log(log_id: int, now: datetime) -> datetime | None:
    return flow.fetch_log(log_id, now)


def find_cause(log_id: int, now: datetime) -> None:
    flow.find_cause(log_id, now)


def move_logs(now: datetime) -> None:
    flow.move_logs(now)


def watch(now: datetime) -> None:
    flow.evaluate_clock(now)


def examine(now: datetime) -> None:
    flow.examine_due(now)


def count_anew(now: datetime) -> None:
    flow.count_anew(now)


JOBS = (
    Job("deliver", deliver),
    Job("deliver_now", deliver_now),
    Job("poll_due", poll_due, every=timedelta(seconds=30)),
    Job("poll", poll),
    Job("backfill", backfill),
    Job("fetch_log", fetch_log),
    Job("find_cause", find_cause),
    Job("move_logs", move_logs, every=timedelta(minutes=1)),
    Job("watch", watch, every=timedelta(seconds=15)),
    Job("examine", examine, every=timedelta(seconds=30)),
    Job("count_anew", count_anew),
    Job("recover", recover, every=timedelta(seconds=20)),
    Job("prune", prune, every=timedelta(hours=24)),
)
