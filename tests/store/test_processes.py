"""Which processes live: whoever gave a sign of life in the last minute."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from cicd_health import flow
from cicd_health.model.processes import Process
from cicd_health.store import engine, processes

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WEB = Process("w", "web", "one.example", 11, "1.0", NOON, NOON)
WORKER = replace(WEB, id="k", role="worker", pid=12)


def living(now: datetime) -> list[tuple[str, datetime]]:
    with engine.reading() as session:
        return [(one.role, one.seen_at) for one in processes.alive(session, now)]


def known() -> list[str]:
    with engine.reading() as session:
        return [one.role for one in processes.known(session)]


def test_a_process_lives_as_long_as_it_says_so_and_not_after_it_left(database: sa.Engine):
    later = NOON + timedelta(seconds=55)
    flow.beat(WEB, NOON)
    flow.beat(WORKER, NOON)
    flow.beat(WORKER, later)
    assert living(later) == [("worker", later), ("web", NOON)]
    assert living(NOON + timedelta(seconds=61)) == [("worker", later)]
    assert known() == ["worker", "web"], "one that was killed is known for a day"
    flow.leave(WORKER.id)
    assert living(later) == [("web", NOON)]
    flow.beat(WORKER, NOON + timedelta(days=1, seconds=1))
    assert known() == ["worker"]
