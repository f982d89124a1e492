"""`GET /api/v1/stream`: what changed, as it happens, as server-sent events.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request

from cicd_health.api import feed
from cicd_health.api.auth import READER
from cicd_health.api.cursors import EPOCH
from cicd_health.api.feed import Feed, Listener, Message
from cicd_health.api.problems import answers

MEDIA_TYPE = "text/event-stream"
BEAT_S = 15.0  # a comment this often keeps connections open that a proxy would end
LASTS_S = 3600.0  # then the client comes back, and goes on where it was
COME_BACK_MS = 2000
EXAMPLE = (
    "retry: 2000\n\n"
    "id: 1772452800000000\nevent: build_ingested\n"
    'data: {"id": 1, "repo": "kestrel/checkout-api", "outcome": "failure", …}\n\n'
)
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Events until the client goes.", "content": {MEDIA_TYPE: {"example": EXAMPLE}}},
    **answers(400),
}
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def router(told: Feed) -> APIRouter:
    routes = APIRouter(prefix="/api/v1", tags=["live"], dependencies=[READER])

    @routes.get("/stream", response_class=StreamingResponse, responses=ANSWERS)
    async def stream(
        request: Request,
        last_event_id: Annotated[
            str | None, Header(alias="Last-Event-ID", description="The last `id` that was heard: go on from there.")
        ] = None,
    ) -> StreamingResponse:
        """Runs (`build_ingested`), alerts (`alert`) and the numbers of the last 7 days (`summary`) as they change.

        With `Last-Event-ID`, as browsers send it, what changed since is told first; an event close to that moment
        may come again. `missed` says that more changed than is told one by one: read the lists. A comment every
        15 seconds says that the connection holds. It ends when the key does, or after an hour: come back.
        """
        since = _moment(last_event_id) if last_event_id else None
        return StreamingResponse(_events(told, request.headers, since), 200, HEADERS, MEDIA_TYPE)

    return routes


def _moment(last_event_id: str) -> datetime:
    """When an event with this id was sent. 400 when it is not one of ours."""
    if not (last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) <= 16):
        raise HTTPException(400, "Last-Event-ID: this is not the id of one of our events.")
    return EPOCH + timedelta(microseconds=int(last_event_id))


async def _events(told: Feed, headers: Mapping[str, str], since: datetime | None) -> AsyncGenerator[str]:
    """The lines of the stream. What is read when it begins comes after it listens, so that nothing falls between."""
    clock = asyncio.get_running_loop().time
    ends = clock() + LASTS_S
    with told.listening() as listener:
        yield f"retry: {COME_BACK_MS}\n\n"
        if since is not None:
            for message in await asyncio.to_thread(feed.read_missed, since, datetime.now(UTC)):
                yield _lines(message)
        yield _lines(await told.summary())
        while clock() < ends and not listener.behind:
            messages = await _heard(listener, min(BEAT_S, ends - clock()))
            if not await run_in_threadpool(feed.may_listen, headers, None, datetime.now(UTC)):
                return
            for message in messages:
                yield _lines(message)
            if not messages:
                yield ": nothing new\n\n"


async def _heard(listener: Listener, within_s: float) -> list[Message]:
    """What there is to tell; nothing when nothing comes in time."""
    try:
        async with asyncio.timeout(within_s):
            return await listener.hear()
    except TimeoutError:
        return []


def _lines(message: Message) -> str:
    id = (message.until - EPOCH) // timedelta(microseconds=1)
    return f"id: {id}\nevent: {message.event}\ndata: {message.data}\n\n"
