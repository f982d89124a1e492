"""A websocket that is closed from our side is not read from any more."""

from __future__ import annotations

import asyncio
from typing import Any

from cicd_health.api.hang_up import HangUp


async def test_whoever_reads_is_told_of_the_end_before_the_server_is():
    happened: list[str] = []
    begun = asyncio.Event()

    async def silent() -> dict[str, Any]:
        begun.set()
        try:
            return await asyncio.get_running_loop().create_future()
        finally:
            happened.append("nobody reads")

    async def server(message: Any) -> None:
        happened.append(message["type"])

    async def application(_scope: Any, receive: Any, send: Any) -> None:
        async def read() -> None:
            happened.append((await receive())["type"])

        reading = asyncio.create_task(read())
        await begun.wait()
        await send({"type": "websocket.close", "code": 1000})
        await reading
        happened.append((await receive())["type"])

    await HangUp(application)({"type": "websocket"}, silent, server)
    assert happened.index("nobody reads") < happened.index("websocket.close")
    assert happened.count("websocket.disconnect") == 2
