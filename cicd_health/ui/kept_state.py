"""The state of open pages is kept in Redis, where there is one: while it is away, pages say that they are cut off.

Without this they would stand still and say nothing: what follows a change ends at the first answer of Redis it misses.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cicd_health import settings

log = structlog.get_logger(__name__)
SOCKET = "/_event"
CHECK_S = 1.0
ANSWERS_WITHIN_S = 2.0
AWAY = 1012  # the server begins anew: browsers come back by themselves
GONE: Message = {"type": "websocket.disconnect", "code": AWAY}


class KeptState:
    """Of this process: whether Redis is there, and the sockets of pages, which are closed when it goes."""

    def __init__(self) -> None:
        self._away = False
        self._lost: asyncio.Future[None] | None = None  # done when Redis goes; then there is another

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """While this is open, Redis is watched, if there is one."""
        url = settings.get().redis_url
        self._lost = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._watch(url)) if url else None
        try:
            yield
        finally:
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def _watch(self, url: str) -> None:
        """One connection, kept: when it breaks, Redis was away, however short that was."""
        while True:
            try:
                async with _connection(url) as redis:
                    while True:
                        await redis.execute_command("PING")
                        self._away = False
                        await asyncio.sleep(CHECK_S)
            except Exception as error:  # whatever it is, pages come back when it is over
                self._lose(error)
            await asyncio.sleep(CHECK_S)

    def _lose(self, error: Exception) -> None:
        if not self._away:
            log.warning("redis is away, pages wait for it", error=type(error).__name__)
        self._away = True
        lost, self._lost = self._lost, asyncio.get_running_loop().create_future()
        if lost is not None and not lost.done():
            lost.set_result(None)

    def guarded(self, app: ASGIApp) -> ASGIApp:
        """The application, whose pages have no socket while Redis is away."""

        async def guard(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "websocket" or not scope["path"].startswith(SOCKET) or self._lost is None:
                await app(scope, receive, send)
            elif self._away:
                await receive()
                await send({"type": "websocket.close", "code": AWAY})
            else:
                await self._until_lost(app, scope, receive, send, self._lost)

        return guard

    async def _until_lost(
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, lost: asyncio.Future[None]
    ) -> None:
        """To the application it looks as if the browser had gone, to the browser as if the server had."""

        async def receive_or_gone() -> Message:
            if lost.done():
                return GONE
            reading = asyncio.ensure_future(receive())
            try:
                await asyncio.wait({reading, lost}, return_when=asyncio.FIRST_COMPLETED)
                return GONE if lost.done() else reading.result()
            finally:
                reading.cancel()

        await app(scope, receive_or_gone, send)
        if lost.done():
            with contextlib.suppress(Exception):  # the browser may have gone, too
                await send({"type": "websocket.close", "code": AWAY})


def _connection(url: str) -> Redis:
    return Redis.from_url(
        url,
        single_connection_client=True,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=ANSWERS_WITHIN_S,
        socket_connect_timeout=ANSWERS_WITHIN_S,
    )
