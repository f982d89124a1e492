"""What runs in the background, by name. Each body is one call of flow."""

from __future__ import annotations

from datetime import datetime, timedelta

from cicd_health import flow
from cicd_health.queue import Job


def deliver(notification_id: int, now: datetime) -> datetime | None:
    return flow.deliver(notification_id, now)


def recover(now: datetime) -> None:
    flow.recover(now)


def prune(now: datetime) -> None:
    flow.prune(now)


JOBS = (
    Job("deliver", deliver),
    Job("recover", recover, every=timedelta(minutes=1)),
    Job("prune", prune, every=timedelta(hours=24)),
)
