"""What changed, told to every browser and socket: one shared snapshot per view, never a query per viewer.

The store announces each commit; PostgreSQL carries it to the other processes, and on SQLite the file itself
says that another process wrote. Announcements are gathered, so that a burst of webhooks is one push.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Hashable
from typing import Any

import psycopg
import sqlalchemy as sa
import structlog

from cicd_health import access, settings
from cicd_health.store import engine
from cicd_health.store.rights import last_withdrawn

log = structlog.get_logger(__name__)
GATHER_S = 0.3  # the least time between two pushes
REST = 4  # so many times what the snapshots of a push cost is left to everything else before the next
LONGEST_REST_S = 5.0
ON_TIME_S = 0.02
PATIENCE_S = 15.0  # with one snapshot: all of them take less, by far
TICK_S = 30.0
POLL_S = 1.0  # how often SQLite is asked whether another process wrote
RECONNECT_S = 2.0
TOLD_LOST = 2  # at once, and once more, as what was read in that very moment may still have been there


class Changing:
    """A version that grows with every change, and those who wait for the next one. On the event loop only."""

    def __init__(self) -> None:
        self.version = 0
        self._waiters: set[asyncio.Future[None]] = set()

    def publish(self) -> None:
        """Say that something changed."""
        self.version += 1
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self, seen: int, timeout: float) -> None:  # noqa: ASYNC109 - the heartbeat of the one who waits
        """Return as soon as the version is not `seen`, or after `timeout` seconds."""
        if self.version != seen:
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            async with asyncio.timeout(timeout):
                await waiter
        except TimeoutError:
            pass
        finally:
            self._waiters.discard(waiter)


class Hub(Changing):
    """One per process: what changed of all that is shown, and snapshots that hold until something does."""

    def __init__(self) -> None:
        super().__init__()
        self.cost_s = 0.0  # of the snapshots of this version, in seconds of a core
        self._snapshots: dict[Hashable, asyncio.Task[Any]] = {}

    def publish(self) -> None:
        self.cost_s = 0.0
        self._snapshots.clear()
        super().publish()

    async def snapshot(self, key: Hashable, load: Callable[[], Any], within_s: float = PATIENCE_S) -> Any:
        """What `load` gives, run once in a thread for everybody who asks with the same key at this version.

        Raises TimeoutError when it is not there by then, as the database hangs: who waits can then say so. It goes on.
        """
        task = self._snapshots.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._snapshots[key] = asyncio.create_task(asyncio.to_thread(self._timed, load))
        async with asyncio.timeout(within_s):
            return await asyncio.shield(task)

    def _timed(self, load: Callable[[], Any]) -> Any:
        begun = time.thread_time()
        try:
            return load()
        finally:
            self.cost_s += time.thread_time() - begun


hub = Hub()
rights = Changing()  # who may do what: a session or key was revoked, somebody disabled or given another role


def rights_changed() -> None:
    """What was looked up about people and keys may not be true any more; whoever is connected is asked again."""
    access.forget_people()
    access.forget_keys()
    rights.publish()


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[None]:
    """While this is open, every commit, of any process, reaches the hub."""
    loop = asyncio.get_running_loop()
    dirty = asyncio.Event()
    own = threading.Event()

    def committed(topics: frozenset[str]) -> None:
        own.set()
        loop.call_soon_threadsafe(dirty.set)
        if access.TOPIC in topics:
            loop.call_soon_threadsafe(rights_changed)

    stop = engine.subscribe(committed)
    postgres = engine.engine().dialect.name == "postgresql"
    tasks = [
        asyncio.create_task(_push(dirty)),
        asyncio.create_task(_listen(dirty) if postgres else _watch(dirty, own)),
    ]
    try:
        yield
    finally:
        stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _push(dirty: asyncio.Event) -> None:
    """Publish what changed, and every half minute all the same: "9 min ago" moves on when nothing happens."""
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TICK_S):
                await dirty.wait()
        dirty.clear()
        hub.publish()
        await asyncio.sleep(GATHER_S)
        await asyncio.sleep(min(REST * hub.cost_s + await _sent(), LONGEST_REST_S))


async def _sent() -> float:
    """Wait until the pages have what was published, as the loop comes on time again; the seconds that took.

    A thousand pages keep it busy for long. As much again is left to webhooks and questions before the next push.
    """
    clock = asyncio.get_running_loop().time
    begun = asked = clock()
    while asked - begun < LONGEST_REST_S:
        await asyncio.sleep(ON_TIME_S)
        late_s, asked = clock() - asked - ON_TIME_S, clock()
        if late_s < ON_TIME_S:
            break
    return asked - begun - ON_TIME_S


async def _listen(dirty: asyncio.Event) -> None:
    """PostgreSQL: wait for NOTIFY; after a lost connection, suppose that something was missed."""
    lost = 0  # tries since it was last heard
    while True:
        try:
            dsn = sa.make_url(settings.get().database_url).set(drivername="postgresql")
            async with await psycopg.AsyncConnection.connect(
                dsn.render_as_string(hide_password=False), autocommit=True, **engine.NOTICES_A_CUT
            ) as connection:
                await connection.execute(f"LISTEN {engine.CHANNEL}")
                lost = 0
                dirty.set()
                rights_changed()
                async for told in connection.notifies():
                    dirty.set()
                    if access.TOPIC in json.loads(told.payload):
                        rights_changed()
        except Exception as error:  # whatever it was, the page must go live again by itself
            log.warning("listener lost", error=str(error))
            lost += 1
            if lost <= TOLD_LOST:
                dirty.set()  # whoever looks is told at once that nothing can be read
        await asyncio.sleep(RECONNECT_S)


async def _watch(dirty: asyncio.Event, own: threading.Event) -> None:
    """SQLite: `data_version` changes when another connection has written. What was `own` has been told already.

    The version does not say who wrote, nor what: so after each writing, the audit log says whether rights were changed.
    """
    seen: int | None = None
    withdrawn = 0
    while True:
        try:
            with engine.engine().execution_options(reads_only=True).connect() as connection:
                while True:
                    version = connection.exec_driver_sql("PRAGMA data_version").scalar_one()
                    before, withdrawn = withdrawn, last_withdrawn(connection) if version != seen else withdrawn
                    connection.rollback()
                    if seen is None or withdrawn != before:
                        rights_changed()
                    if seen is None or (version != seen and not own.is_set()):
                        dirty.set()
                    seen = version
                    own.clear()
                    await asyncio.sleep(POLL_S)
        except sa.exc.SQLAlchemyError as error:
            log.warning("cannot watch the database", error=str(error))
            dirty.set()  # pages look again, and say what is wrong
            seen = None  # the next connection counts from elsewhere, and something may have been missed
            await asyncio.sleep(RECONNECT_S)
