"""What is here of logs, and fetching what is wanted, as the jobs do it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from cicd_health import flow
from cicd_health.flow import log_reading
from cicd_health.model.logs import Log
from cicd_health.store import engine, logs
from cicd_health.store.tables import JobRow, LogRow
from tests import watching


def ago(minutes: float) -> datetime:
    return watching.now().replace(microsecond=0) - timedelta(minutes=minutes)


def rows(kind: Any) -> list[Any]:
    with engine.reading() as session:
        return list(session.scalars(sa.select(kind).order_by(kind.id)))


def wanted() -> list[int]:
    return [row.id for row in rows(LogRow) if row.state == "pending" or row.next_try_at is not None]


def kept(job: JobRow) -> Log:
    with engine.reading() as session:
        log = logs.find(session, job.run_id or 0, job.attempt, job.id)
    assert log is not None
    return log


def texts(log_id: int) -> list[str]:
    return [line.text for line in log_reading.all_lines(log_id)]


def fetch_all(now: datetime | None = None) -> list[datetime | None]:
    return [flow.fetch_log(log_id, now or watching.now()) for log_id in wanted()]
