"""Reading a request's body, up to a limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request

T = TypeVar("T")

LIMIT = 25 * 1024 * 1024  # GitHub's own limit of a webhook
SPOKEN = 4 * 1024 * 1024  # of what FastAPI reads by itself, all of it and before it asks who sends it
LARGE = 256 * 1024  # what takes long enough to read that others would notice
PATIENCE = 4  # times the limit are read, and thrown away, so that the sender gets to see the answer
READ = 10 * PATIENCE * LIMIT  # `read` has the say before that


async def reading(body: bytes, work: Callable[..., T], *args: object) -> T:
    """What `work(*args)` makes of a body: in a thread when the body is large, so that nobody else waits for it."""
    return await run_in_threadpool(work, *args) if len(body) > LARGE else work(*args)


async def read(request: Request, limit: int = LIMIT) -> bytes:
    """The raw body. 413 when it is over the limit; what is beyond is not held."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        else:
            chunks.clear()
            if size > limit * PATIENCE:
                break
    if size > limit:
        raise HTTPException(413, f"The body is larger than {limit:,} bytes.")
    return b"".join(chunks)
