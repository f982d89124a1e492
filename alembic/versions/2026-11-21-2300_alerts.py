"""Silences, what happened to incidents, and how channels want to be told.

Columns are added in place. Only the outbox is built anew, for its constraint: nothing refers to its rows.
"""

import sqlalchemy as sa
from alembic import op

revision = "202611212300"
down_revision = "202611212000"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
NAMES = {"uq": "uq_%(table_name)s"}


def upgrade() -> None:
    _rules_and_channels()
    _incidents()
    _outbox()
    _runs()


def _runs() -> None:
    verdicts = "('failure', 'startup_failure', 'success', 'timed_out', 'unstable')"
    wanted = {
        "ix_runs_scheduled": "event IN ('schedule', 'timer')",
        "ix_runs_again": f"attempt > 1 AND outcome NOT IN {verdicts}",
    }
    for name, words in wanted.items():
        where = sa.text(words)
        op.create_index(name, "runs", ["pipeline_id", "created_at", "id"], sqlite_where=where, postgresql_where=where)


def _rules_and_channels() -> None:
    op.add_column("alert_rules", sa.Column("channels", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("alert_rules", sa.Column("env_params", sa.Text(), nullable=True))
    op.add_column("alert_rules", sa.Column("updated_at", MOMENT, nullable=True))
    op.execute("UPDATE alert_rules SET env_params = params WHERE builtin")
    op.add_column("channels", sa.Column("address", sa.Text(), nullable=False, server_default=""))
    op.add_column("channels", sa.Column("scope", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("channels", sa.Column("min_severity", sa.String(), nullable=False, server_default="info"))
    op.add_column("channels", sa.Column("zone", sa.String(), nullable=False, server_default="UTC"))
    op.add_column("channels", sa.Column("quiet", sa.Text(), nullable=True))
    op.add_column("channels", sa.Column("digest_at", sa.String(), nullable=True))
    op.add_column("channels", sa.Column("per_hour", sa.Integer(), nullable=True))
    for name in ("switched_off_at", "sent_at", "updated_at"):
        op.add_column("channels", sa.Column(name, MOMENT, nullable=True))


def _incidents() -> None:
    op.add_column("incidents", sa.Column("turn", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("incidents", sa.Column("reopened_at", MOMENT, nullable=True))
    op.create_index("ix_incidents_rule", "incidents", ["rule_id", "opened_at"])
    op.create_table(
        "incident_steps",
        sa.Column("id", ID, nullable=False),
        sa.Column("incident_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("run_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_incident_steps_incident", "incident_steps", ["incident_id", "id"])
    op.create_index("ix_incident_steps_run_id", "incident_steps", ["run_id"])
    op.create_table(
        "silences",
        sa.Column("id", ID, nullable=False),
        sa.Column("incident_id", ID, nullable=True),
        sa.Column("rule_id", ID, nullable=True),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["rule_id"], ["alert_rules.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_silences_incident_id", "silences", ["incident_id"])
    op.create_index("ix_silences_rule_id", "silences", ["rule_id"])
    active = sa.text("ended_at IS NULL")
    op.create_index("ix_silences_active", "silences", ["ends_at"], sqlite_where=active, postgresql_where=active)


def _once_per_kind() -> str:
    """The name of the constraint as it was: SQLite had it without a name, and here it is given one."""
    return "outbox_incident_id_channel_id_kind_key" if op.get_bind().dialect.name == "postgresql" else "uq_outbox"


def _outbox() -> None:
    with op.batch_alter_table("outbox", naming_convention=NAMES) as outbox:
        outbox.add_column(sa.Column("turn", sa.Integer(), nullable=False, server_default="1"))
        outbox.add_column(sa.Column("severity", sa.String(), nullable=False, server_default="critical"))
        outbox.add_column(sa.Column("held", sa.Text(), nullable=True))
        outbox.add_column(sa.Column("sent_with", ID, nullable=True))
        outbox.add_column(sa.Column("tried_at", MOMENT, nullable=True))
        outbox.drop_constraint(_once_per_kind(), type_="unique")
        outbox.create_unique_constraint("uq_outbox_turn", ["incident_id", "channel_id", "kind", "turn"])
    op.create_index("ix_outbox_channel", "outbox", ["channel_id", "created_at"])
    op.create_index("ix_outbox_sent_with", "outbox", ["sent_with"])


def downgrade() -> None:
    for index in ("ix_runs_again", "ix_runs_scheduled"):
        op.drop_index(index, table_name="runs")
    for index in ("ix_outbox_sent_with", "ix_outbox_channel"):
        op.drop_index(index, table_name="outbox")
    # Of what was told in several turns of an incident only the last fits.
    last = "SELECT max(id) FROM outbox GROUP BY incident_id, channel_id, kind"
    op.execute(f"DELETE FROM outbox WHERE incident_id IS NOT NULL AND id NOT IN ({last})")
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_constraint("uq_outbox_turn", type_="unique")
        for name in ("tried_at", "sent_with", "held", "severity", "turn"):
            outbox.drop_column(name)
        outbox.create_unique_constraint(_once_per_kind(), ["incident_id", "channel_id", "kind"])
    op.drop_table("silences")
    op.drop_table("incident_steps")
    op.drop_index("ix_incidents_rule", table_name="incidents")
    for name in ("reopened_at", "turn"):
        op.drop_column("incidents", name)
    for name in (
        *("updated_at", "sent_at", "switched_off_at", "per_hour", "digest_at"),
        *("quiet", "zone", "min_severity", "scope", "address"),
    ):
        op.drop_column("channels", name)
    for name in ("updated_at", "env_params", "channels"):
        op.drop_column("alert_rules", name)
