"""The database as commands need it: there, and at the newest schema."""

from __future__ import annotations

import time

from alembic.util import CommandError
from sqlalchemy.exc import OperationalError

from cicd_health import queue, settings
from cicd_health.cli.ending import Code, fail, no_database, one_sentence
from cicd_health.store import engine, migrations, vacuuming

WAIT_FOR_DATABASE_S = 30


def migrate() -> None:
    """Migrate; a database that is just starting is waited for."""
    give_up_at = time.monotonic() + WAIT_FOR_DATABASE_S
    while True:
        try:
            migrations.upgrade(engine.engine())
            queue.prepare(settings.get().database_url)
            vacuuming.tune(engine.engine())
            return
        except OperationalError as error:
            if time.monotonic() > give_up_at:
                fail(no_database(error), Code.UNREACHABLE)
            time.sleep(1)  # nothing is served yet, and a database that starts tells nobody when it is up
        except CommandError as error:
            fail(f"The database is newer than this program, or its migrations are damaged: {error}.")


def migrate_command() -> None:
    """Bring the database to the newest schema."""
    with one_sentence():
        migrate()
