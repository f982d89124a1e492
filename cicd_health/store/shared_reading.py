"""One answer for all who ask the same at the same time, and nobody waits for it longer than he likes."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class SharedReading(Generic[T]):
    """What `read` gives, for `fresh_s` seconds. However many ask, and however long it hangs, one thread reads."""

    def __init__(self, read: Callable[[], T], fresh_s: float) -> None:
        self._read = read
        self._fresh_s = fresh_s
        self._lock = threading.Lock()
        self._newest: Future[T] | None = None
        self._begun_s = self._ended_s = float("-inf")

    def wait(self, within_s: float) -> T:
        """For threads. Raises TimeoutError when there is no answer by then, or at once when one is overdue."""
        future, left_s = self._ask(within_s)
        return future.result(left_s)

    async def newest(self, within_s: float) -> T:
        """The same for the event loop."""
        future, left_s = self._ask(within_s)
        async with asyncio.timeout(left_s):
            return await asyncio.wrap_future(future)

    def _ask(self, within_s: float) -> tuple[Future[T], float]:
        with self._lock:
            now_s = time.monotonic()
            newest = self._newest
            if newest is None or (newest.done() and (newest.exception() or now_s - self._ended_s > self._fresh_s)):
                newest = self._newest = Future()
                newest.set_running_or_notify_cancel()  # nobody who stops waiting ends it for the others
                self._begun_s = now_s
                self._begin(newest)
            return newest, max(0.01, within_s - (now_s - self._begun_s))

    def _begin(self, future: Future[T]) -> None:
        try:
            threading.Thread(target=self._run, args=(future,), name="shared reading", daemon=True).start()
        except RuntimeError as error:  # no thread could be had: the next to ask tries again
            future.set_exception(error)

    def _run(self, future: Future[T]) -> None:
        try:
            answer = self._read()
        except BaseException as error:  # it is told to whoever asked
            future.set_exception(error)
        else:
            self._ended_s = time.monotonic()
            future.set_result(answer)
