"""Viewers that open the overview and stay, and come back like browsers when the server is gone.

Run as `python -m tests.chaos.crowd PORT VIEWERS COOKIE`: it prints, again and again, how many have their page.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import uuid
from contextlib import suppress

from bench.viewer import HYDRATE, frame, masked

SHOWN = b'"shown_rx_state_"'
SAY_S = 0.1
_shown: set[int] = set()


async def stay(port: int, cookie: str, number: int, viewers: int) -> None:
    while True:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await _look(port, cookie, number)
        _shown.discard(number)
        await asyncio.sleep(0.2 + number / viewers * 1.8)  # as the page's own client does: 0.2 to 2 s


async def _look(port: int, cookie: str, number: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(_hello(port, cookie if number % 2 else ""))  # half of them are signed in
        if b" 101 " not in await reader.readuntil(b"\r\n\r\n"):
            return
        router = {"pathname": "/", "asPath": "/", "query": {}}
        event = {"event": {"name": HYDRATE, "payload": {"hashes": []}, "router_data": router}}
        writer.write(masked("40/_event," + json.dumps(event)))
        while True:
            payload = await frame(reader)
            if payload == b"2":
                writer.write(masked("3"))
            elif SHOWN in payload:
                _shown.add(number)
    finally:
        writer.close()


def _hello(port: int, cookie: str) -> bytes:
    lines = (
        f"GET /_event/?token={uuid.uuid4()}&EIO=4&transport=websocket HTTP/1.1",
        f"Host: localhost:{port}",
        f"Origin: http://localhost:{port}",
        *([f"Cookie: {cookie}"] if cookie else []),
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: 0.10.1",
    )
    return "\r\n".join([*lines, "", ""]).encode()


async def _say() -> None:
    while True:
        print(len(_shown), flush=True)
        await asyncio.sleep(SAY_S)


async def main(port: int, viewers: int, cookie: str) -> None:
    await asyncio.gather(_say(), *(stay(port, cookie, number, viewers) for number in range(viewers)))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
