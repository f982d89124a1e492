"""The way here from every earlier version: its data is kept and can be read, and it goes on serving meanwhile."""

from __future__ import annotations

import threading

import alembic.command
import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from cicd_health import access, flow
from cicd_health.metrics import report
from cicd_health.model.health import Query
from cicd_health.model.windows import window_ending
from cicd_health.store import engine, lists, migrations
from tests import every_table
from tests.backing_up import restored, saved
from tests.factories import NOW
from tests.store.test_migrations import move

RELEASED = ("20261121", "202611211600", "202611212000", "202611212300", "202611220200")
PREVIOUS = RELEASED[-1]
NEVER_WRITTEN = {"20261121": {"log_chunks"}}  # made anew by the next migration, as nothing was ever in it


def rows_of(connection: sa.Connection, known: sa.MetaData) -> dict[str, list[dict[str, object]]]:
    """What is in these columns of these tables."""
    return {
        name: [dict(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key)).mappings()]
        for name, table in known.tables.items()
    }


def drop_ours(database: sa.Engine) -> None:
    """The job engine's tables stay: they are upgraded by itself."""
    cascade = " CASCADE" if database.dialect.name == "postgresql" else ""
    ours = (table.name for table in reversed(SQLModel.metadata.sorted_tables))
    with database.begin() as connection:
        for name in ("log_words", *ours, "alembic_version"):
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}{cascade}")


def filled_at(database: sa.Engine, revision: str) -> sa.MetaData:
    """Bring an empty database there and fill it; its tables as they were then."""
    drop_ours(database)
    move(database, alembic.command.upgrade, revision)
    with database.begin() as connection:
        known = every_table.tables(connection)
        for name in NEVER_WRITTEN.get(revision, ()):
            known.remove(known.tables[name])
        every_table.fill(connection, known)
    return known


@pytest.mark.parametrize("revision", RELEASED)
def test_what_an_earlier_version_kept_is_there_and_can_be_read(database: sa.Engine, revision: str):
    known = filled_at(database, revision)
    with database.connect() as connection:
        was = rows_of(connection, known)
    assert set(was) >= {"runs", "attempts", "jobs", "deliveries", "tallies", "users", "incidents", "outbox"}
    assert all(was.values())
    migrations.upgrade(database)
    with database.connect() as connection:
        assert rows_of(connection, known) == was
        assert migrations.current(connection) == migrations.head()
    flow.start(NOW)
    flow.count_anew(NOW)
    assert list(flow.check_sums()) == []
    with engine.reading() as session:
        summary = report.summary(session, Query(window_ending("7d", NOW)), NOW)
        assert len(lists.runs(session, lists.RunFilter(), 10)) == every_table.ROWS
    assert summary.counts == {"success": every_table.ROWS}
    assert access.sign_in("user1@example.com", every_table.PASSWORD, "127.0.0.1", "test", NOW) is not None


def test_a_backup_of_the_first_version_is_restored_by_this_one(database: sa.Engine):
    known = filled_at(database, RELEASED[0])
    with database.connect() as connection:
        was = rows_of(connection, known)
    backup = saved()
    migrations.upgrade(database)
    with database.begin() as connection:
        connection.execute(sa.delete(known.tables["runs"]))
    restored(backup, replace=True)
    with database.connect() as connection:
        now = rows_of(connection, known)
        assert migrations.current(connection) == migrations.head()
    assert now == was


# By what that version notices that somebody else was faster; with True it then writes over what is there.
ONCE = {
    "alert_rules": (("slug",), False),
    "attempts": (("run_id", "attempt"), False),
    "deliveries": (("provider", "external_id"), False),
    "flakes": (("pipeline_id", "job", "sha"), True),
    "jobs": (("repo_id", "external_id"), False),
    "logs": (("key",), False),
    "pipelines": (("repo_id", "key"), False),
    "refusals": (("provider", "reason"), True),
    "repositories": (("source_id", "key"), False),
    "runs": (("repo_id", "external_id"), False),
    "sources": (("provider", "host"), False),
    "tallies": (("scope", "scope_id", "subject", "grain", "bucket_at"), True),
}


def put(connection: sa.Connection, table: sa.Table, row: dict[str, object]) -> int:
    """Write a row as that version does; how many were written."""
    dialect = sa.dialects.postgresql if connection.dialect.name == "postgresql" else sa.dialects.sqlite
    insert = dialect.insert(table).values(row)
    unique, over = ONCE[table.name]
    if over:
        there = insert.on_conflict_do_update(index_elements=list(unique), set_=row)
    else:
        there = insert.on_conflict_do_nothing(index_elements=list(unique))
    return connection.execute(there).rowcount


def test_the_previous_version_goes_on_writing_when_the_schema_is_new(database: sa.Engine):
    known = filled_at(database, PREVIOUS)
    migrations.upgrade(database)
    with database.begin() as connection:
        every_table.fill(connection, known, first=101)  # with no column but those that it knows
        for name, (unique, over) in ONCE.items():
            table = known.tables[name]
            row = dict(connection.execute(sa.select(table)).mappings().first() or {})
            assert put(connection, table, row) == over, name
            one = sa.and_(*(table.c[column] == row[column] for column in unique))
            assert connection.execute(sa.update(table).where(one).values(row)).rowcount == 1, name


def test_a_migration_that_cannot_have_a_table_keeps_nobody_from_it(postgres_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(migrations, "LOCK_S", 0.2)
    monkeypatch.setattr(migrations, "PAUSE_S", (0.1, 0.2))
    bind = engine.create_engine(postgres_url)
    known = filled_at(bind, PREVIOUS)
    migrating = threading.Thread(target=migrations.upgrade, args=(bind,))
    with bind.begin() as reader:
        for table in known.tables.values():  # somebody reads for long, say for a backup
            reader.execute(sa.select(table).limit(1)).all()
        migrating.start()
        for number in range(3):
            with bind.begin() as writer:
                writer.exec_driver_sql("SET LOCAL lock_timeout = '30s'")
                every_table.fill(writer, known, first=101 + 10 * number)
        assert migrating.is_alive()
    migrating.join(timeout=30)
    with bind.connect() as connection:
        assert migrations.current(connection) == migrations.head()
    bind.dispose()
