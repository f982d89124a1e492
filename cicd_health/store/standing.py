"""How the database stands: which one it is, its clock, its size, its schema. Read in a moment, at any size."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from cicd_health.store import migrations


@dataclass(frozen=True, slots=True)
class Standing:
    """`now` is the moment by the database's clock, None where that is ours. `journal` is SQLite's, None elsewhere.

    `size` is in bytes; `revision` the migration it stands at, None for an empty one.
    """

    kind: str
    version: str
    now: datetime | None
    journal: str | None
    size: int
    revision: str | None


def standing(engine: sa.Engine) -> Standing:
    with engine.execution_options(reads_only=True).connect() as connection:
        return _postgres(connection) if engine.dialect.name == "postgresql" else _sqlite(connection)


def _postgres(connection: sa.Connection) -> Standing:
    now = connection.execute(sa.text("SELECT clock_timestamp()")).scalar_one()
    version = connection.execute(sa.text("SHOW server_version")).scalar_one()
    size = connection.execute(sa.text("SELECT pg_database_size(current_database())")).scalar_one()
    return Standing("PostgreSQL", version.split()[0], now, None, size, migrations.current(connection))


def _sqlite(connection: sa.Connection) -> Standing:
    version = connection.execute(sa.text("SELECT sqlite_version()")).scalar_one()
    journal, pages, page_size = (
        connection.execute(sa.text(f"PRAGMA {name}")).scalar_one()
        for name in ("journal_mode", "page_count", "page_size")
    )
    return Standing("SQLite", version, None, journal, pages * page_size, migrations.current(connection))
