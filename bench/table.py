"""What was measured, as a table for people."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from datetime import datetime

from bench.bodies import Prepared
from bench.measure import CONNECTIONS, Measured

HEAD = """\
# Speed

Written by `make bench`. The floor is the same server (granian, one process) with an application that only verifies the
signature, parses the JSON and answers, sent the same requests in the same run; nothing that does its work in Python
can be faster. Numbers of different machines do not compare, the shares of the floor do.

"""


def table(measured: Sequence[Measured], floor: Measured) -> str:
    """Markdown; the floor is the last column."""
    columns = [*measured, floor]
    rows = [
        ["", *(one.name for one in columns)],
        ["---", *("---:" for _ in columns)],
        ["webhooks applied per second", *(f"{one.per_s:,.0f}" for one in columns)],
        ["of the floor", *(f"{one.per_s / floor.per_s:.0%}" for one in columns)],
        ["latency p50", *(f"{one.p50_ms:.1f} ms" for one in columns)],
        ["latency p99", *(f"{one.p99_ms:.1f} ms" for one in columns)],
        ["answered", *(f"{one.answered:,}" for one in columns)],
        ["refused", *(str(one.refused) for one in columns)],
        ["accepted and lost", *(_number(one.lost) for one in columns)],
        ["pushes to an open page meanwhile", *(_number(one.pushes) for one in columns)],
        ["sender's share of a core", *(f"{one.cpu:.0%}" for one in columns)],
        ["GET /health, p50", *(_ms(one.health_ms) for one in columns)],
        ["GET /api/v1/metrics?window=7d, p50", *(_ms(one.metrics_ms) for one in columns)],
        ["overview snapshot, p50", *(_ms(one.overview_ms) for one in columns)],
    ]
    return "\n".join(lines(rows))


def page(table: str, prepared: Prepared, now: datetime) -> str:
    """The page docs/performance.md."""
    cores = os.cpu_count()
    return (
        f"{HEAD}Measured on {now:%Y-%m-%d} with {cores} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}. {prepared.deliveries:,} signed deliveries of {prepared.runs:,} runs, "
        f"{prepared.size / 1000:.0f} kB each, over {CONNECTIONS} connections; sender, server and database share the "
        f"cores.\n\n{table}\n"
    )


def lines(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The rows as Markdown, the cells of a column equally wide."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        yield f"| {' | '.join(cells)} |"


def _number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} ms"
