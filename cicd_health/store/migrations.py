"""Brings the database to the newest schema, and says whether it is there."""

from __future__ import annotations

import functools
import random
import time
from pathlib import Path

import alembic.command
import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.exc import OperationalError

ROOT = Path(__file__).parents[2]
LOCK = 0x63696364  # "cicd": PostgreSQL's advisory lock while we migrate
# Whoever waits for a table keeps all from it who come after: so a migration waits so long only, and tries again later.
LOCK_S = 3
PAUSE_S = 1.0, 3.0  # between two tries, a chance apart
TRIES = 60
IN_THE_WAY = {"55P03", "40P01"}  # PostgreSQL: waited for a lock for too long, or was in a circle of those who wait


def _config() -> Config:
    config = Config(ROOT / "alembic.ini")
    config.set_main_option("script_location", str(ROOT / "alembic"))
    return config


@functools.cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def head() -> str | None:
    """The newest migration there is."""
    return _scripts().get_current_head()


def known(revision: str) -> bool:
    """Whether this program has that migration."""
    try:
        return _scripts().get_revision(revision) is not None
    except CommandError:
        return False


def current(connection: sa.Connection) -> str | None:
    """The migration the database stands at; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: sa.Engine) -> None:
    """Run the missing migrations in one transaction; of several processes the others wait.

    On PostgreSQL others go on writing until a migration has its locks, and it gives those up when they do not come.
    Raises sqlalchemy.exc.SQLAlchemyError, or alembic.util.CommandError when the database is newer than the program.
    """
    for tries in range(1, TRIES + 1):
        try:
            with engine.begin() as connection:
                hold(connection)
                move(connection, "head")
            return
        except OperationalError as error:
            if getattr(error.orig, "pgcode", None) not in IN_THE_WAY or tries == TRIES:
                raise
            time.sleep(random.uniform(*PAUSE_S))


def hold(connection: sa.Connection) -> None:
    """Wait until nobody else migrates, and keep them from it until this transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(LOCK_S * 1000)}")


def move(connection: sa.Connection, revision: str) -> None:
    """Run the migrations up to this one, in the transaction of the connection."""
    config = _config()
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, revision)
