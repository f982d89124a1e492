"""Backups in memory, and what a database holds."""

from __future__ import annotations

import io
from typing import Any

import sqlalchemy as sa

from cicd_health import flow, settings
from cicd_health.store import engine
from tests import every_table
from tests.factories import NOW

DIFFERENT = ("processes", "audit_log")  # the one is in no backup, the other says that it was restored


def nobody(_table: str, _rows: int) -> None: ...


def saved() -> bytes:
    file = io.BytesIO()
    flow.back_up(file, NOW, nobody)
    return file.getvalue()


def restored(backup: bytes, **how: Any) -> flow.Restored:
    return flow.restore(io.BytesIO(backup), NOW, nobody, **({"replace": False, "silent": False} | how))


def content() -> dict[str, list[Any]]:
    with engine.engine().connect() as connection:
        return every_table.content(connection, DIFFERENT)


def jobs() -> set[str]:
    """What the job engine has queued: `deliver 3`, without what makes its key another one each time."""
    place = "dbos.workflow_status" if engine.engine().dialect.name == "postgresql" else "workflow_status"
    with engine.reading() as session:
        ids = session.execute(sa.text(f"SELECT workflow_uuid FROM {place}")).scalars()
        return {" ".join(id.split("-")[:2]) for id in ids}


def address() -> str:
    return settings.get().database_url
