"""Group commit: deliveries that arrive while one transaction is on its way share the next one.

A request waits until its own delivery is on disk, but no longer than its sender does. Where that cannot be met, because
the database does not answer or more arrives than can be written down, it is refused: the sender comes back.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from cicd_health import flow
from cicd_health.api.bodies import LARGE
from cicd_health.flow import Receipt
from cicd_health.model.deliveries import Incoming

log = structlog.get_logger(__name__)
Receive = Callable[[Sequence[Incoming], datetime], list[Receipt]]
BATCH = 64
GATHER_S = 0.004
QUEUE = 2000
HELD = 100 * 2**20  # bytes of all bodies that wait
WITHIN_S = 8.0  # GitHub hangs up after 10 s
STUCK_S = 4.0  # a batch that takes so long is waiting for the database, and so would be the next


class NotKept(Exception):
    """The delivery could not be written down; the sender should try again."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One delivery and the request that waits for it."""

    incoming: Incoming
    receipt: asyncio.Future[Receipt]
    request_id: str | None = None


class Inbox:
    """One per process. Its thread is its own: slow questions of pages never hold deliveries up."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._queue: asyncio.Queue[Waiting] = asyncio.Queue(QUEUE)
        self._held = 0  # bytes
        self._began_s: float | None = None  # the batch that is on its way
        self._worker: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "inbox")
        self._large = ThreadPoolExecutor(1, "large deliveries")

    async def put(self, incoming: Incoming) -> Receipt:
        """Keep one delivery; returns when it is on disk. Raises NotKept."""
        if len(incoming.body) > LARGE:  # it may hold a log: the others go ahead while that is read
            incoming = await asyncio.get_running_loop().run_in_executor(self._large, flow.prepare, incoming)
        request_id = structlog.contextvars.get_contextvars().get("request_id")
        waiting = Waiting(incoming, asyncio.get_running_loop().create_future(), request_id)
        self._let_in(waiting)
        if self._worker is None or self._worker.done():
            # In a context of its own: what it does for all is not part of the request that woke it.
            self._worker = asyncio.create_task(self._empty(), context=contextvars.Context())
        try:
            async with asyncio.timeout(WITHIN_S):
                receipt = await waiting.receipt
        except TimeoutError:
            raise NotKept(f"it was not written down within {WITHIN_S:.0f} s") from None
        log.debug("delivery kept", delivery_id=receipt.delivery_id, state=receipt.state)
        return receipt

    def _let_in(self, waiting: Waiting) -> None:
        """Put it into the queue. Raises NotKept when it would wait there in vain."""
        if self._began_s is not None and time.monotonic() - self._began_s > STUCK_S:
            raise NotKept("the database does not answer")
        if self._queue.full() or self._held + len(waiting.incoming.body) > HELD:
            raise NotKept("more arrives than can be written down")
        self._queue.put_nowait(waiting)
        self._held += len(waiting.incoming.body)

    async def _empty(self) -> None:
        """Work until nothing waits. Ends by itself, so that there is nothing to start or stop with the server."""
        while not self._queue.empty():
            batch = [self._queue.get_nowait() for _ in range(min(BATCH, self._queue.qsize()))]
            self._held -= sum(len(waiting.incoming.body) for waiting in batch)
            batch = [waiting for waiting in batch if not waiting.receipt.done()]  # whose sender waits still
            self._began_s = time.monotonic()
            try:
                await self._commit(batch)
            finally:
                self._began_s = None
            if len(batch) > 1:  # whoever was just answered sends the next at once: let it share the transaction
                await asyncio.sleep(GATHER_S)

    async def _commit(self, batch: Sequence[Waiting], *, again: bool = False) -> None:
        """`again`: a connection was lost on the way the first time. What it kept all the same is a repeat now."""
        if not batch:
            return
        incoming = [waiting.incoming for waiting in batch]
        try:
            loop = asyncio.get_running_loop()
            receive = partial(self._receive, incoming, datetime.now(UTC))
            receipts = await loop.run_in_executor(self._thread, _traced, receive, _requests(batch))
        except Exception as error:
            if not again and isinstance(error, DBAPIError) and error.connection_invalidated:
                await self._commit(batch, again=True)
            else:
                await self._failed(batch, error)
            return
        for waiting, receipt in zip(batch, receipts, strict=True):
            if not waiting.receipt.done():
                waiting.receipt.set_result(receipt)

    async def _failed(self, batch: Sequence[Waiting], error: Exception) -> None:
        """Nothing of the batch was kept. A lost database loses all; anything else may be the fault of one."""
        log.warning("batch not kept", size=len(batch), error=str(error), request_ids=_requests(batch))
        if len(batch) > 1 and not isinstance(error, OperationalError | InterfaceError | NoConnection):
            for waiting in batch:
                await self._commit([waiting])
            return
        for waiting in batch:
            if not waiting.receipt.done():
                waiting.receipt.set_exception(NotKept(str(error)))


def _requests(batch: Sequence[Waiting]) -> list[str]:
    return [waiting.request_id for waiting in batch if waiting.request_id]


def _traced(receive: Callable[[], list[Receipt]], request_ids: Sequence[str]) -> list[Receipt]:
    """In the thread: what is logged there names the requests it is for."""
    with structlog.contextvars.bound_contextvars(request_ids=request_ids):
        return receive()
