"""The least a webhook server must do: verify, parse, answer. Run as `python -m bench.floor PORT`."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from bench.requests import SECRET

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """An ASGI application without a framework."""
    if scope["type"] != "http":
        return
    status, answer = 200, b'{"status":"ok"}'
    if scope["method"] == "POST":
        status, answer = judge(dict(scope["headers"]), await read(receive))
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


async def read(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def judge(headers: dict[bytes, bytes], body: bytes) -> tuple[int, bytes]:
    expected = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), headers.get(b"x-hub-signature-256", b"")):
        return 401, b"{}"
    action = json.loads(body)["action"]
    return 202, json.dumps({"delivery": 1, "state": "applied", "action": action}).encode()


def main() -> None:
    server = Server(app, "127.0.0.1", int(sys.argv[1]), interface=Interfaces.ASGI, log_level=LogLevels.error)
    asyncio.run(server.serve())


if __name__ == "__main__":
    main()
