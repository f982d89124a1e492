"""The real server, started as `make run` starts it, on a free port with a database and secrets of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

from cicd_health import settings
from tests.loopback import free_port

ROOT = Path(__file__).parents[1]
READY_WITHIN_S = 60


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
    port = port or free_port()
    env = environment(data_dir, port, **more)
    process = subprocess.Popen(
        [sys.executable, "-m", "cicd_health", what],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    server = Server(f"http://localhost:{port}", data_dir, env, process)
    threading.Thread(target=_read, args=(server,), daemon=True).start()
    if not server.ready.wait(READY_WITHIN_S) or process.poll() is not None:
        process.kill()
        raise AssertionError(f"the server did not start:\n{server.text}")
    return server


def _read(server: Server) -> None:
    """Keep what it prints; it is ready when it has printed how to send a first run, or when it has ended."""
    assert server.process.stdout is not None
    for line in server.process.stdout:
        server.output.append(line)
        if line.startswith("curl "):
            server.ready.set()
    server.ready.set()
