"""Rules, incidents, channels and the outbox."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from cicd_health.store.tables.columns import maybe_moment, moment, reference, row_id, text


class RuleRow(SQLModel, table=True):
    """An alert rule: which kind, with which parameters (JSON), for which scope (JSON)."""

    __tablename__ = "alert_rules"

    id: int | None = row_id()
    slug: str = Field(unique=True)
    kind: str
    name: str
    enabled: bool = True
    severity: str
    params: str = text()
    scope: str = text()
    builtin: bool = False
    created_at: datetime = moment()


class IncidentRow(SQLModel, table=True):
    """One rule firing for one scope, from opened to resolved. At most one is open per rule and scope."""

    __tablename__ = "incidents"
    __table_args__ = (
        sa.Index(
            "uq_incidents_open",
            "rule_id",
            "scope_key",
            unique=True,
            sqlite_where=sa.text("resolved_at IS NULL"),
            postgresql_where=sa.text("resolved_at IS NULL"),
        ),
        sa.Index("ix_incidents_opened", "opened_at", "id"),
        sa.Index("ix_incidents_pipeline", "pipeline_id", "opened_at"),
        sa.Index("ix_incidents_state", "state", "opened_at"),
        *(  # else deleting a run would look through all incidents
            sa.Index(
                f"ix_incidents_{name}",
                name,
                sqlite_where=sa.text(f"{name} IS NOT NULL"),
                postgresql_where=sa.text(f"{name} IS NOT NULL"),
            )
            for name in ("last_run_id", "recovered_run_id")
        ),
    )

    id: int | None = row_id()
    rule_id: int = reference("alert_rules.id")
    scope_key: str
    pipeline_id: int | None = reference("pipelines.id", nullable=True)
    branch: str | None = text(default=None)
    severity: str
    state: str
    title: str = text()
    reason: str = text()
    opened_at: datetime = moment()
    last_failed_at: datetime | None = maybe_moment()
    resolved_at: datetime | None = maybe_moment()
    failures: int = 1
    run_id: int | None = reference("runs.id", nullable=True, index=True, ondelete="SET NULL")
    last_run_id: int | None = reference("runs.id", nullable=True, ondelete="SET NULL")
    recovered_run_id: int | None = reference("runs.id", nullable=True, ondelete="SET NULL")
    acknowledged_at: datetime | None = maybe_moment()
    acknowledged_by: str | None = None
    muted_until: datetime | None = maybe_moment()


class ChannelRow(SQLModel, table=True):
    """Where messages go: an Apprise URL, encrypted. Channels from the environment keep theirs there (None here)."""

    __tablename__ = "channels"

    id: int | None = row_id()
    slug: str = Field(unique=True)
    name: str
    kind: str  # slack, email, apprise
    origin: str  # env, user
    url: str | None = text(default=None)  # encrypted
    enabled: bool = True
    error: str | None = text(default=None)
    created_at: datetime = moment()


class NotificationRow(SQLModel, table=True):
    """The outbox: one message of one incident to one channel."""

    __tablename__ = "outbox"  # the job engine has a table `notifications` in the same SQLite file
    __table_args__ = (
        sa.UniqueConstraint("incident_id", "channel_id", "kind"),
        sa.Index("ix_outbox_state", "state", "next_try_at"),
        sa.Index("ix_outbox_created", "created_at", "id"),
    )

    id: int | None = row_id()
    incident_id: int | None = reference("incidents.id", nullable=True)
    channel_id: int = reference("channels.id")
    kind: str
    state: str
    attempts: int = 0
    error: str | None = text(default=None)
    title: str = text(default="")
    body: str = text(default="")  # HTML, every outside value escaped
    created_at: datetime = moment()
    next_try_at: datetime | None = maybe_moment()
    claimed_at: datetime | None = maybe_moment()
    sent_at: datetime | None = maybe_moment()
