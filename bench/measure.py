"""One measurement: the load against one server, and afterwards what its database holds."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlmodel import Session

from bench import reading, servers
from bench.bodies import Prepared
from cicd_health.metrics import report
from cicd_health.model.health import Query
from cicd_health.model.windows import window_ending
from cicd_health.store import engine

CONNECTIONS = 32
WARM_UP = 500
ACCEPTED = 202
TIMES = 20


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of the load on one server. `cpu` is the share of one core that the sender itself used.

    `lost`: accepted but not applied in the database; None where there is none. `pushes`: what an open page received.
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
    health_ms: float | None = None
    metrics_ms: float | None = None
    overview_ms: float | None = None


def floor(prepared: Prepared, seconds: float) -> Measured:
    with servers.floor() as port:
        return _loaded("Floor", prepared, port, seconds)


def dashboard(name: str, database_url: str, prepared: Prepared, seconds: float, port: int) -> Measured:
    """The whole product, with a page open while the load runs."""
    with viewer(port) as pushes:
        sent = _loaded(name, prepared, port, seconds)
    bind = engine.create_engine(database_url).execution_options(reads_only=True)
    try:
        return Measured(
            name=sent.name,
            answered=sent.answered,
            per_s=sent.per_s,
            p50_ms=sent.p50_ms,
            p99_ms=sent.p99_ms,
            refused=sent.refused,
            cpu=sent.cpu,
            lost=_lost(bind, prepared, sent),
            pushes=pushes(),
            health_ms=reading.median_ms(reading.times(port, "/health")),
            metrics_ms=reading.median_ms(reading.times(port, "/api/v1/metrics?window=7d")),
            overview_ms=_overview_ms(bind),
        )
    finally:
        bind.dispose()


def _loaded(name: str, prepared: Prepared, port: int, seconds: float) -> Measured:
    command = [sys.executable, "-m", "bench.load", prepared.file, port, CONNECTIONS, seconds, WARM_UP]
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
def viewer(port: int) -> Generator[Callable[[], int]]:
    """A page that is open while the block runs; afterwards the function tells how many pushes it received."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.viewer", str(port)], cwd=servers.ROOT, stdout=subprocess.PIPE, text=True
    )
    said: list[str] = []
    try:
        yield lambda: int(said[0] or 0)
    finally:
        process.terminate()
        said.append(process.communicate(timeout=servers.STOP_S)[0])


def _lost(bind: sa.Engine, prepared: Prepared, sent: Measured) -> int:
    """Deliveries that were accepted and are not applied; when all were sent, also runs that are not complete."""
    with bind.connect() as connection:
        applied = connection.scalar(sa.text("SELECT count(*) FROM deliveries WHERE state = 'applied'")) or 0
        ended = connection.scalar(sa.text("SELECT count(*) FROM runs WHERE status = 'completed'")) or 0
    lost = sent.answered - sent.refused - applied
    if sent.answered == prepared.deliveries and not sent.refused:
        lost += prepared.runs - ended
    return lost


def _overview_ms(bind: sa.Engine) -> float:
    """Reading the overview page's snapshot, as the server does once per change for everybody who looks."""
    seconds = []
    for _ in range(TIMES):
        now = datetime.now(UTC)
        began = time.perf_counter()
        with Session(bind) as session:
            report.overview(session, Query(window_ending("7d", now)), now)
        seconds.append(time.perf_counter() - began)
    return reading.median_ms(seconds)
