"""The web server, run in this very process: whatever ends the process, even `kill -9`, ends the server with it."""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from cicd_health import settings
from cicd_health.store import engine

APP = "cicd_health.cicd_health"
WITHOUT_PAGES = "cicd_health.pageless"
# Threads that come back from the database wait at most so long for one that computes; Python's usual 5 ms, some twenty
# times a batch, are most of the time a delivery takes.
TURN_S = 0.0005
COLLECT_AFTER = (20_000, 20, 50)
STOP_WITHIN_S = 4.5
HEAD_WITHIN_MS = 10_000  # a client that sends its headers more slowly is cut off
TRY_EVERY_S = 0.05
FILES = 20_000
# Open at once, but for websockets; all others wait at the door until one is closed. By itself Granian takes 128, and
# whoever keeps as many open, sending or not, would keep everybody else out.
CONNECTIONS = 4096
# Serve the page that was built, without compiling it again.
REFLEX = {
    "REFLEX_ENV_MODE": "prod",
    "__REFLEX_SKIP_COMPILE": "true",
    "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
    "REFLEX_TELEMETRY_ENABLED": "false",
    "REFLEX_CHECK_LATEST_VERSION": "false",
    "REFLEX_SOCKET_INTERVAL": "15",
    "REFLEX_SOCKET_TIMEOUT": "20",
}


class AddressError(Exception):
    """The server cannot listen there; the message is one sentence."""


def check_free(host: str, port: int) -> None:
    """Raise AddressError when nobody can listen there, because another program does or the address is not ours."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise AddressError(
            f"HOST is {host!r} and PORT is {port}, but nothing can listen there ({error.strerror or error}); "
            "stop the program that does, or set another PORT."
        ) from None


def serve(host: str, port: int, on_ready: Callable[[], None], *, pages: bool = True) -> int:
    """Serve page, API and websocket until SIGTERM or SIGINT; the exit code. `on_ready` is called once it answers."""
    os.environ.update({name: os.environ.get(name, value) for name, value in REFLEX.items()})
    sys.setswitchinterval(TURN_S)
    connections = min(CONNECTIONS, _allow_files() // 2)
    engine.limit_questions(settings.get().query_timeout_s)
    gc.disable()
    application = importlib.import_module(APP if pages else WITHOUT_PAGES).app()
    gc.freeze()  # what was loaded stays: the collector need not walk it again and again, nor while it is loaded
    gc.set_threshold(*COLLECT_AFTER)
    gc.enable()
    return asyncio.run(_serve(application, host, port, connections, on_ready))


def _allow_files() -> int:
    """Each page that is open is an open file, and a shell grants a program but a thousand unless it asks for more.

    How many this process may open now, up to those wanted.
    """
    granted, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if most == resource.RLIM_INFINITY else min(FILES, most)
    if granted != resource.RLIM_INFINITY and granted < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    return wanted


def serve_reloading(host: str, port: int, on_ready: Callable[[], None]) -> int:
    """Serve the same with Reflex's own server, which builds and loads again what changes; the exit code."""
    command = [sys.executable, "-m", "reflex", "run", "--env", "preview", "--backend-host", host]
    ports = ["--frontend-port", str(port), "--backend-port", str(port)]
    with subprocess.Popen([*command, *ports]) as process:
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        on_ready()
        try:
            return abs(process.wait())
        except KeyboardInterrupt:  # the terminal told the child, too
            return process.wait()


async def _serve(application: Any, host: str, port: int, connections: int, on_ready: Callable[[], None]) -> int:
    server = Server(
        application,
        host,
        port,
        interface=Interfaces.ASGI,
        log_level=LogLevels.error,
        log_dictconfig={"loggers": {"_granian": {}, "granian.access": {}}},  # like all others, to our handler
        backlog=connections,
        backpressure=connections,
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_WITHIN_MS),
    )
    stop = asyncio.Event()
    _at_the_end(asyncio.get_running_loop(), stop.set)
    serving = asyncio.create_task(server.serve())
    announcing = asyncio.create_task(_announce(host, port, on_ready))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    announcing.cancel()
    stopping.cancel()
    end_within(STOP_WITHIN_S)
    server.stop()
    await asyncio.wait({serving})
    return 0 if stop.is_set() else 1


def _at_the_end(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    """Stop at SIGTERM and SIGINT. The time for that runs from the signal on, however long the loop is busy."""

    def told(*_: object) -> None:
        end_within(STOP_WITHIN_S)
        loop.call_soon_threadsafe(stop)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, told)


async def _announce(host: str, port: int, on_ready: Callable[[], None]) -> None:
    while not await _answers(host, port):  # noqa: ASYNC110 - nothing tells when Granian listens
        await asyncio.sleep(TRY_EVERY_S)
    on_ready()


def here(host: str) -> str:
    """Where this machine reaches a server that listens at a host, which may be all of its addresses."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


async def _answers(host: str, port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection(here(host), port)
        writer.write(f"GET /health HTTP/1.1\r\nHost: {here(host)}\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.readline()
        writer.close()
    except OSError:
        return False
    return b" 200 " in answer


def end_within(seconds: float) -> None:
    """End the process after this time even if a thread or a task does not let go; nothing accepted is lost by it."""
    timer = threading.Timer(seconds, os._exit, [0])
    timer.daemon = True
    timer.start()
