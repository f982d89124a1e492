"""Where the parts meet in a process without pages: the API behind its gate, the live push. No logic."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.types import ASGIApp

from cicd_health import heartbeat, live, outgoing
from cicd_health.api import app as api
from cicd_health.api.gate import Gate
from cicd_health.api.hang_up import HangUp
from cicd_health.api.meter import Meter
from cicd_health.api.tracing import Traced


@contextlib.asynccontextmanager
async def background() -> AsyncIterator[None]:
    """What runs beside the requests: the API's live routes and its keys need to hear of what changes."""
    outgoing.guard()
    async with live.listening(), heartbeat.beating("ingest"):
        yield


def app() -> ASGIApp:
    """The whole application. The jobs are those of other processes."""
    routes = api.build(live.hub, lambda: None, pages=False).routes
    return Traced(Meter(Gate(HangUp(Starlette(routes=routes, lifespan=lambda _: background())), pages=False)))
