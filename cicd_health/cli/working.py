"""The background jobs without a web server."""

from __future__ import annotations

import asyncio
import signal

from cicd_health import flow, heartbeat, queue, settings
from cicd_health.cli.database import migrate
from cicd_health.cli.ending import now, one_sentence, say
from cicd_health.cli.server import STOP_WITHIN_S, end_within
from cicd_health.jobs import JOBS
from cicd_health.model.processes import WORKER
from cicd_health.store import engine


def worker() -> None:
    """Work on the background jobs (polls, backfills, logs, alerts, messages, pruning) until SIGTERM or Ctrl-C.

    Any number of them may run beside the server, which works on jobs too: each job is done once.
    """
    with one_sentence():
        migrate()
        flow.start(now())
        engine.limit_questions(settings.get().query_timeout_s)
        asyncio.run(_work())


async def _work() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    # It is asked nothing but jobs: one that cannot do them must not pass for a worker.
    async with heartbeat.beating(WORKER, lambda: queue.trouble() is None), queue.running(JOBS):
        say(f"Working on the background jobs of {settings.masked(settings.get().database_url)}.")
        await stop.wait()
        end_within(STOP_WITHIN_S)
        say("Stopping: jobs that run may end, the others are left to the next start.")
    say("Stopped.")
