"""The rows of a data set in PostgreSQL, written to an SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from cicd_health.store import engine, migrations
from cicd_health.store.tables import UtcDateTime

# Parents first.
TABLES = (
    *("sources", "repositories", "pipelines", "alert_rules", "runs", "attempts", "jobs", "steps"),
    *("flakes", "changes", "incidents", "tallies", "kept_sums"),
)
AT_ONCE = 20_000  # rows
# For the copy only: a file that is half written is thrown away.
QUICK = ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-262144")
MOMENT = "YYYY-MM-DD HH24:MI:SS.US"  # as SQLAlchemy keeps moments in SQLite


def copy(source: sa.Engine, file: Path) -> None:
    """Write a new file; indexes are made after the rows."""
    bind = engine.create_engine(f"sqlite:///{file}")
    migrations.upgrade(bind)
    bind.dispose()
    written = sqlite3.connect(file, isolation_level=None)
    for pragma in QUICK:
        written.execute(f"PRAGMA {pragma}")
    made_by_hand = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    indexes = written.execute(made_by_hand).fetchall()
    written.execute("BEGIN")
    for name, _ in indexes:
        written.execute(f"DROP INDEX {name}")
    with source.connect().execution_options(stream_results=True, max_row_buffer=AT_ONCE) as connection:
        for name in TABLES:
            _copy(connection, written, SQLModel.metadata.tables[name])
    for _, definition in indexes:
        written.execute(definition)
    written.execute("COMMIT")
    written.execute("PRAGMA journal_mode=WAL")
    written.close()


def _copy(connection: sa.Connection, written: sqlite3.Connection, table: sa.Table) -> None:
    names, places = ", ".join(f'"{column.name}"' for column in table.c), ", ".join("?" for _ in table.c)
    for rows in _rows(connection, table):
        written.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({places})", rows)


def _rows(connection: sa.Connection, table: sa.Table) -> Iterator[Any]:
    selected = connection.execute(sa.select(*(_as_kept(column) for column in table.c)))
    return (rows for rows in selected.partitions(AT_ONCE))


def _as_kept(column: sa.Column[Any]) -> Any:
    if isinstance(column.type, UtcDateTime):
        return sa.func.to_char(sa.func.timezone("UTC", column), MOMENT)
    if isinstance(column.type, sa.Boolean):
        return sa.cast(column, sa.Integer)
    return column
