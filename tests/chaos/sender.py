"""Signed webhooks over many connections, as fast as they are answered or at a pace; and what became of each."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Self

from tests.bodies import github_run

SECRET = "chaos-secret-of-no-value"
END = b"\r\n\r\n"
PATIENCE_S = 30.0  # an answer that takes longer is none
PAUSE_S = 0.05  # before a lost connection is made again


def delivery(number: int, *, breaks: str = "", size: int = 0) -> tuple[str, bytes]:
    """A delivery's id and body: a run of its own, of the pipeline `breaks` if that is given, which failed."""
    told = github_run(number, created=datetime.now(UTC), conclusion="failure" if breaks else "success")
    if breaks:
        new = {"name": breaks, "path": f".github/workflows/{breaks}.yml", "id": 500_000 + number}
        told["workflow_run"] |= {"name": breaks, "workflow_id": 500_000 + number}
        told["workflow"] = new
    missing = size - len(json.dumps(told))
    if missing > 0:
        told["padding"] = "x" * missing
    return f"chaos-{number}", json.dumps(told).encode()


def request(id: str, body: bytes) -> bytes:
    """The whole HTTP request, signed."""
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    head = (
        "POST /webhooks/github HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        "X-GitHub-Event: workflow_run",
        f"X-GitHub-Delivery: {id}",
        f"X-Hub-Signature-256: sha256={signature}",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join(head).encode() + END + body


class Sender:
    """Sends while the block lasts, from a thread of its own. A delivery is sent once, whatever comes of it.

    Every `breaks_every`th tells of a pipeline that nobody has heard of, and that it is broken.
    """

    def __init__(
        self,
        port: int,
        *,
        connections: int = 32,
        per_s: float | None = None,
        breaks_every: int = 0,
        first: int = 1,
        size: int = 0,
        most_breaks: int = 20,
    ) -> None:
        self.port, self.connections, self.per_s, self.size = port, connections, per_s, size
        self.statuses: Counter[int] = Counter()
        self.accepted: set[str] = set()
        self.unanswered: dict[str, bytes] = {}
        self.broken: dict[str, str] = {}  # names of broken pipelines by delivery
        self.answers: list[tuple[float, int, float]] = []  # when, status, how long it took
        self.retry_after: Counter[str] = Counter()
        self._numbers = itertools.count(first)
        self._breaks_every, self._most_breaks = breaks_every, most_breaks
        self._next_at = time.perf_counter()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="sender", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(PATIENCE_S + 10)
        assert not self._thread.is_alive(), "the sender does not end"

    @property
    def sent(self) -> int:
        return sum(self.statuses.values())

    def wait_for(self, accepted: int, within_s: float = 60) -> None:
        """Until so many were answered 2xx."""
        until(lambda: len(self.accepted) >= accepted, within_s, lambda: f"{len(self.accepted)} of {accepted}")

    def slowest(self, status: int) -> float:
        return max((took for _, got, took in self.answers if got == status), default=0.0)

    def p99(self) -> float:
        took = sorted(took for _, status, took in self.answers if 200 <= status < 300)
        return took[int(len(took) * 0.99)] if took else 0.0

    async def _run(self) -> None:
        await asyncio.gather(*(self._connection() for _ in range(self.connections)))

    async def _connection(self) -> None:
        while not self._stopping.is_set():
            with suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                try:
                    while await self._pace():
                        await self._one(reader, writer)
                finally:
                    writer.close()
            await asyncio.sleep(PAUSE_S)

    async def _pace(self) -> bool:
        if self.per_s is not None:
            self._next_at = max(self._next_at + 1 / self.per_s, time.perf_counter() - 1)
            await asyncio.sleep(max(0.0, self._next_at - time.perf_counter()))
        return not self._stopping.is_set()

    def _next(self) -> tuple[str, bytes]:
        number = next(self._numbers)
        breaks = ""
        if self._breaks_every and number % self._breaks_every == 0 and len(self.broken) < self._most_breaks:
            breaks = f"breaks-{number:06}"
        id, body = delivery(number, breaks=breaks, size=self.size)
        if breaks:
            self.broken[id] = breaks
        return id, body

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        id, body = self._next()
        began, status = time.perf_counter(), 0
        try:
            writer.write(request(id, body))
            async with asyncio.timeout(PATIENCE_S):
                status = await self._answer(reader)
        finally:
            now = time.perf_counter()
            self.statuses[status] += 1
            self.answers.append((now, status, now - began))
            if 200 <= status < 300:
                self.accepted.add(id)
            else:
                self.unanswered[id] = body

    async def _answer(self, reader: asyncio.StreamReader) -> int:
        head = (await reader.readuntil(END)).decode("latin-1").lower()
        await reader.readexactly(int(head.partition("content-length:")[2].split("\r\n")[0]))
        status = int(head[9:12])
        if status in (429, 503, 507):
            self.retry_after[head.partition("retry-after:")[2].split("\r\n")[0].strip() or "none"] += 1
        return status


def until(true, within_s: float, otherwise=lambda: "it did not come true") -> float:
    """Wait until it is true; the seconds that took. Fails after `within_s`."""
    began = time.perf_counter()
    while not true():
        assert time.perf_counter() - began < within_s, otherwise()
        time.sleep(0.05)
    return time.perf_counter() - began


def chunks(ids: list[str], size: int = 500) -> Iterator[list[str]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
