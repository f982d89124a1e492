"""Migrating, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import alembic.command
import sqlalchemy as sa
from alembic.config import Config

from cicd_health.store import engine, migrations
from tests.conftest import ROOT


def test_a_migrated_database_stands_at_the_newest_migration(database: sa.Engine):
    with database.connect() as connection:
        assert migrations.current(connection) == migrations.head()


def drop_everything(database: sa.Engine) -> None:
    with database.begin() as connection:
        if database.dialect.name == "postgresql":  # parts of a table go with it, in whatever order they are dropped
            connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
            return
        everything = sa.MetaData()
        everything.reflect(connection)
        everything.drop_all(connection)


def test_processes_that_migrate_an_empty_database_at_once_do_not_disturb_each_other(database: sa.Engine):
    drop_everything(database)
    engines = [engine.create_engine(database.url.render_as_string(hide_password=False)) for _ in range(2)]
    with ThreadPoolExecutor() as threads:
        list(threads.map(migrations.upgrade, engines))
    with database.connect() as connection:
        assert migrations.current(connection) == migrations.head()
    for one in engines:
        one.dispose()


BEFORE_ALERTS = "202611212000"
THEN = "'2026-01-01 00:00:00'"
OLD_ALERT = (
    f"INSERT INTO sources (id, provider, host, name, created_at) VALUES (1, 'github', 'github.com', 'GitHub', {THEN})",
    f"INSERT INTO repositories (id, source_id, key, name, created_at) VALUES (1, 1, 'id:1', 'a/b', {THEN})",
    f"INSERT INTO pipelines (id, repo_id, key, name, created_at) VALUES (1, 1, 'id:1', 'ci', {THEN})",
    "INSERT INTO alert_rules (id, slug, kind, name, enabled, severity, params, scope, builtin, created_at)"
    f" VALUES (1, 'failure', 'failure', 'Failures', true, 'critical', '{{}}', '{{}}', true, {THEN})",
    "INSERT INTO channels (id, slug, name, kind, origin, enabled, created_at)"
    f" VALUES (1, 'env-slack', 'Slack', 'slack', 'env', true, {THEN})",
    "INSERT INTO incidents (id, rule_id, scope_key, pipeline_id, severity, state, title, reason, opened_at, failures)"
    f" VALUES (1, 1, 'pipeline:1', 1, 'critical', 'open', 'ci failed', '', {THEN}, 3)",
    "INSERT INTO outbox (id, incident_id, channel_id, kind, state, attempts, title, body, created_at)"
    f" VALUES (1, 1, 1, 'opened', 'queued', 0, 'ci failed', '', {THEN})",
)
TOLD_AGAIN = (
    "INSERT INTO outbox (id, incident_id, channel_id, kind, state, attempts, title, body, created_at, turn)"
    f" VALUES (2, 1, 1, 'opened', 'sent', 1, 'ci failed again', '', {THEN}, 2)"
)


def move(bind: sa.Engine, how: Callable[[Config, str], None], to: str) -> None:
    config = Config(ROOT / "alembic.ini")
    with bind.begin() as connection:
        config.attributes["connection"] = connection
        how(config, to)


def test_alerts_and_their_messages_survive_the_way_up_and_down(database: sa.Engine):
    drop_everything(database)
    move(database, alembic.command.upgrade, BEFORE_ALERTS)
    with database.begin() as connection:
        for statement in OLD_ALERT:
            connection.exec_driver_sql(statement)
    move(database, alembic.command.upgrade, "head")
    with database.begin() as connection:
        told = connection.exec_driver_sql("SELECT o.title, o.turn, i.turn FROM outbox o JOIN incidents i ON true")
        assert told.all() == [("ci failed", 1, 1)]
        connection.exec_driver_sql(TOLD_AGAIN)
    move(database, alembic.command.downgrade, BEFORE_ALERTS)
    move(database, alembic.command.upgrade, "head")
    with database.begin() as connection:
        told = connection.exec_driver_sql("SELECT o.title, i.state FROM outbox o JOIN incidents i ON true")
        assert told.all() == [("ci failed again", "open")]
