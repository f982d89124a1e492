"""What changed reaches everybody who waits, once, and costs one reading however many they are."""

import asyncio
import subprocess
import sys
import threading

import pytest
import sqlalchemy as sa

from cicd_health import flow, live
from cicd_health.store import engine
from tests.bodies import NOON, delivery, github_run


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> live.Hub:
    fresh = live.Hub()
    monkeypatch.setattr(live, "hub", fresh)
    return fresh


async def test_a_hundred_viewers_share_one_reading(hub: live.Hub):
    readings = []
    answers = await asyncio.gather(
        *(hub.snapshot("overview", lambda: readings.append(1) or "seen") for _ in range(100))
    )
    assert set(answers) == {"seen"}
    assert len(readings) == 1


async def test_another_question_is_another_reading_and_a_change_forgets_both(hub: live.Hub):
    readings = []
    for key in ("7d", "30d", "7d"):
        await hub.snapshot(key, lambda: readings.append(1))
    assert len(readings) == 2
    hub.publish()
    await hub.snapshot("7d", lambda: readings.append(1))
    assert len(readings) == 3


async def test_a_reading_that_failed_is_tried_again(hub: live.Hub):
    with pytest.raises(ZeroDivisionError):
        await hub.snapshot("7d", lambda: 1 / 0)
    assert await hub.snapshot("7d", lambda: "well") == "well"


async def test_a_reading_that_hangs_is_waited_for_only_so_long_and_serves_whoever_asks_later(hub: live.Hub):
    answered, readings = threading.Event(), []

    def load() -> str:
        readings.append(1)
        answered.wait(30)
        return "seen"

    with pytest.raises(TimeoutError):
        await hub.snapshot("7d", load, within_s=0.05)
    answered.set()
    assert await hub.snapshot("7d", load) == "seen"
    assert len(readings) == 1


async def test_waiting_ends_at_the_next_change_or_by_itself(hub: live.Hub):
    waiting = asyncio.create_task(hub.wait(hub.version, timeout=30))
    await asyncio.sleep(0)
    hub.publish()
    await asyncio.wait_for(waiting, 1)
    await asyncio.wait_for(hub.wait(hub.version - 1, timeout=30), 1)  # it changed before we asked
    await asyncio.wait_for(hub.wait(hub.version, timeout=0.01), 1)


async def changed(hub: live.Hub, seen: int) -> bool:
    await hub.wait(seen, timeout=10)
    return hub.version != seen


async def listens(hub: live.Hub) -> None:
    """PostgreSQL says once that it is being listened to."""
    if engine.engine().dialect.name == "postgresql":
        assert await changed(hub, 0)


async def test_a_commit_of_this_process_is_told(database: sa.Engine, hub: live.Hub):
    async with live.listening():
        await listens(hub)
        seen = hub.version
        await asyncio.to_thread(flow.receive, [delivery(github_run())], NOON)
        assert await changed(hub, seen)


OTHER = """
from tests.bodies import NOON, delivery, github_run
from cicd_health import flow
flow.receive([delivery(github_run())], NOON)
"""


async def test_a_commit_of_another_process_is_told(database: sa.Engine, hub: live.Hub):
    async with live.listening():
        await listens(hub)
        await asyncio.sleep(live.POLL_S)  # the first look at the file is what later ones are compared with
        seen = hub.version
        await asyncio.to_thread(subprocess.run, [sys.executable, "-c", OTHER], check=True)
        assert await changed(hub, seen)
