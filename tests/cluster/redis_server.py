"""Debian's `redis-server` on this machine, kept in memory."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.loopback import free_port

PROGRAM = shutil.which("redis-server")
HELP = "no redis-server on this machine (apt-get install redis-server): shared limits are not tested"


class Redis:
    """It may be stopped and started again; what it held is then gone."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert PROGRAM, HELP
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen([PROGRAM, *options], stdout=subprocess.DEVNULL)
        give_up_at = time.monotonic() + 30
        while not self._listens():
            assert time.monotonic() < give_up_at
            time.sleep(0.02)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(20)

    def hang(self) -> None:
        """It takes connections and answers nothing, as a machine does that is out of breath."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False


@contextmanager
def running() -> Iterator[Redis]:
    redis = Redis()
    redis.start()
    try:
        yield redis
    finally:
        redis.stop()
