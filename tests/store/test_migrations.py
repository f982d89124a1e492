"""Migrating, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from cicd_health.store import engine, migrations


def test_a_migrated_database_stands_at_the_newest_migration(database: sa.Engine):
    with database.connect() as connection:
        assert migrations.current(connection) == migrations.head()


def test_processes_that_migrate_an_empty_database_at_once_do_not_disturb_each_other(database: sa.Engine):
    with database.begin() as connection:
        everything = sa.MetaData()
        everything.reflect(connection)
        everything.drop_all(connection)
    engines = [engine.create_engine(database.url.render_as_string(hide_password=False)) for _ in range(2)]
    with ThreadPoolExecutor() as threads:
        list(threads.map(migrations.upgrade, engines))
    with database.connect() as connection:
        assert migrations.current(connection) == migrations.head()
    for one in engines:
        one.dispose()
