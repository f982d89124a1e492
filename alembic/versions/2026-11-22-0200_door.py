"""Who changed what; how people signed in; a second webhook secret while one is being replaced."""

import sqlalchemy as sa
from alembic import op

revision = "202611220200"
down_revision = "202611212300"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("via", sa.String(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_audit_log_at", "audit_log", ["at", "id"])
    op.create_index("ix_audit_log_action", "audit_log", ["action"])
    op.add_column("users", sa.Column("subject", sa.Text(), nullable=True))
    op.create_index("ix_users_subject", "users", ["subject"], unique=True)
    op.add_column("users", sa.Column("last_seen_at", MOMENT, nullable=True))
    op.add_column("sessions", sa.Column("method", sa.String(), nullable=False, server_default="password"))
    op.add_column("sign_in_links", sa.Column("purpose", sa.String(), nullable=False, server_default="sign_in"))
    op.add_column("api_keys", sa.Column("made_by", sa.Text(), nullable=True))
    op.add_column("api_keys", sa.Column("last_used_from", sa.Text(), nullable=True))
    for table in ("sources", "watches"):
        op.add_column(table, sa.Column("webhook_secret_before", sa.Text(), nullable=True))
        op.add_column(table, sa.Column("webhook_secret_before_until", MOMENT, nullable=True))
    op.create_table(
        "endings",
        sa.Column("id", ID, nullable=False),
        sa.Column("pipeline_id", ID, nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("sums", sa.Text(), nullable=False),
        sa.Column("placed", sa.Boolean(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    op.drop_table("endings")
    for table in ("watches", "sources"):
        op.drop_column(table, "webhook_secret_before_until")
        op.drop_column(table, "webhook_secret_before")
    op.drop_column("api_keys", "last_used_from")
    op.drop_column("api_keys", "made_by")
    op.drop_column("sign_in_links", "purpose")
    op.drop_column("sessions", "method")
    op.drop_column("users", "last_seen_at")
    op.drop_index("ix_users_subject", table_name="users")
    op.drop_column("users", "subject")
    op.drop_table("audit_log")
