"""Deliveries by month on PostgreSQL. A database that is in use keeps its one table: `cicd-health partition` parts it."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "202611220700"
down_revision = "202611220600"
branch_labels = None
depends_on = None

IS_NEW = "SELECT NOT EXISTS (SELECT FROM alert_rules) AND NOT EXISTS (SELECT FROM deliveries)"
IS_PARTED = "SELECT relkind = 'p' FROM pg_class WHERE oid = to_regclass('deliveries')"
INDEXES = """
    SELECT replace(indexdef, ' ON ONLY ', ' ON ') FROM pg_indexes
    WHERE tablename = 'deliveries' AND schemaname = current_schema() AND indexdef NOT LIKE 'CREATE UNIQUE %' ORDER BY 1
"""
IN_MONTHS = (
    "CREATE TABLE deliveries_in_months (LIKE deliveries INCLUDING DEFAULTS) PARTITION BY RANGE (received_at)",
    "ALTER SEQUENCE deliveries_id_seq OWNED BY NONE",
    "DROP TABLE deliveries",
    "ALTER TABLE deliveries_in_months RENAME TO deliveries",
    "ALTER SEQUENCE deliveries_id_seq OWNED BY deliveries.id",
)
IN_ONE = (
    "CREATE TABLE deliveries_in_one (LIKE deliveries INCLUDING DEFAULTS)",
    "INSERT INTO deliveries_in_one SELECT * FROM deliveries",
    "ALTER SEQUENCE deliveries_id_seq OWNED BY NONE",
    "DROP TABLE deliveries",
    "ALTER TABLE deliveries_in_one RENAME TO deliveries",
    "ALTER SEQUENCE deliveries_id_seq OWNED BY deliveries.id",
    "ALTER TABLE deliveries ADD PRIMARY KEY (id), ADD UNIQUE (provider, external_id)",
)
PART = "CREATE TABLE {name} PARTITION OF deliveries (PRIMARY KEY (id), UNIQUE (provider, external_id)) {bounds}"


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "postgresql" or not connection.scalar(sa.text(IS_NEW)):
        return
    _change(connection, IN_MONTHS)
    this = datetime.now(UTC).replace(day=1)
    following = (this + timedelta(days=31)).replace(day=1)
    for first, end in ((this, following), (following, (following + timedelta(days=31)).replace(day=1))):
        bounds = f"FOR VALUES FROM ('{first:%Y-%m-01} 00:00:00+00') TO ('{end:%Y-%m-01} 00:00:00+00')"
        op.execute(PART.format(name=f"deliveries_{first:%Y_%m}", bounds=bounds))
    op.execute(PART.format(name="deliveries_others", bounds="DEFAULT"))


def downgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql" and connection.scalar(sa.text(IS_PARTED)):
        _change(connection, IN_ONE)


def _change(connection: sa.Connection, statements: tuple[str, ...]) -> None:
    """Another table of the same columns, with the same ways to a row."""
    indexes = connection.execute(sa.text(INDEXES)).scalars().all()
    for statement in (*statements, *indexes):
        op.execute(statement)
    op.create_foreign_key("deliveries_run_id_fkey", "deliveries", "runs", ["run_id"], ["id"], ondelete="SET NULL")
