"""Which processes serve and work, so that each can say what another one does not do; logs outside the database."""

import sqlalchemy as sa
from alembic import op

revision = "202611220600"
down_revision = "202611220200"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
INSIDE = sa.text("state = 'kept' AND object_id IS NULL")
FAILED = sa.text("state = 'failed'")
DOOMED = sa.text("doomed_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "processes",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    _places_of_logs()
    op.add_column("deliveries", sa.Column("tries", sa.Integer(), server_default="0", nullable=False))
    op.add_column("deliveries", sa.Column("next_try_at", MOMENT, nullable=True))
    op.create_index(
        "ix_deliveries_again", "deliveries", ["next_try_at"], sqlite_where=FAILED, postgresql_where=FAILED
    )


def _places_of_logs() -> None:
    op.create_table(
        "log_places",
        sa.Column("id", ID, nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("failing_since", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("address"),
    )
    op.create_table(
        "log_objects",
        sa.Column("id", ID, nullable=False),
        sa.Column("place_id", ID, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("doomed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["place_id"], ["log_places.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_log_objects_doomed", "log_objects", ["doomed_at"], sqlite_where=DOOMED, postgresql_where=DOOMED)
    op.add_column("logs", sa.Column("object_id", ID, nullable=True))
    op.add_column("logs", sa.Column("cause_text", sa.Text(), nullable=True))
    op.create_index("ix_logs_object", "logs", ["object_id"], unique=True)
    op.create_index("ix_logs_inside", "logs", ["id"], sqlite_where=INSIDE, postgresql_where=INSIDE)
    op.add_column("log_chunks", sa.Column("starts_at", sa.BigInteger(), nullable=True))
    op.add_column("log_chunks", sa.Column("length", sa.Integer(), nullable=True))
    op.add_column("log_chunks", sa.Column("checksum", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_index("ix_deliveries_again", "deliveries")
    op.drop_column("deliveries", "next_try_at")
    op.drop_column("deliveries", "tries")
    for column in ("starts_at", "length", "checksum"):
        op.drop_column("log_chunks", column)
    op.drop_index("ix_logs_inside", "logs")
    op.drop_index("ix_logs_object", "logs")
    op.drop_column("logs", "object_id")
    op.drop_column("logs", "cause_text")
    op.drop_table("log_objects")
    op.drop_table("log_places")
    op.drop_table("processes")
