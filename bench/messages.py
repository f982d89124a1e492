"""How long it takes from a failing webhook until its message reaches the channel, while other webhooks arrive."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bench import servers
from bench.bodies import failures, prepare
from bench.load import percentile
from bench.pushes import send

PER_S = 200
CONNECTIONS = 32
FAILURES = 30
EVERY_S = 4.0  # seldom enough that none is grouped with another
WAIT_S = 30.0
SETTLE_S = 3.0


@dataclass(frozen=True, slots=True)
class Told:
    """Of so many failures those that were told of, the seconds that took, and the webhooks per second meanwhile."""

    database: str
    failures: int
    told: int
    p50_s: float | None
    p95_s: float | None
    worst_s: float | None
    per_s: float


class Named:
    """When each failing pipeline was named first."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}
        self._more = threading.Condition()

    def note(self, text: str, now: float) -> None:
        with self._more:
            for name in re.findall(r"breaks-\d{3}", text):
                self.at.setdefault(name, now)
            self._more.notify_all()

    def wait_for(self, count: int) -> None:
        """Until so many are named, or WAIT_S seconds are over."""
        with self._more:
            self._more.wait_for(lambda: len(self.at) >= count, WAIT_S)


@contextmanager
def _channel() -> Generator[tuple[str, Named]]:
    """A webhook that takes everything; its address, and what it was told of."""
    named = Named()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            now = time.perf_counter()
            text = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"]
            named.note(text, now)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: it would be printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/services/T0/B0/X", named
    finally:
        server.shutdown()
        thread.join()


def tell(database: str, url: str, folder: Path) -> Told:
    """FAILURES pipelines break, one every few seconds, among PER_S other webhooks a second."""
    seconds = FAILURES * EVERY_S + SETTLE_S
    prepared = prepare(folder / f"beside-{database}", int(PER_S * (seconds + 10)), seed=f"beside {database}")
    with (
        _channel() as (address, named),
        servers.dashboard(url, folder / f"told-{database}", SLACK_WEBHOOK_URL=address) as server,
    ):
        command = [sys.executable, "-m", "bench.load", prepared.file, server.port, CONNECTIONS, seconds, 50, PER_S]
        load = subprocess.Popen([str(part) for part in command], cwd=servers.ROOT, stdout=subprocess.PIPE, text=True)
        time.sleep(SETTLE_S)  # until the load runs evenly
        sent = {}
        for name, request in failures(FAILURES):
            sent[name] = time.perf_counter()
            send(server.port, request)
            time.sleep(EVERY_S)  # the pace that is measured: nothing is waited for
        said, _ = load.communicate()
        named.wait_for(len(sent))
    took = [named.at[name] - at for name, at in sent.items() if name in named.at]
    return Told(
        database=database,
        failures=len(sent),
        told=len(took),
        p50_s=percentile(took, 0.5),
        p95_s=percentile(took, 0.95),
        worst_s=max(took, default=None),
        per_s=json.loads(said)["per_s"],
    )
