"""The page docs/performance.md: the machine, what was built, and every measurement beside its floor."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from bench.answers import Answers, beyond_limits, growth
from bench.bodies import Prepared
from bench.dataset.keeping import CONFIGURATION, DataSet
from bench.measure import CONNECTIONS
from bench.messages import EVERY_S as EVERY_MESSAGE_S
from bench.messages import PER_S, Told
from bench.pushes import EVERY_S, Watched
from bench.table import lines
from bench.timing import TIMES, Timing

HEAD = """\
# Speed

Written by `make bench`, which takes about half an hour and 40 GB of disk; `python -m bench --help` says how to run a
part of it, on smaller sizes. Numbers of different machines do not compare; the shares of the floor and the growth do.
"""
WEBHOOKS = """\
## Webhooks

{deliveries:,} signed deliveries of {runs:,} runs, {size:.0f} kB each, over {connections} connections, with a page
open; sender, server and database share the cores. The floor is the same server (granian, one process) with an
application that only verifies the signature, parses the JSON and answers. "Without keeping sums" is the same product
with nothing counted: no tallies, no times to restore, no flaky jobs.
"""
READING = """\
## Reading

Milliseconds, p50 (p95) of {times} times each, warm. The floor is a session and the newest run, found by an index;
over HTTP it is `GET /health`. Growth is the largest PostgreSQL against the smallest. "Rows" says how many runs, or
lines, the answer of the largest is about. A metric is asked with the window before, as the API does.
"""
LISTS = """\
## The list of runs

Milliseconds, p50, for a page of 50: the first page / the slowest of the pages 1, 6, 12 and 23 months back.
"""
PIPELINES = """\
## More pipelines

The same questions to {runs:,} runs of 30 days, of more and more pipelines. Milliseconds, p50 (p95).
"""
PUSHES = """\
## Open pages

The overview, open so many times, while {per_s:.1f} events a second arrive. All pages share one snapshot per view and
change, so that the database is asked as often for one as for all; what grows is sending.
"""
MESSAGES = """\
## From a failing webhook to its message

