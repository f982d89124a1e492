"""Whole tables of SQLite, its rows made text and text made rows."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from cicd_health.store.backup import text
from cicd_health.store.backup.archive import Arriving, BackupError, Lines
from cicd_health.store.backup.manifest import WORDS, Table, quoted
from cicd_health.store.backup.text import Kind

AT_ONCE = 1_000  # rows
FEW = 16  # of those that may be large: as text a row takes several times its size
CACHE_KB = 64 * 1024


def unchecked(connection: sa.Connection) -> None:
    """Foreign keys are checked all at once, by `check`. It must be said before the transaction begins."""
    raw = _raw(connection)
    raw.execute("PRAGMA foreign_keys = OFF")
    raw.execute(f"PRAGMA cache_size = -{CACHE_KB}")


def read(connection: sa.Connection, table: Table, lines: Lines, told: Callable[[int], object]) -> None:
    cursor = _raw(connection).execute(f"SELECT {_columns(table)} FROM {table.name}")
    while rows := cursor.fetchmany(_at_once(table)):
        lines.write(text.lines(rows, table.kinds))
        told(lines.rows)


def write(connection: sa.Connection, table: Table, arriving: Arriving, told: Callable[[int], object]) -> None:
    raw = _raw(connection)
    places = ", ".join("?" * len(table.columns))
    insert = f"INSERT INTO {table.name} ({_columns(table)}) VALUES ({places})"
    rows = text.rows(arriving.blocks, table.kinds)
    try:
        while some := list(itertools.islice(rows, _at_once(table))):
            raw.executemany(insert, some)
            told(arriving.rows)
    except ValueError as error:
        raise BackupError(f"The backup is damaged: {table.name} has {error}.") from error


def clear_the_way(connection: sa.Connection, tables: Sequence[str]) -> Callable[[], None]:
    """Take the indexes away, which make writing slow; what this gives puts them back and checks all rows at once."""
    raw = _raw(connection)
    made = "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    indexes = [(name, sql) for table, name, sql in raw.execute(made).fetchall() if table in tables]
    for name, _ in indexes:
        raw.execute(f'DROP INDEX "{name}"')

    def put_back() -> None:
        for _, sql in indexes:
            raw.execute(sql)
        check(connection)

    return put_back


def check(connection: sa.Connection) -> None:
    """Raises BackupError when a row refers to one that is not there."""
    stray = _raw(connection).execute("PRAGMA foreign_key_check").fetchone()
    if stray is not None:
        raise BackupError(f"The backup is damaged: {stray[0]} refers to rows of {stray[2]} that are not in it.")


def drop(connection: sa.Connection, tables: Sequence[str]) -> None:
    for table in tables:
        _raw(connection).execute(f'DROP TABLE IF EXISTS "{table}"')


def _at_once(table: Table) -> int:
    return FEW if Kind.BYTES in table.kinds else AT_ONCE


def _columns(table: Table) -> str:
    return "rowid, words" if table.name == WORDS else quoted(table.columns)


def _raw(connection: sa.Connection) -> Any:
    return connection.connection.driver_connection
