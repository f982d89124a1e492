"""Room in the database that is taken and not used: what is left behind by deleting and rewriting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session

FEW = 10_000  # rows, of which it does not matter how many are dead
DEAD = sa.text(
    "SELECT relname AS name, n_dead_tup AS dead, n_live_tup AS live FROM pg_stat_user_tables "
    "WHERE n_dead_tup > :few ORDER BY n_dead_tup DESC LIMIT 5"
)
# The oldest transaction keeps everybody's dead rows from being cleared away.
OLDEST = sa.text(
    "SELECT extract(epoch FROM max(clock_timestamp() - xact_start)) FROM pg_stat_activity "
    "WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()"
)


@dataclass(frozen=True, slots=True)
class Dead:
    """A table, and its rows that are dead and that live, as the database counts them by and by."""

    table: str
    dead: int
    live: int


@dataclass(frozen=True, slots=True)
class Bloat:
    """`unused` is the part of the file that holds nothing, in bytes (SQLite); the others are PostgreSQL's."""

    unused: int = 0
    dead: tuple[Dead, ...] = ()
    autovacuum: bool = True
    oldest_transaction: timedelta = timedelta()


def look(session: Session) -> Bloat:
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        free, size = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("freelist_count", "page_size")
        )
        return Bloat(unused=free * size)
    dead = tuple(Dead(row.name, row.dead, row.live) for row in connection.execute(DEAD, {"few": FEW}))
    on = connection.execute(sa.text("SHOW autovacuum")).scalar_one() == "on"
    oldest_s = connection.execute(OLDEST).scalar()
    return Bloat(dead=dead, autovacuum=on, oldest_transaction=timedelta(seconds=float(oldest_s or 0)))
