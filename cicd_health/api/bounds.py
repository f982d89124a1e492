"""How large a request may be, and how long it may take to arrive. Bodies are counted where they are read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Message, Receive, Scope

from cicd_health.api import bodies
from cicd_health.api.problems import RETRY_AFTER_S, problem

LONGEST_PATH = 4096
LONGEST_QUERY = 16 * 1024
MOST_HEADER_BYTES = 64 * 1024
WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})
FIRST_S = 30.0  # a body has so long, and then as long as it comes at this pace
SLOWEST = 20_000  # bytes a second
SMALL = 128 * 1024  # bytes of a body for which there is always room, in as many connections as there may be
LARGE_TOGETHER = 300 * 2**20  # bytes of all larger bodies at a time
FULL = "Too many large bodies are arriving. Try again in a moment."


def refusal(scope: Scope) -> Response | None:
    """What to answer to a request whose head is larger than any that makes sense."""
    if len(scope["path"]) > LONGEST_PATH:
        return problem(414, f"The path is longer than {LONGEST_PATH:,} characters.")
    if len(scope.get("query_string", b"")) > LONGEST_QUERY:
        return problem(414, f"The query is longer than {LONGEST_QUERY:,} bytes.")
    if sum([len(name) + len(value) for name, value in scope["headers"]]) > MOST_HEADER_BYTES:
        return problem(431, f"The headers are larger than {MOST_HEADER_BYTES:,} bytes.")
    return None


def in_time(receive: Receive) -> Receive:
    """The same body, or 408 when it comes too slowly. Waiting for the end of the connection may take any time."""
    clock = asyncio.get_running_loop().time
    began, size, whole = clock(), 0, False

    async def receive_in_time() -> Message:
        nonlocal size, whole
        if whole:
            return await receive()
        try:
            async with asyncio.timeout_at(began + FIRST_S + size / SLOWEST):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, "The body came too slowly.", {"Connection": "close"}) from None
        size += len(message.get("body", b""))
        whole = not message.get("more_body", False)
        return message

    return receive_in_time


class Room:
    """What the large bodies of all requests may hold together, in this process: nobody needs a key to send one."""

    def __init__(self, left: int = LARGE_TOGETHER) -> None:
        self.left = left

    @contextmanager
    def body(self, receive: Receive) -> Iterator[Receive]:
        """The same body, or 503 when there is no room; the block is as long as it is held."""
        size = held = 0

        async def receive_with_room() -> Message:
            nonlocal size, held
            message = await receive()
            size += len(message.get("body", b""))
            more = min(size, bodies.LIMIT) - held if size > SMALL else 0
            if more > self.left:
                raise HTTPException(503, FULL, {"Retry-After": str(RETRY_AFTER_S), "Connection": "close"})
            held, self.left = held + more, self.left - more
            return message

        try:
            yield receive_with_room
        finally:
            self.left += held
