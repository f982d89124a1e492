"""One look at the database says how it answers, who works, and what waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from cicd_health import settings
from cicd_health.model.processes import Process
from cicd_health.store import condition, deliveries, engine, fullness, migrations, processes, vacuuming
from tests.bodies import delivery, github_run
from tests.loopback import free_port

NOW = datetime.now(UTC)


def test_a_database_that_is_well_says_who_works_and_that_nothing_waits(database: sa.Engine):
    with engine.writing() as session:
        for role, seen_at in (("worker", NOW), ("web", NOW), ("all", NOW - timedelta(minutes=2))):
            processes.beat(session, Process(role, role, "host", 1, "1.0", seen_at, seen_at), seen_at)
    seen = condition.ask(settings.get().database_url, NOW)
    assert (seen.revision, seen.workers, seen.late_since, seen.failing) == (migrations.head(), 1, None, ())
    assert abs(seen.ahead_s) < 5


def test_a_delivery_that_waits_is_seen(database: sa.Engine):
    with engine.writing() as session:
        deliveries.keep(session, [delivery(github_run(1, created=NOW), at=NOW - timedelta(minutes=9))])
    assert condition.ask(settings.get().database_url, NOW).late_since == NOW - timedelta(minutes=9)


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:{port}/ci", "sqlite:////nowhere/at/all.db"])
def test_a_database_that_is_not_there_is_an_error(url: str):
    with pytest.raises(OperationalError):
        condition.ask(url.format(port=free_port()), NOW)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_full_disk_is_known_until_something_is_written_again(database: sa.Engine):
    with engine.writing() as session:
        pages = session.execute(sa.text("PRAGMA page_count")).scalar_one()
    with database.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(OperationalError, match="full"):
            connection.exec_driver_sql("CREATE TABLE much AS SELECT zeroblob(10000000) AS body")
        since = fullness.since(database)
        assert since is not None
        connection.rollback()
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        connection.exec_driver_sql("CREATE TABLE enough (x)")
        connection.commit()
    assert fullness.since(database) is None


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_tables_are_cleaned_up_in_time_and_what_an_administrator_set_stays(database: sa.Engine):
    options = sa.text("SELECT relname, reloptions FROM pg_class WHERE relname IN ('tallies', 'runs')")
    with database.begin() as connection:
        connection.execute(sa.text("ALTER TABLE runs RESET (autovacuum_vacuum_insert_scale_factor)"))
        connection.execute(sa.text("ALTER TABLE tallies RESET (autovacuum_vacuum_scale_factor)"))
        connection.execute(sa.text("ALTER TABLE tallies SET (fillfactor = 90)"))
    assert vacuuming.tune(database) >= 2
    assert vacuuming.tune(database) == 0
    with database.connect() as connection:
        found = {row.relname: set(row.reloptions) for row in connection.execute(options)}
    assert {"fillfactor=90", "autovacuum_vacuum_scale_factor=0.02"} <= found["tallies"]
    assert "autovacuum_vacuum_insert_scale_factor=0.05" in found["runs"]
