"""Group commit: deliveries that arrive while one transaction is on its way share the next one.

A request waits until its own delivery is on disk; a full queue makes it wait longer and refuses nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from cicd_health import flow
from cicd_health.api.bodies import LARGE
from cicd_health.flow import Receipt
from cicd_health.model.deliveries import Incoming

log = structlog.get_logger(__name__)
Receive = Callable[[Sequence[Incoming], datetime], list[Receipt]]
BATCH = 64
GATHER_S = 0.004
QUEUE = 2000


class NotKept(Exception):
    """The delivery could not be written down; the sender should try again."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One delivery and the request that waits for it."""

    incoming: Incoming
    receipt: asyncio.Future[Receipt]


class Inbox:
    """One per process. Its thread is its own: slow questions of pages never hold deliveries up."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._queue: asyncio.Queue[Waiting] = asyncio.Queue(QUEUE)
        self._worker: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "inbox")
        self._large = ThreadPoolExecutor(1, "large deliveries")

    async def put(self, incoming: Incoming) -> Receipt:
        """Keep one delivery; returns when it is on disk. Raises NotKept."""
        if len(incoming.body) > LARGE:  # it may hold a log: the others go ahead while that is read
            incoming = await asyncio.get_running_loop().run_in_executor(self._large, flow.prepare, incoming)
        waiting = Waiting(incoming, asyncio.get_running_loop().create_future())
        await self._queue.put(waiting)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._empty())
        return await waiting.receipt

    async def _empty(self) -> None:
        """Work until nothing waits. Ends by itself, so that there is nothing to start or stop with the server."""
        while not self._queue.empty():
            batch = [self._queue.get_nowait() for _ in range(min(BATCH, self._queue.qsize()))]
            await self._commit(batch)
            if len(batch) > 1:  # whoever was just answered sends the next at once: let it share the transaction
                await asyncio.sleep(GATHER_S)

    async def _commit(self, batch: Sequence[Waiting]) -> None:
        incoming = [waiting.incoming for waiting in batch]
        try:
            loop = asyncio.get_running_loop()
            receipts = await loop.run_in_executor(self._thread, self._receive, incoming, datetime.now(UTC))
        except Exception as error:
            await self._failed(batch, error)
            return
        for waiting, receipt in zip(batch, receipts, strict=True):
            if not waiting.receipt.done():
                waiting.receipt.set_result(receipt)

    async def _failed(self, batch: Sequence[Waiting], error: Exception) -> None:
        """Nothing of the batch was kept. A lost database loses all; anything else may be the fault of one."""
        log.warning("batch not kept", size=len(batch), error=str(error))
        if len(batch) > 1 and not isinstance(error, OperationalError | InterfaceError):
            for waiting in batch:
                await self._commit([waiting])
            return
        for waiting in batch:
            if not waiting.receipt.done():
                waiting.receipt.set_exception(NotKept(str(error)))
