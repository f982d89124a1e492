"""What is polled, and logs.

Columns are added in place, never by rebuilding a table: on SQLite that would delete what refers to its rows.
"""

import sqlalchemy as sa
from alembic import op

revision = "202611211600"
down_revision = "20261121"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
WITHOUT_JOBS = sa.text("status = 'completed' AND jobs_known < attempts")
SIGNED = sa.text("signature IS NOT NULL")
PENDING = sa.text("state = 'pending'")


def upgrade() -> None:
    op.add_column("runs", sa.Column("log_state", sa.String(), server_default="none", nullable=False))
    op.add_column("runs", sa.Column("jobs_known", sa.Integer(), server_default="0", nullable=False))
    op.create_index(
        "ix_runs_without_jobs",
        "runs",
        ["repo_id", "created_at"],
        sqlite_where=WITHOUT_JOBS,
        postgresql_where=WITHOUT_JOBS,
    )
    op.create_index(
        "ix_runs_signature", "runs", ["signature", "created_at"], sqlite_where=SIGNED, postgresql_where=SIGNED
    )
    op.add_column("sources", sa.Column("origin", sa.String(), server_default="event", nullable=False))
    op.add_column("sources", sa.Column("enabled", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("sources", sa.Column("username", sa.String(), nullable=True))
    op.add_column("sources", sa.Column("app_id", sa.BigInteger(), nullable=True))
    op.add_column("sources", sa.Column("app_private_key", sa.Text(), nullable=True))
    op.add_column("sources", sa.Column("next_poll_at", MOMENT, nullable=True))
    op.add_column("sources", sa.Column("trouble", sa.String(), nullable=True))
    _watches()
    _logs()
    _words()


def _watches() -> None:
    op.create_table(
        "watches",
        sa.Column("id", ID, nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("webhook_secret", sa.Text(), nullable=True),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_poll_at", MOMENT, nullable=True),
        sa.Column("complete_until", MOMENT, nullable=True),
        sa.Column("next_poll_at", MOMENT, nullable=True),
        sa.Column("busy_until", MOMENT, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.String(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_at", MOMENT, nullable=True),
        sa.Column("redelivered_at", MOMENT, nullable=True),
        sa.Column("backfill_state", sa.String(), nullable=False),
        sa.Column("backfill_cursor", sa.Text(), nullable=True),
        sa.Column("backfill_from", MOMENT, nullable=True),
        sa.Column("backfill_reach", MOMENT, nullable=True),
        sa.Column("backfill_listed", sa.Integer(), nullable=False),
        sa.Column("backfill_done", sa.Integer(), nullable=False),
        sa.Column("backfill_done_before", sa.Integer(), nullable=False),
        sa.Column("backfill_total", sa.Integer(), nullable=True),
        sa.Column("backfill_requests", sa.Integer(), nullable=False),
        sa.Column("backfill_started_at", MOMENT, nullable=True),
        sa.Column("backfill_ended_at", MOMENT, nullable=True),
        sa.Column("backfill_tries", sa.Integer(), nullable=False),
        sa.Column("backfill_waits_until", MOMENT, nullable=True),
        sa.Column("backfill_error", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source_id", "name"),
    )
    op.create_index("ix_watches_next_poll", "watches", ["next_poll_at"])


def _logs() -> None:
    op.create_table(
        "logs",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("job_id", ID, nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("cut_after", sa.BigInteger(), nullable=True),
        sa.Column("cut_lines", sa.BigInteger(), nullable=False),
        sa.Column("cut_size", sa.BigInteger(), nullable=False),
        sa.Column("marks", sa.LargeBinary(), nullable=True),
        sa.Column("folds", sa.LargeBinary(), nullable=True),
        sa.Column("failing", sa.Text(), nullable=True),
        sa.Column("cause", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", MOMENT, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("kept_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_logs_job_id", "logs", ["job_id"])
    op.create_index("ix_logs_run", "logs", ["run_id"])
    op.create_index("ix_logs_kept", "logs", ["kept_at"])
    op.create_index("ix_logs_pending", "logs", ["next_try_at"], sqlite_where=PENDING, postgresql_where=PENDING)
    op.drop_table("log_chunks")  # of the first tables; nothing was ever written there
    op.create_table(
        "log_chunks",
        sa.Column("id", ID, nullable=False),
        sa.Column("log_id", ID, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("first_line", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["log_id"], ["logs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("log_id", "seq"),
    )


def _words() -> None:
    """The words of each chunk. A table that no row class describes: each database has its own kind of it."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TABLE log_words (chunk_id bigint PRIMARY KEY REFERENCES log_chunks (id) ON DELETE CASCADE, "
            "words tsvector NOT NULL)"
        )
        op.execute("CREATE INDEX ix_log_words ON log_words USING gin (words)")
        return
    op.execute("CREATE VIRTUAL TABLE log_words USING fts5(words, detail=none, columnsize=0)")
    op.execute(
        "CREATE TRIGGER forget_log_words AFTER DELETE ON log_chunks "
        "BEGIN DELETE FROM log_words WHERE rowid = old.id; END"
    )


def downgrade() -> None:
    op.execute("DROP TABLE log_words")
    op.drop_table("log_chunks")
    op.drop_table("logs")
    op.drop_table("watches")
    op.drop_index("ix_runs_without_jobs", "runs")
    op.drop_index("ix_runs_signature", "runs")
    for column in ("trouble", "next_poll_at", "app_private_key", "app_id", "username", "enabled", "origin"):
        op.drop_column("sources", column)
    op.drop_column("runs", "jobs_known")
    op.drop_column("runs", "log_state")
    op.create_table(
        "log_chunks",
        sa.Column("id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("job_id", ID, nullable=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("first_line", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_log_chunks_job", "log_chunks", ["job_id", "seq"])
    op.create_index("ix_log_chunks_run", "log_chunks", ["run_id", "seq"])
