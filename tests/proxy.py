"""A small reverse proxy on this machine: requests go to its servers in turn, and to the next when one is not there.

A request that no server has begun to answer is sent again, as proxies in front of several servers do: a delivery that
arrives twice is kept once. Each request has a connection of its own; a websocket stays with its server.
"""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
UPGRADE = re.compile(rb"\r\nupgrade: *websocket", re.IGNORECASE)
CONNECTION = re.compile(rb"\r\nconnection:[^\r]*", re.IGNORECASE)
LONGEST_HEAD = 2**17
TRIES_FOR_S = 20.0  # so long servers that all are away are waited for
PART = 2**16


class Proxy:
    """`ports` are those of the servers; it may be changed at any time."""

    def __init__(self, ports: list[int]) -> None:
        self.ports = ports
        self.port = 0
        self.nobody = 0  # requests that no server answered
        self._turn = 0

    async def serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await client.readuntil(HEAD_END)
            length = LENGTH.search(head)
            body = await client.readexactly(int(length[1])) if length else b""
            await self._pass_on(_closing(head) + body, client, answer)
        answer.close()

    async def _pass_on(self, request: bytes, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        give_up_at = time.monotonic() + TRIES_FOR_S
        while time.monotonic() < give_up_at:
            with suppress(OSError):
                server, to_server = await asyncio.open_connection("127.0.0.1", self._next())
                to_server.write(request)
                sending = asyncio.create_task(_copy(client, to_server))  # what a websocket says, or that it is gone
                try:
                    if first := await server.read(PART):
                        answer.write(first)
                        await _copy(server, answer)
                        return
                finally:
                    sending.cancel()
                    to_server.close()
            await asyncio.sleep(0.05)
        self.nobody += 1
        answer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def _next(self) -> int:
        self._turn += 1
        return self.ports[self._turn % len(self.ports)]


def _closing(head: bytes) -> bytes:
    """The head, asking for one answer only; that of a websocket as it is."""
    if UPGRADE.search(head):
        return head
    return CONNECTION.sub(b"", head).removesuffix(HEAD_END) + b"\r\nConnection: close" + HEAD_END


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """To the end; then the other side is told that this one has gone."""
    with suppress(OSError):
        while part := await source.read(PART):
            target.write(part)
            await target.drain()
    target.close()


@contextmanager
def proxy(*ports: int, port: int = 0) -> Iterator[Proxy]:
    """In front of the servers at these ports of this machine, in a thread of its own."""
    made, loop, ready = Proxy(list(ports)), asyncio.new_event_loop(), threading.Event()

    async def run() -> None:
        server = await asyncio.start_server(made.serve, "127.0.0.1", port, limit=LONGEST_HEAD, backlog=1024)
        made.port = server.sockets[0].getsockname()[1]
        ready.set()

    def work() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(run())
        loop.run_forever()
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()

    thread = threading.Thread(target=work, name="proxy", daemon=True)
    thread.start()
    assert ready.wait(30)
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
