"""A tag on each JSON answer to a GET of the API: who has that answer already is told so, and is not sent it again."""

from __future__ import annotations

import hashlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

UNDER = ("/api/", "/builds", "/metrics/")
CACHING = "private, no-cache"  # may be kept, and is asked for again each time


class Tags:
    """Wraps the API. Answers that are streamed, and those that say how to cache them, pass as they are."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(UNDER):
            await self.app(scope, receive, send)
        else:
            await self.app(scope, receive, _Tagging(send, Headers(scope=scope).get("if-none-match", "")))


class _Tagging:
    """Holds the beginning of an answer back until its body, which comes in one piece, is there."""

    def __init__(self, send: Send, known: str) -> None:
        self._send = send
        self._known = known
        self._begun: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_taggable(message):
            self._begun = message
            return
        begun, self._begun = self._begun, None
        if begun is None:
            await self._send(message)
        elif message.get("more_body"):
            await self._send(begun)
            await self._send(message)
        else:
            await self._answer(begun, message)

    async def _answer(self, begun: Message, body: Message) -> None:
        tag = f'W/"{hashlib.blake2b(body.get("body", b""), digest_size=12).hexdigest()}"'
        headers = MutableHeaders(raw=list(begun["headers"]))
        headers["ETag"] = tag
        headers["Cache-Control"] = CACHING
        headers.add_vary_header("Authorization, Cookie")
        status = begun["status"]
        if _is_known(tag, self._known):
            status, body = 304, {"type": "http.response.body", "body": b""}
            del headers["content-length"]
            del headers["content-type"]
        await self._send({**begun, "status": status, "headers": headers.raw})
        await self._send(body)


def _is_taggable(message: Message) -> bool:
    headers = Headers(raw=message["headers"])
    json = headers.get("content-type", "").partition(";")[0] == "application/json"
    return message["status"] == 200 and json and "cache-control" not in headers


def _is_known(tag: str, said: str) -> bool:
    """Whether an If-None-Match header names this tag; weak and strong ones are compared alike."""
    if said.strip() == "*":
        return True
    return tag.removeprefix("W/") in [one.strip().removeprefix("W/") for one in said.split(",")]
