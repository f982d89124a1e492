"""The months of deliveries on PostgreSQL: each a table of its own, so that what is too old goes at once.

What no month is there for lies in `deliveries_others`; what was there before there were months, in `deliveries_before`.
`id` and what makes a delivery the same as another are unique in each part only: `deliveries.keep` sees to the rest.
SQLite has one table, and so has a PostgreSQL that was in use before there were months, until `part` is called.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex
from sqlmodel import SQLModel

from cicd_health.model.deliveries import DeliveryState
from cicd_health.store.tables import DeliveryRow, UtcDateTime

T = TypeVar("T")
DELIVERY = SQLModel.metadata.tables[str(DeliveryRow.__tablename__)]
BEFORE, OTHERS = "deliveries_before", "deliveries_others"
LOCK = 0x6D6F6E74  # "mont": PostgreSQL's advisory lock of whoever makes or drops a month
# Whoever waits for a table keeps all from it who come after: so it is waited for so long only, and tried again.
LOCK_MS = 300
CLEANING_MS = 10_000
TRIES = 30
PAUSE_S = 0.5, 1.5  # between two tries, a chance apart
LOCKED = {"55P03", "40P01"}  # PostgreSQL: waited for a lock for too long, or was in a circle of those who wait
NOT_NOW = LOCKED | {"57014", "23514"}  # and: took too long, or rows of this month are in another part
DAY = timedelta(days=1)

PARTED = sa.text("SELECT relkind = 'p' FROM pg_class WHERE oid = to_regclass('deliveries')")
PARTS = sa.text("""
    SELECT relname, CAST(substring(pg_get_expr(relpartbound, pg_class.oid) FROM 'TO \\(''(.*)''\\)') AS timestamptz)
    FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = to_regclass('deliveries') ORDER BY 2
""")
INDEXES = "SELECT indexname FROM pg_indexes WHERE tablename = 'deliveries' AND schemaname = current_schema()"
KEYS = "PRIMARY KEY (id), UNIQUE (provider, external_id)"
INTO_MONTHS = (
    "ALTER TABLE deliveries RENAME TO deliveries_before",
    "CREATE TABLE deliveries (LIKE deliveries_before INCLUDING DEFAULTS) PARTITION BY RANGE (received_at)",
    "ALTER SEQUENCE deliveries_id_seq OWNED BY deliveries.id",
    "ALTER TABLE deliveries ADD CONSTRAINT deliveries_run_id_fkey "
    "FOREIGN KEY (run_id) REFERENCES runs (id) ON DELETE SET NULL",
)


def parted(connection: sa.Connection) -> bool:
    """Whether deliveries lie by month here."""
    return connection.dialect.name == "postgresql" and bool(connection.execute(PARTED).scalar())


def parts(connection: sa.Connection) -> dict[str, datetime | None]:
    """When each part ends, by its name, in order of time; of those without an end None."""
    return {name: ends_at for name, ends_at in connection.execute(PARTS)} if parted(connection) else {}


def loose(connection: sa.Connection) -> list[sa.TableClause]:
    """The tables whose deliveries go one by one when they are too old: all but the months."""
    there = parts(connection) or {"deliveries": None}
    return [_table(name) for name in (DELIVERY.name, BEFORE, OTHERS) if name in there]


def _table(name: str) -> sa.TableClause:
    columns = sa.column("received_at", UtcDateTime), sa.column("state", sa.String), sa.column("error", sa.Text)
    return sa.table(name, sa.column("id", sa.BigInteger), *columns)


def waits(table: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether a delivery has not been applied yet: it was accepted, and is not deleted before it is."""
    return sa.and_(table.c.state == DeliveryState.KEPT.value, table.c.error.is_(None))


def has_each(kind: str, thing: object) -> bool:
    """Whether this belongs to each part and not to the table of all: for whoever compares tables with a database."""
    return kind == "unique_constraint" and getattr(thing, "table", None) is DELIVERY


def start_of(moment: datetime) -> datetime:
    """The beginning of its month in UTC."""
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def after(moment: datetime) -> datetime:
    """The beginning of the month after its own."""
    return start_of(start_of(moment) + 31 * DAY)


def make(bind: sa.Engine, moment: datetime) -> bool:
    """Make the month of this moment, if months are made here and it is missing.

    False when it cannot be made: somebody is in the way, or some of its rows lie elsewhere already. What arrives
    without its month is kept all the same.
    """
    if bind.dialect.name != "postgresql":
        return True
    try:
        _briefly(bind, lambda connection: _make(connection, moment))
    except DBAPIError as error:
        if _code(error) not in NOT_NOW:
            raise
        return False
    return True


def drop(bind: sa.Engine, before: datetime) -> int:
    """Drop the parts that ended by this moment, but for those with deliveries that wait to be applied.

    Returns how many deliveries went, by their numbers.
    Raises OperationalError when somebody was in the way all the time: they are dropped another time.
    """
    with bind.connect() as connection:
        old = [name for name, ends_at in parts(connection).items() if ends_at is not None and ends_at <= before]
    return sum(_briefly(bind, lambda connection, name=name: _drop(connection, name)) for name in old)


