"""Rows as CSV: RFC 4180, and harmless to a spreadsheet that takes a cell for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

MEDIA_TYPE = "text/csv; charset=utf-8"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def text_of(rows: Iterable[Sequence[Any]]) -> str:
    """The rows as lines that end in CRLF."""
    out = io.StringIO()
    csv.writer(out).writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()


def cell(value: Any) -> Any:
    """Moments in ISO 8601 UTC, nothing for None, and text that would be a formula behind an apostrophe."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    return value


def attachment(name: str) -> dict[str, str]:
    """Headers that make a browser keep it as a file."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}
