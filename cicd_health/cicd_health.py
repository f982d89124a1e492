"""Where the parts meet: the pages, the API behind its gate, the background jobs, the live push. No logic."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from cicd_health import live, outgoing, queue
from cicd_health.api import app as api
from cicd_health.api.gate import Gate
from cicd_health.api.hang_up import HangUp
from cicd_health.api.meter import Meter
from cicd_health.jobs import JOBS
from cicd_health.ui import shell

_workers: list[queue.Worker] = []  # this process's one, while it serves


def jobs_error() -> str | None:
    """What is wrong with the job engine, or None."""
    return _workers[0].error if _workers else "not started"


@contextlib.asynccontextmanager
async def background() -> AsyncIterator[None]:
    """Everything that runs beside the requests, from the start of the server to its end."""
    outgoing.guard()
    async with live.listening(), queue.running(JOBS) as worker:
        _workers.append(worker)
        yield
        _workers.clear()


app = shell.make_app(api_transformer=[api.build(live.hub, jobs_error), HangUp, Gate, Meter])
app.register_lifespan_task(background)
