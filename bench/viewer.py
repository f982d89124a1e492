"""Dashboards that are open while a load runs: the websocket of each browser, its frames read and thrown away.

Run as `python -m bench.viewer PORT PAGES`; on SIGTERM it prints how many frames came. Engine.IO 4 over plain sockets.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import sys
import uuid

HYDRATE = "reflex___state____state.hydrate_and_load"


def masked(text: str) -> bytes:
    """One text frame as a client sends it."""
    payload, mask = text.encode(), os.urandom(4)
    length = bytes([0x80 | len(payload)]) if len(payload) < 126 else bytes([0xFE]) + len(payload).to_bytes(2, "big")
    return b"\x81" + length + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))


async def frame(reader: asyncio.StreamReader) -> bytes:
    length = (await reader.readexactly(2))[1] & 0x7F
    if length > 125:
        length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8), "big")
    return await reader.readexactly(length)


async def view(port: int, readers: list[asyncio.StreamReader]) -> int:
    """Look until told to stop; the pushes received."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    path = f"/_event/?token={uuid.uuid4()}&EIO=4&transport=websocket"
    key = base64.b64encode(os.urandom(16)).decode()
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Origin: http://127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: 0.10.1",
    )
    writer.write("\r\n".join([*lines, "", ""]).encode())
    await reader.readuntil(b"\r\n\r\n")
    router = {"pathname": "/", "asPath": "/", "query": {}}
    opening = {"event": {"name": HYDRATE, "payload": {"hashes": []}, "router_data": router}}
    writer.write(masked("40/_event," + json.dumps(opening)))
    frames = 0
    readers.append(reader)
    try:
        while True:
            payload = await frame(reader)
            if payload == b"2":
                writer.write(masked("3"))
            frames += payload.startswith(b"42/_event")
    except asyncio.IncompleteReadError:
        writer.close()
    return frames


async def main(port: int, pages: int) -> None:
    loop, readers = asyncio.get_running_loop(), []
    loop.add_signal_handler(signal.SIGTERM, lambda: [reader.feed_eof() for reader in readers])
    print(sum(await asyncio.gather(*(view(port, readers) for _ in range(pages)))))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
