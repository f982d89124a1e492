"""The doctor tries the log store, and says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from cicd_health import settings
from cicd_health.cli.doctor import log_store
from cicd_health.cli.doctor.finding import Health
from cicd_health.store import engine, logs
from tests.factories import NOW

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def look(address: str) -> list[tuple[Health, str]]:
    return [(one.health, one.text) for one in log_store.look(settings.read({"LOG_STORE_URL": address}))]


def test_a_folder_is_tried_and_none_is_well(database: sa.Engine, tmp_path: Path):
    assert look("") == [(Health.OK, "Logs are kept in the database.")]
    [(health, text)] = look(f"file://{tmp_path}/logs")
    assert (health, text) == (Health.OK, "An object was written, read and deleted. 0 logs wait to be moved.")
    (tmp_path / "file").touch()
    [(health, text)] = look(f"file://{tmp_path}/file")
    assert (health, text.endswith("cannot be written to: Not a directory.")) == (Health.ERROR, True)


def test_an_earlier_place_that_fails_is_told_while_something_lies_there(database: sa.Engine):
    with engine.writing() as session:
        place_id = logs.ensure_place(session, "file:///old", NOW)
        logs.note_place(session, "file:///old", "It is not there.", NOW)
    assert [health for health, _ in look("")] == [Health.OK]
    with engine.writing() as session:
        logs.add_object(session, place_id, "key", 1, NOW)
    assert look("")[1] == (Health.WARNING, "An earlier one: It is not there.")
