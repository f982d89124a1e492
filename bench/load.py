"""Send prepared requests over kept connections, each as soon as the one before is answered, or at an even pace.

A process of its own, `python -m bench.load FILE PORT CONNECTIONS SECONDS WARM_UP [PER_S]`, so that it shares nothing
with what it measures; it prints one JSON object. It only looks for the status and the end of each answer.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from bench.requests import requests

END = b"\r\n\r\n"


class Load:
    """What is still to be sent, and what came of what was sent. The clock starts after the warm-up."""

    def __init__(self, source: Iterator[bytes], seconds: float, warm_up: int, per_s: float | None) -> None:
        self.source, self.seconds, self.warm_up, self.per_s = source, seconds, warm_up, per_s
        self.next_at = 0.0
        self.statuses: Counter[int] = Counter()
        self.latencies: list[float] = []
        self.began_at = self.ended_at = time.perf_counter()
        self.answered = 0

    def next(self) -> bytes | None:
        if self.latencies and time.perf_counter() - self.began_at > self.seconds:
            return None
        return next(self.source, None)

    def pause(self) -> float:
        """Seconds until the next request may leave; 0 without a pace."""
        if self.per_s is None:
            return 0.0
        now = time.perf_counter()
        self.next_at = max(now, self.next_at) + 1 / self.per_s
        return self.next_at - now

    def done(self, status: int, seconds: float, now: float) -> None:
        self.statuses[status] += 1
        self.answered += 1
        if self.answered == self.warm_up:
            self.began_at = now
        elif self.answered > self.warm_up:
            self.latencies.append(seconds)
            self.ended_at = now


class Connection(asyncio.Protocol):
    """One connection: send, wait for the whole answer, send the next. A lost one counts as status 0."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.answer = b""
        self.sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.send_soon()

    def send_soon(self) -> None:
        if pause := self.load.pause():
            asyncio.get_running_loop().call_later(pause, self.send)
        else:
            self.send()

    def send(self) -> None:
        request = self.load.next()
        if request is None:
            self.sent_at = 0.0
            self.transport.close()
            return
        self.answer = b""
        self.sent_at = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.answer += data
        head, found, body = self.answer.partition(END)
        if found and len(body) >= content_length(head):
            now = time.perf_counter()
            self.load.done(int(head[9:12]), now - self.sent_at, now)
            self.send_soon()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.sent_at:
            now = time.perf_counter()
            self.load.done(0, now - self.sent_at, now)
        self.closed.set_result(None)


def content_length(head: bytes) -> int:
    lower = head.lower()
    start = lower.find(b"content-length:")
    return int(lower[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else 0


def percentile(values: list[float], share: float) -> float | None:
    """Nearest rank; None without values."""
    return sorted(values)[max(0, -(-len(values) * int(share * 1000) // 1000) - 1)] if values else None


async def run(
    file: Path, port: int, connections: int, seconds: float, warm_up: int, per_s: float | None = None
) -> dict[str, Any]:
    load = Load(requests(file), seconds, warm_up, per_s)
    loop = asyncio.get_running_loop()
    before, began = cpu_s(), time.perf_counter()
    made = [await loop.create_connection(lambda: Connection(load), "127.0.0.1", port) for _ in range(connections)]
    await asyncio.gather(*(connection.closed for _, connection in made))
    elapsed = load.ended_at - load.began_at
    return {
        "answered": load.answered,
        "statuses": load.statuses,
        "per_s": len(load.latencies) / elapsed if elapsed > 0 else None,
        "p50_s": percentile(load.latencies, 0.5),
        "p99_s": percentile(load.latencies, 0.99),
        "cpu": (cpu_s() - before) / (time.perf_counter() - began),
        "cpu_s": cpu_s() - before,
    }


def cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    file, port, connections, seconds, warm_up, *pace = sys.argv[1:]
    per_s = float(pace[0]) if pace else None
    found = asyncio.run(run(Path(file), int(port), int(connections), float(seconds), int(warm_up), per_s))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
