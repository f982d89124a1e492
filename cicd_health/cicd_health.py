"""Where the parts meet: the pages, the API behind its gate, the background jobs, the live push. No logic."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import sqlalchemy as sa
import structlog

from cicd_health import flow, live, queue
from cicd_health.api import app as api
from cicd_health.api.gate import Gate
from cicd_health.jobs import JOBS
from cicd_health.ui import shell

log = structlog.get_logger(__name__)
AGAIN_S = 2.0

_workers: list[queue.Worker] = []  # this process's one, while it serves


def jobs_error() -> str | None:
    """What is wrong with the job engine, or None."""
    return _workers[0].error if _workers else "not started"


@contextlib.asynccontextmanager
async def background() -> AsyncIterator[None]:
    """Everything that runs beside the requests, from the start of the server to its end."""
    async with live.listening(), queue.running(JOBS) as worker:
        _workers.append(worker)
        starting = asyncio.create_task(_start())
        try:
            yield
        finally:
            starting.cancel()
            _workers.clear()


async def _start() -> None:
    """Bring rules and channels of the settings into the database, as soon as it answers."""
    while True:
        try:
            return await asyncio.to_thread(flow.start, datetime.now(UTC))
        except sa.exc.SQLAlchemyError as error:
            log.warning("the database does not answer", error=str(error))
            await asyncio.sleep(AGAIN_S)


app = shell.make_app(api_transformer=[api.build(live.hub, jobs_error), Gate])
app.register_lifespan_task(background)
