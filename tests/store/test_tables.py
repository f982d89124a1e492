"""The tables and their migrations."""

import alembic.autogenerate
import alembic.migration
import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from cicd_health.store.tables import UtcDateTime


def ours(_thing: object, name: str | None, kind: str, reflected: bool, _compare_to: object) -> bool:
    """Not the job engine's tables, nor those for searching, that no row class describes."""
    return not (kind == "table" and reflected and name not in SQLModel.metadata.tables)


def test_migrations_give_exactly_the_tables(database: sa.Engine):
    with database.connect() as connection:
        context = alembic.migration.MigrationContext.configure(connection, opts={"include_object": ours})
        assert alembic.autogenerate.compare_metadata(context, SQLModel.metadata) == []


def test_a_moment_without_a_zone_is_refused():
    from datetime import datetime

    with pytest.raises(ValueError, match="without a time zone"):
        UtcDateTime().process_bind_param(datetime(2026, 1, 1), sa.dialects.sqlite.dialect())  # noqa: DTZ001
