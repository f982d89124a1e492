"""Rows as text: the text format of PostgreSQL's COPY, which PostgreSQL writes and reads itself, and SQLite through us.

One line per row, cells apart by tabs, `\\N` for NULL. Moments are in UTC and end in `+00`, bytes are `\\x` and hex,
floats are as long as they must be to be the same again.
Source: https://www.postgresql.org/docs/current/sql-copy.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

NULL = "\\N"
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
UTC = "+00"
WHOLE_SECONDS, MICROSECONDS = 19, 26  # characters of "2026-03-12 10:42:00", and with ".000000"


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    MOMENT = "moment"
    BYTES = "bytes"


KINDS: dict[type[sa.types.TypeEngine[Any]], Kind] = {
    sa.Boolean: Kind.BOOLEAN,
    sa.DateTime: Kind.MOMENT,
    sa.Float: Kind.FLOAT,
    sa.Integer: Kind.INTEGER,
    sa.LargeBinary: Kind.BYTES,
    sa.String: Kind.TEXT,
}


def kind_of(type_: sa.types.TypeEngine[Any]) -> Kind:
    """Raises TypeError for a type that no table of ours has."""
    for known, kind in KINDS.items():
        if isinstance(type_, known):
            return kind
    raise TypeError(f"a column of type {type_!r} has no form in a backup")


def lines(rows: Iterable[Sequence[Any]], kinds: Sequence[Kind]) -> bytes:
    """Rows as SQLite has them, each a line."""
    columns = zip(*rows, strict=True)
    cells = [_cells(column, WRITE[kind]) for column, kind in zip(columns, kinds, strict=True)]
    return "".join("\t".join(row) + "\n" for row in zip(*cells, strict=True)).encode()


def _cells(column: Iterable[Any], write: Callable[[Any], str]) -> list[str]:
    return [NULL if value is None else write(value) for value in column]


WRITE: dict[Kind, Callable[[Any], str]] = {
    Kind.TEXT: lambda value: str(value).translate(ESCAPES),
    Kind.INTEGER: str,
    Kind.FLOAT: lambda value: repr(float(value)),
    Kind.BOOLEAN: lambda value: "t" if value else "f",
    Kind.MOMENT: lambda value: value + UTC,
    Kind.BYTES: lambda value: "\\\\x" + value.hex(),
}


def rows(blocks: Iterable[bytes], kinds: Sequence[Kind]) -> Iterator[list[Any]]:
    """The rows of these lines, as SQLite keeps them. Raises ValueError where they do not fit the kinds."""
    read = [READ[kind] for kind in kinds]
    for line in whole_lines(blocks):
        cells = line.split("\t")
        yield [None if cell == NULL else of(cell) for of, cell in zip(read, cells, strict=True)]


def whole_lines(blocks: Iterable[bytes]) -> Iterator[str]:
    """Lines out of blocks that end anywhere. Raises ValueError when the last line does not end."""
    rest = b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            yield line.decode()
    if rest:
        raise ValueError("the last line is cut short")


def _text(cell: str) -> str:
    return ESCAPED.sub(_letter, cell) if "\\" in cell else cell


def _letter(found: re.Match[str]) -> str:
    return LETTERS.get(found[1], found[1])


def _moment(cell: str) -> str:
    """With all six digits of the second: SQLite compares moments as texts."""
    if not cell.endswith(UTC):
        raise ValueError(f"{cell!r} is no moment in UTC")
    bare = cell.removesuffix(UTC)
    return f"{bare}.000000" if len(bare) == WHOLE_SECONDS else bare.ljust(MICROSECONDS, "0")


def _bytes(cell: str) -> bytes:
    if not cell.startswith("\\\\x"):
        raise ValueError("bytes that are not hex")
    return bytes.fromhex(cell[3:])


READ: dict[Kind, Callable[[str], Any]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: int,
    Kind.FLOAT: float,
    Kind.BOOLEAN: lambda cell: int(cell == "t"),
    Kind.MOMENT: _moment,
    Kind.BYTES: _bytes,
}
