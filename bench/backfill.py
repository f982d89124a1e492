"""A backfill of thousands of runs from a GitHub on this machine: runs per second, requests, memory as it goes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from bench import servers
from bench.table import lines

STOP_S = 15
QUARTERS = (0.25, 0.5, 0.75, 1.0)


def run(runs: int) -> str:
    """Markdown: each database, and beside them the same requests with nothing done about the answers."""
    measured: dict[str, dict[str, Any]] = {}
    with history(runs) as url, servers.databases() as databases:
        for name, (database_url, files) in databases.items():
            environment = {"DATABASE_URL": database_url, "DATA_DIR": str(files), "SECRET_KEY": "bench"}
            measured[name] = _walk([url], environment)
        measured["Floor"] = _walk([url, "floor"], {})
    return table(measured)


@contextmanager
def history(runs: int) -> Generator[str]:
    """A GitHub with so many runs; its address."""
    command = [sys.executable, "-m", "bench.history", str(runs)]
    with subprocess.Popen(
        command, cwd=servers.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate(timeout=STOP_S)


def _walk(arguments: Sequence[str], environment: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.walk", *arguments]
    env = os.environ | environment
    done = subprocess.run(command, cwd=servers.ROOT, env=env, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def table(measured: dict[str, dict[str, Any]]) -> str:
    columns = list(measured.values())
    rows = [
        ["", *measured],
        ["---", *("---:" for _ in columns)],
        ["runs with their jobs", *(f"{one['runs']:,}" for one in columns)],
        ["runs per second", *(f"{one['runs'] / one['seconds']:,.0f}" for one in columns)],
        ["requests", *(f"{one['requests']:,}" for one in columns)],
        ["requests per run", *(f"{one['requests'] / max(1, one['runs']):.2f}" for one in columns)],
        ["share of a core", *(f"{one['cpu'] / one['seconds']:.0%}" for one in columns)],
    ]
    for share in QUARTERS:
        rows.append([f"memory at {share:.0%} of the way", *(_memory(one["memory"], share) for one in columns)])
    return "\n".join(lines(rows))


def _memory(memory: Sequence[Sequence[float]], share: float) -> str:
    if not memory:
        return "–"
    wanted = memory[-1][0] * share
    return f"{next(mb for steps, mb in memory if steps >= wanted):.0f} MB"
