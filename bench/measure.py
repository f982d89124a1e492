"""One measurement: the load against one server, and afterwards what its database holds."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa

from bench import servers
from bench.bodies import Prepared
from cicd_health.store import engine

CONNECTIONS = 32
WARM_UP = 500
ACCEPTED = 202


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of the load on one server. `cpu` is the share of one core that the sender itself used.

    `lost`: accepted but not applied in the database; None where there is none. `pushes`: what an open page received.
    `cpu_ms`: what the server's process used of a core per delivery, the open page included.
    """

    name: str
    answered: int
    per_s: float
    p50_ms: float
    p99_ms: float
    refused: int
    cpu: float
    lost: int | None = None
    pushes: int | None = None
    cpu_ms: float | None = None


def floor(prepared: Prepared, seconds: float) -> Measured:
    with servers.floor() as port:
        return _loaded("Floor", prepared, port, seconds)


def dashboard(
    name: str, database_url: str, files: Path, prepared: Prepared, seconds: float, program: str = "cicd_health"
) -> Measured:
    """The whole product, with a page open while the load runs."""
    bind = engine.create_engine(database_url).execution_options(reads_only=True)
    try:
        with servers.dashboard(database_url, files, program) as server:
            before, used_s = _held(bind), server.cpu_s()
            with viewer(server.port) as pushes:
                sent = _loaded(name, prepared, server.port, seconds)
            used_s = server.cpu_s() - used_s
            lost = _lost(before, _held(bind), prepared, sent)
            return replace(sent, lost=lost, pushes=pushes(), cpu_ms=used_s * 1000 / sent.answered)
    finally:
        bind.dispose()


def _loaded(name: str, prepared: Prepared, port: int, seconds: float) -> Measured:
    warm_up = min(WARM_UP, prepared.deliveries // 4)
    command = [sys.executable, "-m", "bench.load", prepared.file, port, CONNECTIONS, seconds, warm_up]
    done = subprocess.run([str(part) for part in command], cwd=servers.ROOT, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    return Measured(
        name=name,
        answered=found["answered"],
        per_s=found["per_s"],
        p50_ms=found["p50_s"] * 1000,
        p99_ms=found["p99_s"] * 1000,
        refused=found["answered"] - found["statuses"].get(str(ACCEPTED), 0),
        cpu=found["cpu"],
    )


@contextmanager
def viewer(port: int, pages: int = 1) -> Generator[Callable[[], int]]:
    """Pages that are open while the block runs; afterwards the function tells how many pushes they received."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.viewer", str(port), str(pages)],
        cwd=servers.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    said: list[str] = []
    try:
        yield lambda: int(said[0] or 0)
    finally:
        process.terminate()
        said.append(process.communicate(timeout=servers.STOP_S)[0])


@dataclass(frozen=True, slots=True)
class Held:
    """What a database holds: deliveries that were applied, runs that have ended."""

    applied: int
    ended: int


def _held(bind: sa.Engine) -> Held:
    with bind.connect() as connection:
        applied = connection.scalar(sa.text("SELECT count(*) FROM deliveries WHERE state = 'applied'")) or 0
        ended = connection.scalar(sa.text("SELECT count(*) FROM runs WHERE status = 'completed'")) or 0
    return Held(applied, ended)


def _lost(before: Held, after: Held, prepared: Prepared, sent: Measured) -> int:
    """Deliveries that were accepted and are not applied; when all were sent, also runs that are not complete."""
    lost = sent.answered - sent.refused - (after.applied - before.applied)
    if sent.answered == prepared.deliveries and not sent.refused:
        lost += prepared.runs - (after.ended - before.ended)
    return lost