def part(bind: sa.Engine, now: datetime) -> bool:
    """Have deliveries lie by month from the next month on; False where that is so already, and on SQLite.

    The one table that is there becomes the first part as it is: nothing is copied. Its rows are looked through once,
    while others read and write. No process of a version that knows no months may write from then on.
    """
    if bind.dialect.name != "postgresql":
        return False
    with bind.connect() as connection:
        if parted(connection):
            return False
        newest = connection.execute(sa.select(sa.func.max(DELIVERY.c.received_at))).scalar()
    end = after(max(now, newest or now) + DAY)
    _briefly(bind, lambda connection: _promise(connection, end))
    with bind.begin() as connection:
        _run(connection, "ALTER TABLE deliveries VALIDATE CONSTRAINT deliveries_end")
    return _briefly(bind, lambda connection: _part(connection, end))


def _make(connection: sa.Connection, moment: datetime) -> None:
    start, end = start_of(moment), after(moment)
    name, there = f"deliveries_{start:%Y_%m}", parts(connection)
    first = there.get(BEFORE)
    if there and name not in there and (first is None or first <= start):
        _calm(connection, OTHERS)
        _attach(connection, name, f"FOR VALUES FROM ({_text(start)}) TO ({_text(end)})")


def _drop(connection: sa.Connection, name: str) -> int:
    if name not in parts(connection):
        return 0  # another process was first
    if connection.execute(sa.select(sa.exists().where(waits(_table(name))))).scalar():
        return 0
    _calm(connection, name)
    rows = connection.exec_driver_sql(f"SELECT coalesce(max(id) - min(id) + 1, 0) FROM {name}").scalar_one()
    _run(connection, f"DROP TABLE {name}")
    return rows


def _promise(connection: sa.Connection, end: datetime) -> None:
    """Say where the one table ends: it is looked through for that later, while others may write."""
    _run(connection, "ALTER TABLE deliveries DROP CONSTRAINT IF EXISTS deliveries_end")
    until = f"CHECK (received_at < {_text(end)}) NOT VALID"
    _run(connection, f"ALTER TABLE deliveries ADD CONSTRAINT deliveries_end {until}")


def _part(connection: sa.Connection, end: datetime) -> bool:
    if parted(connection):
        return False  # another process was first
    _calm(connection, DELIVERY.name)
    for name in connection.exec_driver_sql(INDEXES).scalars().all():
        _run(connection, f"ALTER INDEX {name} RENAME TO {name.replace(DELIVERY.name, BEFORE)}")
    for statement in INTO_MONTHS:
        _run(connection, statement)
    for index in sorted(DELIVERY.indexes, key=lambda index: str(index.name)):
        connection.execute(CreateIndex(index))
    until = f"FOR VALUES FROM (MINVALUE) TO ({_text(end)})"
    _run(connection, f"ALTER TABLE deliveries ATTACH PARTITION {BEFORE} {until}")
    _run(connection, f"ALTER TABLE {BEFORE} DROP CONSTRAINT deliveries_end")
    _attach(connection, OTHERS, "DEFAULT")
    _make(connection, end)
    return True


def _calm(connection: sa.Connection, table: str) -> None:
    """End the cleaning of this table that the database began by itself, as it does for whoever waits for a second.

    Nobody who reads or writes has to wait for this lock.
    """
    _run(connection, f"SET LOCAL lock_timeout = {CLEANING_MS}")
    _run(connection, f"LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE")
    _run(connection, f"SET LOCAL lock_timeout = {LOCK_MS}")


def _attach(connection: sa.Connection, name: str, bounds: str) -> None:
    _run(connection, f"CREATE TABLE {name} (LIKE deliveries INCLUDING DEFAULTS, {KEYS})")
    _run(connection, f"ALTER TABLE deliveries ATTACH PARTITION {name} {bounds}")


def _briefly(bind: sa.Engine, work: Callable[[sa.Connection], T]) -> T:
    """Do it in a transaction of its own, in a moment when nobody is in the way. Raises OperationalError."""
    for _ in range(TRIES - 1):
        try:
            return _once(bind, work)
        except DBAPIError as error:
            if _code(error) not in LOCKED:
                raise
            time.sleep(random.uniform(*PAUSE_S))
    return _once(bind, work)


def _once(bind: sa.Engine, work: Callable[[sa.Connection], T]) -> T:
    with bind.begin() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        _run(connection, f"SET LOCAL lock_timeout = {LOCK_MS}")
        return work(connection)


def _run(connection: sa.Connection, statement: str) -> None:
    connection.exec_driver_sql(statement)


def _code(error: DBAPIError) -> str | None:
    return getattr(error.orig, "pgcode", None)


def _text(moment: datetime) -> str:
    return f"'{moment:%Y-%m-%d %H:%M:%S}+00'"
