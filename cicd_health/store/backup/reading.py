"""Out of the database into a backup: everything as it is at one moment, while others write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.store import engine, migrations, processes, tables
from cicd_health.store.backup import postgres, sqlite
from cicd_health.store.backup.archive import BackupError, Outgoing
from cicd_health.store.backup.manifest import FORMAT, WORDS, Column, Manifest, Table
from cicd_health.store.backup.text import Kind, kind_of

Told = Callable[[str, int], object]  # a table, and how many of its rows are done
PROCESSES, OBJECTS = (str(row.__tablename__) for row in (tables.ProcessRow, tables.LogObjectRow))
OF_MACHINES = {PROCESSES}  # says who works here, not what is known
WORDS_TABLE = Table(WORDS, (Column("chunk_id", Kind.INTEGER), Column("words", Kind.TEXT)))


@contextmanager
def reading(url: str) -> Iterator[sa.Connection]:
    """A connection to which the database stands still. Raises BackupError when there is none to read."""
    address = sa.make_url(engine.normalise(url))
    if address.get_backend_name() == "sqlite" and not Path(address.database or "").is_file():
        raise BackupError(f"There is no file {address.database}.")
    bind = engine.create_engine(url).execution_options(reads_only=True)
    try:
        with bind.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                postgres.begin(connection)
            yield connection
    finally:
        bind.dispose()


def describe(connection: sa.Connection, version: str, keys: tuple[str, ...], now: datetime) -> Manifest:
    """What a backup of this database says of itself. Raises BackupError when there is nothing to back up."""
    stands = revision(connection)
    listed = all_tables(connection)
    return Manifest(
        format=FORMAT,
        version=version,
        revision=stands,
        made_at=now,
        database=connection.dialect.name,
        keys=keys,
        logs_elsewhere=_logs_elsewhere(connection, {table.name for table in listed}),
        tables=listed,
    )


def _logs_elsewhere(connection: sa.Connection, here: set[str]) -> bool:
    return OBJECTS in here and connection.exec_driver_sql(f"SELECT 1 FROM {OBJECTS} LIMIT 1").first() is not None


def serving(connection: sa.Connection, now: datetime) -> str:
    """Who serves and works on this database, in words; empty when nobody does."""
    if not sa.inspect(connection).has_table(PROCESSES):
        return ""
    with Session(connection) as session:
        return ", ".join(f"{one.role} on {one.host}" for one in processes.alive(session, now))


def revision(connection: sa.Connection) -> str:
    """Where its schema stands. Raises BackupError when it is empty, or newer than the program."""
    stands = migrations.current(connection)
    if stands is None:
        raise BackupError("The database is empty: there is nothing to back up.")
    if not migrations.known(stands):
        raise BackupError(f"The database stands at {stands}, which this program does not know: use a newer one.")
    return stands


def all_tables(connection: sa.Connection) -> tuple[Table, ...]:
    """Every table that goes into a backup, with its columns as they are, those that others refer to first."""
    found = sa.inspect(connection)
    here = set(found.get_table_names())
    wanted = [table.name for table in SQLModel.metadata.sorted_tables if table.name in here - OF_MACHINES]
    listed = [
        Table(name, tuple(Column(column["name"], kind_of(column["type"])) for column in found.get_columns(name)))
        for name in wanted
    ]
    return (*listed, WORDS_TABLE) if WORDS in here else tuple(listed)


def save(connection: sa.Connection, out: Outgoing, manifest: Manifest, told: Told) -> None:
    """Write the manifest and all tables; the end is left to the caller."""
    out.begin(manifest)
    read = sqlite.read
    if connection.dialect.name == "postgresql":
        read = postgres.read
        postgres.hold_still(connection, [table.name for table in manifest.tables])
    for table in manifest.tables:
        with out.table(table.name) as lines:
            read(connection, table, lines, lambda rows, name=table.name: told(name, rows))
        told(table.name, out.totals[table.name].rows)
