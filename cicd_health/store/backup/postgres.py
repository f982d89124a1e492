"""Whole tables of PostgreSQL, by COPY, which speaks the text of a backup itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import psycopg2
import sqlalchemy as sa

from cicd_health.store.backup.archive import Arriving, BackupError, Lines
from cicd_health.store.backup.manifest import WORDS, Column, Table, quoted
from cicd_health.store.backup.text import Kind

SETTINGS = (
    *("timezone = 'UTC'", "datestyle = 'ISO, YMD'", "bytea_output = 'hex'", "extra_float_digits = 1"),
    *("client_encoding = 'UTF8'", "statement_timeout = 0", "idle_in_transaction_session_timeout = 0"),
)
BLOCK = 256 * 1024
ARRIVED = "arrived_words"
FOREIGN_KEYS = sa.text(
    "SELECT CAST(CAST(conrelid AS regclass) AS text), quote_ident(conname), pg_get_constraintdef(oid) "
    "FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 "
    "AND CAST(CAST(conrelid AS regclass) AS text) = ANY(:tables)"
)
# A partitioned table's index makes those of its partitions; said to be of it ONLY, it would not.
INDEXES = sa.text(
    "SELECT CAST(CAST(indexrelid AS regclass) AS text), replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') "
    "FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
    "WHERE CAST(CAST(indrelid AS regclass) AS text) = ANY(:tables) AND NOT indisunique AND NOT relispartition"
)
ID = Column("id", Kind.INTEGER)


def begin(connection: sa.Connection) -> None:
    for setting in SETTINGS:
        connection.exec_driver_sql(f"SET LOCAL {setting}")


def hold_still(connection: sa.Connection, tables: Sequence[str]) -> None:
    """No migration changes them before this transaction ends; everything else goes on."""
    _run(connection, f"LOCK TABLE {', '.join(tables)} IN ACCESS SHARE MODE")


def read(connection: sa.Connection, table: Table, lines: Lines, told: Callable[[int], object]) -> None:
    columns = quoted(table.columns)
    if table.name == WORDS:
        columns = "chunk_id, array_to_string(tsvector_to_array(words), ' ')"
    _copy(connection, f"COPY (SELECT {columns} FROM {table.name}) TO STDOUT", _Out(lines, told))


def write(connection: sa.Connection, table: Table, arriving: Arriving, told: Callable[[int], object]) -> None:
    into = table.name
    if table.name == WORDS:
        into = ARRIVED
        _run(connection, f"CREATE TEMP TABLE {ARRIVED} (chunk_id bigint, words text) ON COMMIT DROP")
    try:
        _copy(connection, f"COPY {into} ({quoted(table.columns)}) FROM STDIN", _In(arriving, told))
    except (psycopg2.DataError, psycopg2.errors.QueryCanceled) as error:
        raise arriving.error or BackupError(f"The backup is damaged: {_first_line(error)}.") from error
    if into == ARRIVED:
        words = "array_to_tsvector(string_to_array(words, ' '))"
        _run(connection, f"INSERT INTO {WORDS} (chunk_id, words) SELECT chunk_id, {words} FROM {ARRIVED}")


def clear_the_way(connection: sa.Connection, tables: Sequence[str]) -> Callable[[], None]:
    """Take away what makes writing slow; what this gives puts it back, and all rows are checked at once."""
    asked = {"tables": list(tables)}
    keys = connection.execute(FOREIGN_KEYS, asked).all()
    for table, name, _ in keys:
        _run(connection, f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    indexes = connection.execute(INDEXES, asked).all()
    for name, _ in indexes:
        _run(connection, f"DROP INDEX {name}")

    def put_back() -> None:
        for _, definition in indexes:
            _run(connection, definition)
        for table, name, definition in keys:
            _run(connection, f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")

    return put_back


def settle(connection: sa.Connection, tables: Sequence[Table]) -> None:
    """Numbers go on after the last, and the planner knows the tables."""
    for name in (table.name for table in tables if ID in table.columns):
        last = f"SELECT max(id) AS id FROM {name} HAVING max(id) IS NOT NULL"
        _run(connection, f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), id) FROM ({last}) AS last")
    _run(connection, f"ANALYZE {', '.join(table.name for table in tables)}")


def drop(connection: sa.Connection, tables: Sequence[str]) -> None:
    _run(connection, f"DROP TABLE IF EXISTS {', '.join(tables)} CASCADE")


def _run(connection: sa.Connection, statement: str) -> None:
    connection.execution_options(no_parameters=True).exec_driver_sql(statement)


def _copy(connection: sa.Connection, statement: str, file: object) -> None:
    cursor: Any = connection.connection.cursor()
    try:
        cursor.copy_expert(statement, file, BLOCK)
    finally:
        cursor.close()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0]


class _Out:
    """What COPY writes to."""

    def __init__(self, lines: Lines, told: Callable[[int], object]) -> None:
        self.lines, self.told = lines, told

    def write(self, lines: bytes) -> int:
        self.lines.write(lines)
        self.told(self.lines.rows)
        return len(lines)


class _In:
    """What COPY reads from."""

    def __init__(self, arriving: Arriving, told: Callable[[int], object]) -> None:
        self.arriving, self.told = arriving, told

    def read(self, size: int = -1) -> bytes:
        block = self.arriving.read(size)
        self.told(self.arriving.rows)
        # Our texts have no NUL since they are cleaned as they come; a file that is older may, and this database cannot.
        return block.replace(b"\0", "\ufffd".encode()) if b"\0" in block else block
