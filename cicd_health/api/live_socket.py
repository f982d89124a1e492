"""`WS /ws`: what changed, as it happens, for programs.

One question to the database per change, and one encoding, however many listen.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Generator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import structlog
from anyio import create_task_group
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from cicd_health.api import alert_shapes, auth, origin, shapes
from cicd_health.api.numbers_shapes import Numbers
from cicd_health.live import Hub
from cicd_health.metrics import report
from cicd_health.model.health import Query
from cicd_health.model.windows import window_ending
from cicd_health.store import alert_lists, engine, lists
from cicd_health.store.alert_lists import IncidentFilter

log = structlog.get_logger(__name__)
UNREAD = 2000  # messages a client may leave unread before it is dropped
OVERLAP = timedelta(seconds=10)  # a transaction that began earlier may commit later
CHECK_S = 30.0  # how often it is asked whether a client may still listen
REFUSED = 4401
TOO_SLOW = 4408


def encode(event: str, data: BaseModel) -> str:
    return json.dumps({"event": event, "data": data.model_dump(mode="json", by_alias=True)}, separators=(",", ":"))


def read_summary(now: datetime) -> str:
    """The summary message: the numbers of the last 7 days."""
    with engine.reading() as session:
        return encode("summary", Numbers.of(report.summary(session, Query(window_ending("7d", now)), now)))


class Changes:
    """What is new since it was asked last. The first answer is what to compare with, and is not told."""

    def __init__(self, now: datetime) -> None:
        self._since = now
        self._runs: dict[int, datetime] | None = None
        self._alerts: dict[int, tuple[Any, ...]] | None = None

    def read(self, now: datetime) -> list[str]:
        """Messages on runs and alerts that are new or changed, oldest first."""
        with engine.reading() as session:
            runs = lists.runs_changed_since(session, self._since - OVERLAP, limit=500)
            latest = alert_lists.incidents(session, IncidentFilter(), limit=100)
            unresolved = alert_lists.incidents(session, IncidentFilter(alert_lists.UNRESOLVED), limit=500)
            alerts = {row["id"]: row for row in (*unresolved, *latest)}
            changed = [alerts[id] for id in sorted(self._changed_alerts(alerts))]
            messages = [encode("alert", alert) for alert in alert_shapes.read_alerts(session, changed)]
        return [*(encode("build_ingested", shapes.Run.of(row)) for row in self._changed_runs(runs, now)), *messages]

    def _changed_runs(self, rows: lists.Rows, now: datetime) -> list[lists.Row]:
        known, since = self._runs, self._since
        self._runs, self._since = {row["id"]: row["updated_at"] for row in rows}, now
        if known is None:
            return [row for row in rows if row["updated_at"] > since]
        return [row for row in rows if known.get(row["id"]) != row["updated_at"]]

    def _changed_alerts(self, alerts: dict[int, lists.Row]) -> list[int]:
        known, columns = self._alerts, ("state", "failures", "last_failed_at", "resolved_at", "muted_until")
        self._alerts = {id: tuple(row[column] for column in columns) for id, row in alerts.items()}
        return [] if known is None else [id for id, state in self._alerts.items() if known.get(id) != state]


class Feed:
    """Everybody who listens, and the one task that tells them while there is anybody."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._listeners: set[asyncio.Queue[str]] = set()
        self._task: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def listening(self) -> Generator[asyncio.Queue[str]]:
        """A queue that fills with messages while the block lasts."""
        queue: asyncio.Queue[str] = asyncio.Queue(UNREAD)
        self._listeners.add(queue)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._follow())
        try:
            yield queue
        finally:
            self._listeners.discard(queue)
            if not self._listeners and self._task is not None:
                self._task.cancel()
                self._task = None  # it ends a moment later: whoever comes meanwhile needs another

    async def summary(self) -> str:
        return await self._hub.snapshot("socket summary", lambda: read_summary(datetime.now(UTC)))

    async def _follow(self) -> None:
        changes = Changes(datetime.now(UTC))
        seen = -1
        while True:
            await self._hub.wait(seen, timeout=60)
            seen = self._hub.version
            try:
                messages = await asyncio.to_thread(changes.read, datetime.now(UTC))
                self._tell([*messages, await self.summary()])
            except Exception as error:  # the database may be away: go on when it is back
                log.warning("live socket", error=str(error))

    def _tell(self, messages: list[str]) -> None:
        for queue in self._listeners:
            for message in messages:
                if not queue.full():
                    queue.put_nowait(message)


def router(hub: Hub) -> APIRouter:
    routes = APIRouter()
    feed = Feed(hub)

    @routes.websocket("/ws")
    async def ws(websocket: WebSocket) -> None:
        if not await run_in_threadpool(_may_listen, websocket):
            await websocket.close(REFUSED)
            return
        await websocket.accept()
        with feed.listening() as queue:
            queue.put_nowait(await feed.summary())
            await _until_first(partial(_send, websocket, queue), partial(_gone, websocket))

    return routes


def _may_listen(websocket: WebSocket) -> bool:
    key = auth.bearer(websocket.headers) or websocket.query_params.get("token")
    if key is None and not origin.is_own(websocket.headers):
        return False
    return "read" in auth.scopes_of(key, websocket.headers.get("cookie"), datetime.now(UTC))


async def _send(websocket: WebSocket, queue: asyncio.Queue[str]) -> None:
    """Pass messages on until the client may not listen any more, or does not keep up."""
    clock = asyncio.get_running_loop().time
    checked = clock()
    while True:
        message = await queue.get()  # the hub has something to say every half minute, if only the summary
        if queue.full():
            return await websocket.close(TOO_SLOW)
        if clock() - checked > CHECK_S:
            if not await run_in_threadpool(_may_listen, websocket):
                return await websocket.close(REFUSED)
            checked = clock()
        try:
            await websocket.send_text(message)
        except (RuntimeError, WebSocketDisconnect):  # it closed meanwhile
            return None


async def _gone(websocket: WebSocket) -> None:
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


async def _until_first(*work: Callable[[], Awaitable[None]]) -> None:
    """Do all at once until one has ended."""
    async with create_task_group() as group:

        async def run(one: Callable[[], Awaitable[None]]) -> None:
            await one()
            group.cancel_scope.cancel()

        for one in work:
            group.start_soon(run, one)