{failures} pipelines break, one every {every:g} s, while {per_s:.0f} other webhooks a second arrive; the channel is a
webhook on the same machine that takes everything at once.
"""
GROUPS = {
    "pages": "What pages show",
    "kept": "Metrics, from sums",
    "filtered": "Metrics, from rows: filters for which no sums are kept",
    "groups": "Metrics in groups",
    "http": "Over HTTP",
}


def open_pages(watched: Sequence[Watched]) -> str:
    rows = [["pages open", *(f"{one.pages:,}" for one in watched)], ["---", *("---:" for _ in watched)]]
    rows.append(["pushes received", *(f"{one.pushes:,}" for one in watched)])
    rows.append(["server's share of a core", *(f"{one.cpu:.0%}" for one in watched)])
    return f"{PUSHES.format(per_s=1 / EVERY_S)}\n" + "\n".join(lines(rows)) + "\n"


def messages(told: Sequence[Told]) -> str:
    rows = [["", *(one.database for one in told)], ["---", *("---:" for _ in told)]]
    rows.append(["told of", *(f"{one.told} of {one.failures}" for one in told)])
    for name, of in (("p50", "p50_s"), ("p95", "p95_s"), ("worst", "worst_s")):
        took = (getattr(one, of) for one in told)
        rows.append([name, *("–" if value is None else f"{value:.2f} s" for value in took)])
    rows.append(["other webhooks per second", *(f"{one.per_s:.0f}" for one in told)])
    text = MESSAGES.format(failures=told[0].failures, every=EVERY_MESSAGE_S, per_s=PER_S)
    return f"{text}\n" + "\n".join(lines(rows)) + "\n"


def machine(now: datetime) -> str:
    changed = ", ".join(f"{name} {value}" for name, value in CONFIGURATION.items())
    return (
        f"Measured on {now:%Y-%m-%d} with {os.cpu_count()} cores, {_memory_gb():.0f} GB of memory, "
        f"{platform.system()} {platform.machine()},\nPython {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, PostgreSQL 16 as it comes but for\n{changed}.\n"
    )


def data_sets(built: Sequence[DataSet]) -> str:
    """What was built: rows, size and time."""
    tables = list(built[0].rows)
    rows = [["", *(one.name for one in built)], ["---", *("---:" for _ in built)]]
    rows += [[f"{table}", *(f"{one.rows[table]:,}" for one in built)] for table in tables]
    rows.append(["on disk", *(f"{one.size / 1e9:,.1f} GB" for one in built)])
    rows.append(["time to build", *(_seconds(one) for one in built)])
    return "## What was built\n\n" + "\n".join(lines(rows)) + "\n"


def webhooks(shown: str, prepared: Prepared) -> str:
    text = WEBHOOKS.format(
        deliveries=prepared.deliveries, runs=prepared.runs, size=prepared.size / 1000, connections=CONNECTIONS
    )
    return f"{text}\n{shown}\n"


def reading(columns: Sequence[Answers]) -> str:
    parts = [READING.format(times=TIMES)]
    for group, title in GROUPS.items():
        parts.append(f"### {title}\n\n" + "\n".join(lines(list(_rows(columns, group)))) + "\n")
    exported = ", ".join(
        f"{one.csv[0]:,} rows of {one.data_set.name} at {one.csv[1]:,.0f} a second" for one in columns if one.csv
    )
    return "\n".join(parts) + (f"\n`runs.csv` of 7 days: {exported}.\n" if exported else "")


def _rows(columns: Sequence[Answers], group: str) -> Iterator[list[str]]:
    largest = max(columns, key=lambda one: one.data_set.runs)
    yield ["", *(one.data_set.name for one in columns), "growth", "rows"]
    yield ["---", *("---:" for _ in columns), "---:", "---:"]
    floors = [one.http_floor if group == "http" else one.floor for one in columns]
    yield ["floor", *(_cell(one) for one in floors), "", ""]
    for answer in largest.found.values():
        if answer.group.split(",")[0] == group:
            name, rows = answer.name, answer.timing.rows
            times = (_cell(one.found[name].timing if name in one.found else None) for one in columns)
            yield [
                name.removeprefix("GET "),
                *times,
                _factor(growth(columns, name)),
                "" if rows is None else f"{rows:,}",
            ]


def lists(columns: Sequence[Answers]) -> str:
    rows = [["", *(one.data_set.name for one in columns), "growth of the first page"]]
    rows.append(["---", *("---:" for _ in columns), "---:"])
    for name in columns[0].found:
        if name.endswith(": first page") and columns[0].found[name].group == "runs":
            wanted = name.removesuffix(": first page")
            rows.append([wanted, *(_list_cell(one, wanted) for one in columns), _factor(growth(columns, name))])
    return f"{LISTS}\n" + "\n".join(lines(rows)) + "\n"


def _list_cell(column: Answers, wanted: str) -> str:
    first = column.p50(f"{wanted}: first page")
    deep = [
        one.timing.p50_ms for name, one in column.found.items() if name.startswith(f"{wanted}: ") and "back" in name
    ]
    return (f"{first:.1f}" if first is not None else "–") + (f" / {max(deep):.1f}" if deep else "")


def breaking(wider: Mapping[int, Answers]) -> str:
    """What grows with pipelines instead of runs."""
    columns = list(wider.values())
    if len(columns) < 2:
        return ""
    rows = [["", *(f"{pipelines:,} pipelines" for pipelines in wider)], ["---", *("---:" for _ in wider)]]
    for name in columns[-1].found:
        rows.append([name, *(_cell(one.found[name].timing if name in one.found else None) for one in columns)])
    return f"{PIPELINES.format(runs=columns[0].data_set.runs)}\n" + "\n".join(lines(rows)) + "\n"


def limits(columns: Sequence[Answers]) -> str:
    """What takes longer than product.md allows, if anything does."""
    beyond = list(beyond_limits(columns))
    if not beyond:
        return "## Limits\n\nEvery answer that has a limit keeps it, on every size.\n"
    return "## Limits\n\nBeyond their limit:\n\n" + "\n".join(f"- {sentence}" for sentence in beyond) + "\n"


def _cell(timing: Timing | None) -> str:
    return "–" if timing is None else f"{timing.p50_ms:.1f} ({timing.p95_ms:.1f})"


def _factor(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}×"


def _seconds(one: DataSet) -> str:
    return "–" if one.seconds is None else f"{sum(one.seconds.values()):,.0f} s"


def _memory_gb() -> float:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemTotal"):
            return int(line.split()[1]) / 2**20
    return 0.0
