"""Rows in every table there is, at whatever migration the database stands: also such as only a test would write."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from cicd_health.access import passwords
from cicd_health.model.tally import Tally
from tests import hostile_text
from tests.factories import NOW

ROWS = 3
PASSWORD = "correct horse battery"
SMALLEST, LARGEST = 5e-324, 1.7976931348623157e308
# What stands in a column must mean something where the product reads it again.
SAID: dict[str, Any] = {
    "alert_rules": {"kind": "failure", "severity": "critical", "params": '{"count": 1}', "scope": "{}"},
    "attempts": {"attempt": 1, "rank": 2, "status": "completed", "outcome": "success", "duration_s": 60.25},
    "channels": {"kind": "slack", "origin": "user", "scope": "{}", "zone": "UTC", "quiet": None, "digest_at": None},
    "deliveries": {"provider": "github", "state": "applied", "headers": "{}", "error": None},
    "endings": {"provider": "github", "outcome": "success", "sums": "{}"},
    "incidents": {"state": "open", "severity": "critical", "resolved_at": None, "turn": 1, "branch": "main"},
    "jobs": {"attempt": 1, "rank": 2, "status": "completed", "outcome": "success", "labels": "[]", "log_state": "kept"},
    "logs": {"state": "kept", "attempt": 1, "complete": True, "failing": "[]", "next_try_at": None},
    "outbox": {"kind": "opened", "state": "sent", "next_try_at": None, "severity": "critical", "sent_with": None},
    "runs": {
        "provider": "github", "attempt": 1, "attempts": 1, "status": "completed", "outcome": "success",
        "branch": "main",
        "first_outcome": "success", "duration_s": 60.25, "default_branch": True, "log_state": "none", "quiet": True,
    },
    "sources": {"provider": "github", "origin": "user", "enabled": True, "trouble": None},
    "steps": {"status": "completed", "outcome": "success"},
    "tallies": {"scope": "repo", "subject": "run", "grain": "hour", "tally": Tally().to_text()},
    "users": {"role": "admin", "disabled_at": None},
    "watches": {"origin": "user", "backfill_state": "done", "busy_until": None, "trouble": None},
}  # fmt: skip
ODD = (*hostile_text.EVERY, "\\N", "tab\tnew line\nreturn\r\\", "\\x00")
WORDS = "alpha beta u17fz"


def tables(connection: sa.Connection) -> sa.MetaData:
    """Our tables as they are now."""
    found = sa.MetaData()
    here = set(sa.inspect(connection).get_table_names())
    found.reflect(connection, only=sorted(here & set(SQLModel.metadata.tables)))
    return found


def fill(connection: sa.Connection, known: sa.MetaData, first: int = 1) -> None:
    """Three rows in each of these tables, the numbers of which begin with `first`."""
    for table in known.sorted_tables:
        rows = [_row(table, number) for number in range(first, first + ROWS)]
        connection.execute(sa.insert(table), rows)
        if connection.dialect.name == "postgresql" and "id" in table.c:
            last = "SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)"
            connection.execute(sa.text(last), {"name": table.name, "last": first + ROWS})
    if "log_words" in sa.inspect(connection).get_table_names():
        for number in range(first, first + ROWS):
            _index(connection, number)


def _index(connection: sa.Connection, chunk: int) -> None:
    if connection.dialect.name == "postgresql":
        statement = "INSERT INTO log_words VALUES (:chunk, array_to_tsvector(string_to_array(:words, ' ')))"
    else:
        statement = "INSERT INTO log_words (rowid, words) VALUES (:chunk, :words)"
    connection.execute(sa.text(statement), {"chunk": chunk, "words": WORDS if chunk % ROWS else ""})


def _row(table: sa.Table, number: int) -> dict[str, Any]:
    return {column.name: _value(table.name, column, number) for column in table.columns}


def _value(table: str, column: sa.Column[Any], number: int) -> Any:
    if column.foreign_keys or column.name in ("id", "scope_id"):
        return number
    if column.name in SAID.get(table, {}):
        return SAID[table][column.name]
    if table == "users" and column.name == "password":
        return _hashed()
    if table == "users" and column.name == "email":
        return f"user{number}@example.com"
    if column.nullable and number % ROWS == 0:
        return None
    return _of_type(column, number)


@functools.cache
def _hashed() -> str:
    return passwords.hashed(PASSWORD)


def _of_type(column: sa.Column[Any], number: int) -> Any:
    kind = column.type
    if isinstance(kind, sa.Boolean):
        return number % 2 == 0
    if isinstance(kind, sa.DateTime):
        return NOW - timedelta(hours=number, microseconds=number)
    if isinstance(kind, sa.BigInteger):
        return 2**62 + number
    if isinstance(kind, sa.Integer):
        return number
    if isinstance(kind, sa.Float):
        return 0.1 * number if column.name.endswith("_s") else (-0.0, LARGEST, SMALLEST)[number % ROWS]
    if isinstance(kind, sa.LargeBinary):
        return (b"", bytes(range(256)), zlib.compress(b"[]"))[number % ROWS]
    return f"{number} {column.name} {ODD[number % len(ODD)]}"


def content(connection: sa.Connection, but: Iterable[str] = ()) -> dict[str, list[Any]]:
    """All rows of all tables, in an order that both databases have, moments in UTC."""
    known = tables(connection)
    found = {
        name: sorted((_read(row) for row in connection.execute(sa.select(SQLModel.metadata.tables[name]))), key=repr)
        for name in known.tables
        if name not in but
    }
    return found | {"log_words": words(connection)}


def _read(row: sa.Row[Any]) -> tuple[Any, ...]:
    return tuple(repr(value) if isinstance(value, datetime | float) else value for value in row)


def words(connection: sa.Connection) -> list[tuple[int, str]]:
    """What the index of logs has of each chunk."""
    query = "SELECT rowid, words FROM log_words ORDER BY rowid"
    if connection.dialect.name == "postgresql":
        query = "SELECT chunk_id, array_to_string(tsvector_to_array(words), ' ') FROM log_words ORDER BY chunk_id"
    return [(number, " ".join(sorted(text.split()))) for number, text in connection.execute(sa.text(query))]
