"""`WS /ws`: what changed, as it happens, over a websocket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial

from anyio import create_task_group
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from starlette.concurrency import run_in_threadpool

from cicd_health.api import auth, feed, origin
from cicd_health.api.feed import Feed, Listener

REFUSED = 4401
TOO_SLOW = 4408


def router(told: Feed) -> APIRouter:
    routes = APIRouter()

    @routes.websocket("/ws")
    async def ws(websocket: WebSocket) -> None:
        if not await run_in_threadpool(_may_listen, websocket):
            await websocket.close(REFUSED)
            return
        await websocket.accept()
        with told.listening() as listener:
            listener.tell(await told.summary())
            await _until_first(partial(_send, websocket, listener), partial(_gone, websocket))

    return routes


def _may_listen(websocket: WebSocket) -> bool:
    token = websocket.query_params.get("token")
    if auth.bearer(websocket.headers) is None and token is None and not origin.is_own(websocket.headers):
        return False
    return feed.may_listen(websocket.headers, token, datetime.now(UTC))


async def _send(websocket: WebSocket, listener: Listener) -> None:
    """Pass messages on until the client may not listen any more, or does not keep up."""
    while True:
        messages = await listener.hear()  # the hub has something to say every half minute, if only the summary
        if listener.behind:
            return await websocket.close(TOO_SLOW)
        if not await run_in_threadpool(_may_listen, websocket):
            return await websocket.close(REFUSED)
        for message in messages:
            try:
                await websocket.send_text(message.text)
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
