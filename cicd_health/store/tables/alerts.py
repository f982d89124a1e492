"""Rules, incidents, channels and the outbox."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from cicd_health.store.tables.columns import BigId, maybe_moment, moment, reference, row_id, text


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
    channels: str = text(default="[]", sa_column_kwargs={"server_default": "[]"})  # JSON: slugs; none means all
    env_params: str | None = text(default=None)  # what the settings last said of `params`
    updated_at: datetime | None = maybe_moment()
    created_at: datetime = moment()


class SilenceRow(SQLModel, table=True):
    """A time without messages: for one incident, or for whatever fits a scope (JSON) and, if given, a rule.

    Without `ends_at` it lasts until its incident is fixed. `ended_at`: it is over.
    """

    __tablename__ = "silences"
    __table_args__ = (
        sa.Index(
            "ix_silences_active",
            "ends_at",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )

    id: int | None = row_id()
    incident_id: int | None = reference("incidents.id", nullable=True, index=True)
    rule_id: int | None = reference("alert_rules.id", nullable=True, index=True)
    scope: str = text(default="{}")
    reason: str = text(default="")
    created_by: str
    created_at: datetime = moment()
    ends_at: datetime | None = maybe_moment()
    ended_at: datetime | None = maybe_moment()
    ended_by: str | None = None  # None: by itself


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
        sa.Index("ix_incidents_rule", "rule_id", "opened_at"),
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
    turn: int = Field(default=1, sa_column_kwargs={"server_default": "1"})  # how often it opened: 1, and each return
    reopened_at: datetime | None = maybe_moment()  # the last return


class StepOfIncidentRow(SQLModel, table=True):
    """One change of an incident's state, written in the transaction that changed it. `actor` None: by itself."""

    __tablename__ = "incident_steps"
    __table_args__ = (sa.Index("ix_incident_steps_incident", "incident_id", "id"),)

    id: int | None = row_id()
    incident_id: int = reference("incidents.id")
    at: datetime = moment()
    kind: str
    actor: str | None = None
    note: str = text(default="")
    failures: int = 0
    run_id: int | None = reference("runs.id", nullable=True, index=True, ondelete="SET NULL")


class ChannelRow(SQLModel, table=True):
    """Where messages go: an Apprise URL, encrypted. Channels from the environment keep theirs there (None here).

    `scope` (JSON) and `min_severity` say what it is told. `quiet` (JSON, or None): hours in `zone` in which messages
    wait. `digest_at` ("HH:MM" in `zone`): everything waits for that moment of the day. `per_hour`: at most so many
    messages, None for any number. `switched_off_at`: it refused for good, and is asked no more until somebody says so.
    """

    __tablename__ = "channels"

    id: int | None = row_id()
    slug: str = Field(unique=True)
    name: str
    kind: str  # slack, email, apprise
    origin: str  # env, user
    url: str | None = text(default=None)  # encrypted
    enabled: bool = True
    error: str | None = text(default=None)
    address: str = text(default="", sa_column_kwargs={"server_default": ""})  # masked, for people
    scope: str = text(default="{}", sa_column_kwargs={"server_default": "{}"})
    min_severity: str = Field(default="info", sa_column_kwargs={"server_default": "info"})
    zone: str = Field(default="UTC", sa_column_kwargs={"server_default": "UTC"})
    quiet: str | None = text(default=None)
    digest_at: str | None = None
    per_hour: int | None = None
    switched_off_at: datetime | None = maybe_moment()
    sent_at: datetime | None = maybe_moment()  # when it last took a message
    updated_at: datetime | None = maybe_moment()
    created_at: datetime = moment()


class NotificationRow(SQLModel, table=True):
    """The outbox: one message of one incident to one channel.

    `held` says for people why it waits until `next_try_at` ("quiet hours until 07:00"). `sent_with` is the first of
    several that were sent as one, for each of them; None for one that went alone.
    """

    __tablename__ = "outbox"  # the job engine has a table `notifications` in the same SQLite file
    __table_args__ = (
        sa.UniqueConstraint("incident_id", "channel_id", "kind", "turn", name="uq_outbox_turn"),
        sa.Index("ix_outbox_state", "state", "next_try_at"),
        sa.Index("ix_outbox_channel", "channel_id", "created_at"),
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
    claimed_at: datetime | None = maybe_moment()  # when it was tried last
    tried_at: datetime | None = maybe_moment()  # when it was tried first
    sent_at: datetime | None = maybe_moment()
    turn: int = Field(default=1, sa_column_kwargs={"server_default": "1"})  # of kind `still`: each end of a mute
    severity: str = Field(default="critical", sa_column_kwargs={"server_default": "critical"})
    held: str | None = text(default=None)
    sent_with: int | None = Field(default=None, sa_type=BigId, index=True)
