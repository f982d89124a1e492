"""The tables and their migrations."""

import alembic.autogenerate
import alembic.migration
import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from cicd_health.store import months
from cicd_health.store.tables import UtcDateTime


def ours(thing: object, name: str | None, kind: str, reflected: bool, _compare_to: object) -> bool:
    """Not the job engine's tables, nor those for searching, that no row class describes; nor what only months have."""
    described = kind != "table" or not reflected or name in SQLModel.metadata.tables
    return described and not months.has_each(kind, thing)


def differences(connection: sa.Connection) -> list[object]:
    """Between a database and the row classes."""
    context = alembic.migration.MigrationContext.configure(connection, opts={"include_object": ours})
    return alembic.autogenerate.compare_metadata(context, SQLModel.metadata)


def test_migrations_give_exactly_the_tables(database: sa.Engine):
    with database.connect() as connection:
        assert differences(connection) == []


def test_a_moment_without_a_zone_is_refused():
    from datetime import datetime

    with pytest.raises(ValueError, match="without a time zone"):
        UtcDateTime().process_bind_param(datetime(2026, 1, 1), sa.dialects.sqlite.dialect())  # noqa: DTZ001
