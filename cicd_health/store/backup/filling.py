"""Out of a backup into a database: in one transaction, at the schema the backup was made of, then to the newest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import SQLModel

from cicd_health.store import engine, migrations
from cicd_health.store.backup import postgres, sqlite
from cicd_health.store.backup.archive import BackupError, Incoming
from cicd_health.store.backup.manifest import WORDS, Table
from cicd_health.store.backup.reading import OF_MACHINES, Told, all_tables

VERSIONS = "alembic_version"
MADE_BY_A_START = {"kept_sums", VERSIONS} | OF_MACHINES  # even an empty server has some of these


@dataclass(frozen=True, slots=True)
class Filled:
    """What was written: rows by table."""

    rows: dict[str, int]
    size: int  # bytes of text


@contextmanager
def filling(url: str) -> Iterator[sa.Connection]:
    """A connection in a transaction that is committed when the block ends well; else nothing has changed."""
    bind = engine.create_engine(url)
    try:
        with bind.connect() as connection:
            if connection.dialect.name == "sqlite":
                sqlite.unchecked(connection)
            with connection.begin():
                if connection.dialect.name == "postgresql":
                    postgres.begin(connection)
                    migrations.hold(connection)
                yield connection
    finally:
        bind.dispose()


def refuse_foreign(connection: sa.Connection) -> None:
    """Raises BackupError when what is here is not ours, or of a newer version: then it may not be replaced either."""
    stands = migrations.current(connection)
    if stands is not None and not migrations.known(stands):
        raise BackupError(f"The database stands at {stands}, which this program does not know: name another.")
    taken = set(sa.inspect(connection).get_table_names()) & set(SQLModel.metadata.tables)
    if stands is None and taken:
        raise BackupError(f"The database has tables of another program ({', '.join(sorted(taken))}): name another.")


def holds(connection: sa.Connection) -> dict[str, int]:
    """How many rows there are already, by table; empty tables, and what every start writes, are left out."""
    here = set(sa.inspect(connection).get_table_names())
    ours = [name for name in sorted(SQLModel.metadata.tables) if name in here - MADE_BY_A_START]
    counted = {name: connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one() for name in ours}
    return {name: rows for name, rows in counted.items() if rows}


def fill(connection: sa.Connection, backup: Incoming, told: Told) -> Filled:
    """Replace all that is here by what is in the backup. Raises BackupError, and then nothing may be committed."""
    revision = backup.manifest.revision
    if not migrations.known(revision):
        raise BackupError(
            f"The backup was made by version {backup.manifest.version}, with the schema {revision}, which this program "
            "does not know: restore it with that version or a newer one."
        )
    _drop_all(connection)
    migrations.move(connection, revision)
    listed = {table.name: table for table in all_tables(connection)}
    dialect = postgres if connection.dialect.name == "postgresql" else sqlite
    put_back = dialect.clear_the_way(connection, list(listed))
    filled = _fill_tables(connection, backup, listed, told)
    put_back()
    migrations.move(connection, "head")
    if connection.dialect.name == "postgresql":
        postgres.settle(connection, all_tables(connection))
    return filled


def _drop_all(connection: sa.Connection) -> None:
    names = [WORDS, *(table.name for table in reversed(SQLModel.metadata.sorted_tables)), VERSIONS]
    if connection.dialect.name == "postgresql":
        postgres.drop(connection, names)
    else:
        sqlite.drop(connection, names)


def _fill_tables(connection: sa.Connection, backup: Incoming, listed: dict[str, Table], told: Told) -> Filled:
    write = postgres.write if connection.dialect.name == "postgresql" else sqlite.write
    rows, size = {}, 0
    for table, arriving in backup.tables():
        here = listed.get(table.name)
        if here is None or set(here.columns) != set(table.columns):
            raise BackupError(f"The backup is damaged: {table.name} is no table of its schema.")
        write(connection, table, arriving, lambda rows, name=table.name: told(name, rows))
        arriving.end()
        rows[table.name], size = arriving.rows, size + arriving.size
        told(table.name, arriving.rows)
    return Filled(rows, size)
