"""The outermost layer: every request has an id, which its answer and each of its log lines carry."""

from __future__ import annotations

import re
import secrets
from time import perf_counter

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger(__name__)
HEADER = b"x-request-id"
SANE = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")


class Traced:
    """Wraps the whole application. An id that a proxy gave holds, if it is one: of 8 to 64 letters and digits."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        id = given(scope) or secrets.token_hex(8).encode()
        bound = structlog.contextvars.bind_contextvars(request_id=id.decode())
        try:
            await self._answer(scope, receive, send, id)
        finally:
            structlog.contextvars.reset_contextvars(**bound)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, id: bytes) -> None:
        status, begun = 0, perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (HEADER, id)]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        finally:
            took_ms = round((perf_counter() - begun) * 1000, 1)
            log.debug("answered", method=scope.get("method"), path=scope["path"], status=status, took_ms=took_ms)


def given(scope: Scope) -> bytes | None:
    """The id that came with the request, if it is a sane one."""
    for name, value in scope["headers"]:
        if name == HEADER:
            return value if SANE.fullmatch(value) else None
    return None
