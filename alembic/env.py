"""Runs the migrations, on SQLite and PostgreSQL alike."""

import sqlalchemy as sa
from alembic import context
from sqlmodel import SQLModel

from cicd_health.store import engine, months, tables

OURS = set(SQLModel.metadata.tables)


def include_object(thing: object, name: str | None, kind: str, reflected: bool, _compare_to: object) -> bool:
    """Leave alone the job engine's tables, which live in the same database, the months, and what only those have."""
    return not (kind == "table" and reflected and name not in OURS) and not months.has_each(kind, thing)


def render_item(kind: str, item: object, _autogen: object) -> str | bool:
    """Write UtcDateTime as what it is in the database, so that a migration needs nothing of ours."""
    if kind == "type" and isinstance(item, tables.UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run(connection: sa.Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,
        include_object=include_object,
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with engine.engine().begin() as connection:
        run(connection)
