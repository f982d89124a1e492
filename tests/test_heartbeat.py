"""Signs of life: of whoever lives, and of a worker only while it can work."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import sqlalchemy as sa

from cicd_health import heartbeat
from cicd_health.model.processes import WORKER
from cicd_health.store import engine, processes


def living() -> int:
    with engine.reading() as session:
        return len(processes.alive(session, datetime.now(UTC)))


async def test_a_worker_that_cannot_work_passes_for_none_until_it_can(database: sa.Engine, monkeypatch):
    monkeypatch.setattr(heartbeat, "LOOK_S", 0.01)
    monkeypatch.setattr(heartbeat, "BEAT_S", 0.01)
    before: list[int] = []
    beaten = asyncio.Event()

    def works() -> bool:
        before.append(living())
        if before[-1]:
            beaten.set()
        return len(before) > 3

    async with heartbeat.beating(WORKER, works), asyncio.timeout(30):
        await beaten.wait()
    assert before[:4] == [0, 0, 0, 0]
    assert living() == 0
