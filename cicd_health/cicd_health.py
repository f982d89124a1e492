"""Where the parts meet: the pages, the API behind its gate, the background jobs, the live push. No logic."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from cicd_health import heartbeat, live, outgoing, queue, settings
from cicd_health.api import app as api
from cicd_health.api.gate import Gate
from cicd_health.api.hang_up import HangUp
from cicd_health.api.meter import Meter
from cicd_health.api.tracing import Traced
from cicd_health.jobs import JOBS
from cicd_health.model.processes import WORKING
from cicd_health.ui import shell
from cicd_health.ui.kept_state import KeptState

_workers: list[queue.Worker] = []  # this process's one, while it serves
kept_state = KeptState()


def jobs_error() -> str | None:
    """What is wrong with the job engine, or None; also None where other processes do the jobs."""
    if _workers:
        return _workers[0].error
    return "not started" if settings.get().role in WORKING else None


@contextlib.asynccontextmanager
async def background() -> AsyncIterator[None]:
    """Everything that runs beside the requests, from the start of the server to its end."""
    role = settings.get().role
    outgoing.guard()
    jobs = _working() if role in WORKING else contextlib.nullcontext()
    async with live.listening(), kept_state.watched(), heartbeat.beating(role), jobs:
        yield


@contextlib.asynccontextmanager
async def _working() -> AsyncIterator[None]:
    async with queue.running(JOBS) as worker:
        _workers.append(worker)
        yield
        _workers.clear()


app = shell.make_app(api_transformer=[api.build(live.hub, jobs_error), kept_state.guarded, HangUp, Gate, Meter, Traced])
app.register_lifespan_task(background)
