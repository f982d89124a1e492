"""Facts in columns, for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import typer


def print_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Columns as wide as their widest cell. A cell is one line, whatever stands in it."""
    lines = [list(head), *([one_line(cell) for cell in row] for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    for line in lines:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "never"


def one_line(cell: object) -> str:
    """Control characters would move the cursor, or colour what stands beside them."""
    return "".join(letter if letter.isprintable() else "�" for letter in str(cell))
