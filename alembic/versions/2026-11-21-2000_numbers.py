"""Times to restore, machine time, flakes and change points.

Columns are added in place, never by rebuilding a table: on SQLite that would delete what refers to its rows. What the
new columns and sums hold for runs that are here already is counted at the first start.
"""

import sqlalchemy as sa
from alembic import op

revision = "202611212000"
down_revision = "202611211600"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
RESTORED = sa.text("restored_s IS NOT NULL")
SIGNED = sa.text("signature IS NOT NULL")
VERDICTS = sa.text(
    "default_branch AND outcome IN ('failure', 'startup_failure', 'success', 'timed_out', 'unstable')"
)


def upgrade() -> None:
    for name in ("restored_s", "spent_s", "rerun_s"):
        op.add_column("runs", sa.Column(name, sa.Float(), nullable=True))
    op.add_column("pipelines", sa.Column("examined_at", MOMENT, nullable=True))
    op.add_column("tallies", sa.Column("revision", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index("ix_tallies_bucket", "tallies", ["bucket_at"])
    for name in ("last_run_id", "recovered_run_id"):
        given = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_incidents_{name}", "incidents", [name], sqlite_where=given, postgresql_where=given)
    op.create_index("ix_runs_pipeline_branch", "runs", ["pipeline_id", "branch", "created_at"])
    op.create_index("ix_runs_restored", "runs", ["created_at"], sqlite_where=RESTORED, postgresql_where=RESTORED)
    op.create_index(
        "ix_runs_verdicts",
        "runs",
        ["pipeline_id", "created_at", "id"],
        sqlite_where=VERDICTS,
        postgresql_where=VERDICTS,
    )
    op.create_index(
        "ix_runs_pipeline_signature",
        "runs",
        ["pipeline_id", "signature", "created_at"],
        sqlite_where=SIGNED,
        postgresql_where=SIGNED,
    )
    op.create_table(
        "kept_sums",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("counted_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    _flakes()
    _changes()


def _flakes() -> None:
    op.create_table(
        "flakes",
        sa.Column("pipeline_id", ID, nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("failed_at", MOMENT, nullable=False),
        sa.Column("passed_at", MOMENT, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["pipeline_id"], ["pipelines.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("pipeline_id", "job", "sha"),
    )
    op.create_index("ix_flakes_passed", "flakes", ["passed_at"])
    op.create_index("ix_flakes_run", "flakes", ["run_id"])


def _changes() -> None:
    op.create_table(
        "changes",
        sa.Column("id", ID, nullable=False),
        sa.Column("pipeline_id", ID, nullable=False),
        sa.Column("of", sa.String(), nullable=False),
        sa.Column("job", sa.Text(), nullable=True),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("before", sa.Float(), nullable=False),
        sa.Column("after", sa.Float(), nullable=False),
        sa.Column("n_before", sa.Integer(), nullable=False),
        sa.Column("n_after", sa.Integer(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("blame", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["pipeline_id"], ["pipelines.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_changes_pipeline", "changes", ["pipeline_id", "at"])
    op.create_index("ix_changes_run", "changes", ["run_id"])


def downgrade() -> None:
    op.drop_table("changes")
    op.drop_table("flakes")
    op.drop_table("kept_sums")
    for name in ("recovered_run_id", "last_run_id"):
        op.drop_index(f"ix_incidents_{name}", "incidents")
    op.drop_index("ix_tallies_bucket", "tallies")
    op.drop_index("ix_runs_pipeline_signature", "runs")
    op.drop_index("ix_runs_verdicts", "runs")
    op.drop_index("ix_runs_restored", "runs")
    op.drop_index("ix_runs_pipeline_branch", "runs")
    op.drop_column("tallies", "revision")
    op.drop_column("pipelines", "examined_at")
    for name in ("rerun_s", "spent_s", "restored_s"):
        op.drop_column("runs", name)
