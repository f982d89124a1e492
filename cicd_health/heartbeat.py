"""The sign of life that every process of an installation gives, so that each knows of the others."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import uuid
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from cicd_health import __version__, flow
from cicd_health.model.processes import Process

log = structlog.get_logger(__name__)
BEAT_S = 10.0
LOOK_S = 1.0  # how often one that does not work looks whether it does by now
LEAVE_WITHIN_S = 1.0  # the end of a process waits no longer for a database that does not answer


@contextlib.asynccontextmanager
async def beating(role: str, works: Callable[[], bool] = lambda: True) -> AsyncGenerator[Process]:
    """While this is open, the database says that a process with this role lives, as long as it `works`."""
    process = _this_process(role, datetime.now(UTC))
    task = asyncio.create_task(_beat(process, works))
    try:
        yield process
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await _leave(process.id)


def _this_process(role: str, now: datetime) -> Process:
    return Process(uuid.uuid4().hex, role, socket.gethostname(), os.getpid(), __version__, now, now)


async def _beat(process: Process, works: Callable[[], bool]) -> None:
    while True:
        if not works():
            await asyncio.sleep(LOOK_S)
            continue
        now = datetime.now(UTC)
        try:
            await asyncio.to_thread(flow.beat, replace(process, seen_at=now), now)
        except Exception as error:  # whatever it was, the next one may succeed
            log.warning("no sign of life could be written", error=type(error).__name__)
        await asyncio.sleep(BEAT_S)


async def _leave(process_id: str) -> None:
    try:
        async with asyncio.timeout(LEAVE_WITHIN_S):
            await asyncio.to_thread(flow.leave, process_id)
    except Exception as error:  # others see within a minute that it is gone
        log.warning("the end could not be written", error=type(error).__name__)
