"""Websockets that we close are closed: the server would wait with that until nobody reads from them any more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

GONE: Message = {"type": "websocket.disconnect", "code": 1000}


class HangUp:
    """Wraps the application: whoever reads from a websocket that is closed from our side is told that it has ended."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        line = _Line(receive, send)
        await self.app(scope, line.receive, line.send)


class _Line:
    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._reading: asyncio.Future[Any] | None = None
        self._ended = False

    async def receive(self) -> Message:
        if self._ended:
            return GONE
        self._reading = asyncio.ensure_future(_awaited(self._receive()))
        try:
            return await self._reading
        except asyncio.CancelledError:
            if self._ended:  # not we are cancelled, but the reading
                return GONE
            self._reading.cancel()
            raise

    async def send(self, message: Message) -> None:
        if message["type"] == "websocket.close":
            self._ended = True
            if self._reading is not None and not self._reading.done():
                self._reading.cancel()
                await asyncio.gather(self._reading, return_exceptions=True)
        await self._send(message)


async def _awaited(message: Awaitable[Message]) -> Message:
    return await message
