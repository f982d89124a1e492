"""Every table, as SQLModel. Times are aware UTC, durations are seconds, words are those of `model`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

# Of partial indexes: SQLite uses one only for a condition of the very same words.
FAILED_WORDS = "('failure', 'startup_failure', 'timed_out', 'unstable')"

# SQLite numbers rows by itself only in a column it calls INTEGER.
BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware moment, kept in UTC on both databases. Raises ValueError on a naive one."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without a time zone: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _id() -> Any:
    return Field(default=None, primary_key=True, sa_type=BigId)


def _at(**extra: Any) -> Any:
    return Field(sa_type=UtcDateTime, **extra)


def _maybe_at(**extra: Any) -> Any:
    return Field(default=None, sa_type=UtcDateTime, **extra)


def _ref(
    column: str, *, nullable: bool = False, index: bool = False, ondelete: Literal["CASCADE", "SET NULL"] = "CASCADE"
) -> Any:
    extra: dict[str, Any] = {"default": None} if nullable else {}
    return Field(foreign_key=column, nullable=nullable, index=index, sa_type=BigId, ondelete=ondelete, **extra)


def _text(**extra: Any) -> Any:
    return Field(sa_type=sa.Text, **extra)


class SourceRow(SQLModel, table=True):
    """One GitHub host, or one Jenkins server."""

    __tablename__ = "sources"
    __table_args__ = (sa.UniqueConstraint("provider", "host"),)

    id: int | None = _id()
    provider: str
    host: str
    name: str
    base_url: str | None = None
    last_event_at: datetime | None = _maybe_at()
    last_poll_at: datetime | None = _maybe_at()
    complete_until: datetime | None = _maybe_at()
    rate_limit_remaining: int | None = None
    rate_limit_limit: int | None = None
    rate_limit_reset_at: datetime | None = _maybe_at()
    error: str | None = _text(default=None)
    error_at: datetime | None = _maybe_at()
    webhook_secret: str | None = _text(default=None)  # encrypted
    token: str | None = _text(default=None)  # encrypted
    created_at: datetime = _at()


class RepositoryRow(SQLModel, table=True):
    """`key` is "id:…" once the provider's stable id is known, "name:…" until then."""

    __tablename__ = "repositories"
    __table_args__ = (sa.UniqueConstraint("source_id", "key"), sa.Index("ix_repositories_name", "name"))

    id: int | None = _id()
    source_id: int = _ref("sources.id")
    key: str
    name: str
    default_branch: str | None = None
    url: str | None = _text(default=None)
    named_at: datetime | None = _maybe_at()  # when the event that gave the present name was written
    created_at: datetime = _at()


class PipelineRow(SQLModel, table=True):
    """`key` is "id:…" once the provider's stable id is known, "name:…" until then."""

    __tablename__ = "pipelines"
    __table_args__ = (sa.UniqueConstraint("repo_id", "key"), sa.Index("ix_pipelines_name", "name"))

    id: int | None = _id()
    repo_id: int = _ref("repositories.id")
    key: str
    name: str
    path: str | None = _text(default=None)
    url: str | None = _text(default=None)
    named_at: datetime | None = _maybe_at()
    created_at: datetime = _at()


class RunRow(SQLModel, table=True):
    """One run; its outcome and times are those of its last attempt. `external_id` is unique in its repository."""

    __tablename__ = "runs"
    __table_args__ = (
        sa.UniqueConstraint("repo_id", "external_id"),
        sa.Index("ix_runs_created", "created_at", "id"),
        sa.Index("ix_runs_pipeline_created", "pipeline_id", "created_at"),
        sa.Index("ix_runs_repo_created", "repo_id", "created_at"),
        sa.Index("ix_runs_provider_created", "provider", "created_at"),
        sa.Index("ix_runs_branch_created", "branch", "created_at"),
        sa.Index("ix_runs_outcome_created", "outcome", "created_at"),
        sa.Index("ix_runs_event_created", "event", "created_at"),
        sa.Index("ix_runs_actor_created", "actor", "created_at"),
        sa.Index("ix_runs_sha", "sha"),
        sa.Index("ix_runs_updated", "updated_at"),
        sa.Index(
            "ix_runs_cancelled",
            "pipeline_id",
            "completed_at",
            sqlite_where=sa.text("outcome = 'cancelled'"),
            postgresql_where=sa.text("outcome = 'cancelled'"),
        ),
        sa.Index(
            "ix_runs_failed",
            "created_at",
            sqlite_where=sa.text(f"outcome IN {FAILED_WORDS} OR first_outcome IN {FAILED_WORDS}"),
            postgresql_where=sa.text(f"outcome IN {FAILED_WORDS} OR first_outcome IN {FAILED_WORDS}"),
        ),
        sa.Index(
            "ix_runs_unfinished",
            "created_at",
            sqlite_where=sa.text("status != 'completed'"),
            postgresql_where=sa.text("status != 'completed'"),
        ),
    )

    id: int | None = _id()
    repo_id: int = _ref("repositories.id")
    pipeline_id: int = _ref("pipelines.id")
    provider: str
    external_id: str = _text()
    number: int | None = Field(default=None, sa_type=sa.BigInteger)
    attempt: int
    attempts: int
    status: str
    outcome: str
    first_outcome: str | None = None  # of attempt 1; None when attempt 1 was never seen or has not ended
    raw_status: str | None = None
    raw_conclusion: str | None = None
    title: str | None = _text(default=None)
    branch: str | None = _text(default=None)
    default_branch: bool  # whether this run counts as the default branch
    sha: str | None = None
    event: str | None = None
    actor: str | None = None
    pull_request: int | None = Field(default=None, sa_type=sa.BigInteger)
    created_at: datetime = _at()
    started_at: datetime | None = _maybe_at()
    completed_at: datetime | None = _maybe_at()
    duration_s: float | None = None
    queue_s: float | None = None
    url: str | None = _text(default=None)
    failed_job: str | None = _text(default=None)
    failed_step: str | None = _text(default=None)
    excerpt: str | None = _text(default=None)
    signature: str | None = None
    updated_at: datetime | None = _maybe_at()  # when a row of it last changed here
    quiet: bool = False  # history: counts, and sends nothing


class AttemptRow(SQLModel, table=True):
    """One attempt. `reported_duration_s` is the provider's own measure, where it has one; `duration_s` counts."""

    __tablename__ = "attempts"
    __table_args__ = (sa.UniqueConstraint("run_id", "attempt"),)

    id: int | None = _id()
    run_id: int = _ref("runs.id")
    attempt: int
    rank: int
    status: str
    outcome: str
    raw_status: str | None = None
    raw_conclusion: str | None = None
    started_at: datetime | None = _maybe_at()
    completed_at: datetime | None = _maybe_at()
    updated_at: datetime | None = _maybe_at()
    reported_duration_s: float | None = None
    duration_s: float | None = None
    queue_s: float | None = None
    url: str | None = _text(default=None)


class JobRow(SQLModel, table=True):
    """One job of one attempt. `run_id` is None while its run has not arrived yet."""

    __tablename__ = "jobs"
    __table_args__ = (
        sa.UniqueConstraint("repo_id", "external_id"),
        sa.Index("ix_jobs_run", "run_id", "attempt"),
        sa.Index(
            "ix_jobs_waiting_for_run",
            "repo_id",
            "run_external_id",
            sqlite_where=sa.text("run_id IS NULL"),
            postgresql_where=sa.text("run_id IS NULL"),
        ),
        sa.Index("ix_jobs_pipeline_created", "pipeline_id", "counted_at"),
        sa.Index("ix_jobs_counted", "counted_at"),
        sa.Index(
            "ix_jobs_failed",
            "counted_at",
            sqlite_where=sa.text(f"outcome IN {FAILED_WORDS}"),
            postgresql_where=sa.text(f"outcome IN {FAILED_WORDS}"),
        ),
    )

    id: int | None = _id()
    repo_id: int = _ref("repositories.id")
    pipeline_id: int | None = _ref("pipelines.id", nullable=True)
    run_id: int | None = _ref("runs.id", nullable=True)
    run_external_id: str = _text()
    external_id: str = _text()
    attempt: int
    rank: int
    name: str = _text()
    status: str
    outcome: str
    raw_status: str | None = None
    raw_conclusion: str | None = None
    runner: str | None = None
    labels: str | None = _text(default=None)  # JSON list
    created_at: datetime | None = _maybe_at()
    started_at: datetime | None = _maybe_at()
    completed_at: datetime | None = _maybe_at()
    updated_at: datetime | None = _maybe_at()
    counted_at: datetime | None = _maybe_at()  # its place in a window: its own creation, else its run's
    duration_s: float | None = None
    queue_s: float | None = None
    url: str | None = _text(default=None)
    log_state: str = "none"
    excerpt: str | None = _text(default=None)
    signature: str | None = None


class StepRow(SQLModel, table=True):
    __tablename__ = "steps"

    job_id: int = Field(foreign_key="jobs.id", primary_key=True, sa_type=BigId, ondelete="CASCADE")
    number: int = Field(primary_key=True)
    name: str = _text()
    status: str
    outcome: str
    started_at: datetime | None = _maybe_at()
    completed_at: datetime | None = _maybe_at()
    duration_s: float | None = None


class LogChunkRow(SQLModel, table=True):
    """About 64 kB of log text, zlib-compressed, of a job or of a run without jobs. Lines count from 1."""

    __tablename__ = "log_chunks"
    __table_args__ = (
        sa.Index("ix_log_chunks_job", "job_id", "seq"),
        sa.Index("ix_log_chunks_run", "run_id", "seq"),
    )

    id: int | None = _id()
    run_id: int = _ref("runs.id")
    job_id: int | None = _ref("jobs.id", nullable=True)
    seq: int
    first_line: int
    lines: int
    size: int  # bytes before compression
    body: bytes = Field(sa_type=sa.LargeBinary)
    created_at: datetime = _at()


class DeliveryRow(SQLModel, table=True):
    """The inbox: what arrived, as it arrived. `body` is zlib-compressed."""

    __tablename__ = "deliveries"
    __table_args__ = (
        sa.UniqueConstraint("provider", "external_id"),
        sa.Index("ix_deliveries_received", "received_at", "id"),
        sa.Index("ix_deliveries_state", "state", "id"),
    )

    id: int | None = _id()
    provider: str
    external_id: str
    event: str
    action: str | None = None
    received_at: datetime = _at()
    applied_at: datetime | None = _maybe_at()
    state: str
    error: str | None = _text(default=None)
    run_id: int | None = _ref("runs.id", nullable=True, index=True, ondelete="SET NULL")
    size: int
    headers: str = _text()  # JSON
    body: bytes = Field(sa_type=sa.LargeBinary)
    quiet: bool = False


class RefusalRow(SQLModel, table=True):
    """The last delivery refused per provider and reason; nothing of its body is kept."""

    __tablename__ = "refusals"
    __table_args__ = (sa.UniqueConstraint("provider", "reason"),)

    id: int | None = _id()
    provider: str
    reason: str
    times: int
    last_at: datetime = _at()


class RuleRow(SQLModel, table=True):
    """An alert rule: which kind, with which parameters (JSON), for which scope (JSON)."""

    __tablename__ = "alert_rules"

    id: int | None = _id()
    slug: str = Field(unique=True)
    kind: str
    name: str
    enabled: bool = True
    severity: str
    params: str = _text()
    scope: str = _text()
    builtin: bool = False
    created_at: datetime = _at()


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
    )

    id: int | None = _id()
    rule_id: int = _ref("alert_rules.id")
    scope_key: str
    pipeline_id: int | None = _ref("pipelines.id", nullable=True)
    branch: str | None = _text(default=None)
    severity: str
    state: str
    title: str = _text()
    reason: str = _text()
    opened_at: datetime = _at()
    last_failed_at: datetime | None = _maybe_at()
    resolved_at: datetime | None = _maybe_at()
    failures: int = 1
    run_id: int | None = _ref("runs.id", nullable=True, index=True, ondelete="SET NULL")
    last_run_id: int | None = _ref("runs.id", nullable=True, ondelete="SET NULL")
    recovered_run_id: int | None = _ref("runs.id", nullable=True, ondelete="SET NULL")
    acknowledged_at: datetime | None = _maybe_at()
    acknowledged_by: str | None = None
    muted_until: datetime | None = _maybe_at()


class ChannelRow(SQLModel, table=True):
    """Where messages go: an Apprise URL, encrypted. Channels from the environment keep theirs there (None here)."""

    __tablename__ = "channels"

    id: int | None = _id()
    slug: str = Field(unique=True)
    name: str
    kind: str  # slack, email, apprise
    origin: str  # env, user
    url: str | None = _text(default=None)  # encrypted
    enabled: bool = True
    error: str | None = _text(default=None)
    created_at: datetime = _at()


class NotificationRow(SQLModel, table=True):
    """The outbox: one message of one incident to one channel."""

    __tablename__ = "outbox"  # the job engine has a table `notifications` in the same SQLite file
    __table_args__ = (
        sa.UniqueConstraint("incident_id", "channel_id", "kind"),
        sa.Index("ix_outbox_state", "state", "next_try_at"),
        sa.Index("ix_outbox_created", "created_at", "id"),
    )

    id: int | None = _id()
    incident_id: int | None = _ref("incidents.id", nullable=True)
    channel_id: int = _ref("channels.id")
    kind: str
    state: str
    attempts: int = 0
    error: str | None = _text(default=None)
    title: str = _text(default="")
    body: str = _text(default="")  # HTML, every outside value escaped
    created_at: datetime = _at()
    next_try_at: datetime | None = _maybe_at()
    claimed_at: datetime | None = _maybe_at()
    sent_at: datetime | None = _maybe_at()


class UserRow(SQLModel, table=True):
    __tablename__ = "users"

    id: int | None = _id()
    email: str = Field(unique=True)
    name: str | None = None
    role: str  # viewer, operator, admin
    password: str | None = _text(default=None)  # argon2 hash
    disabled_at: datetime | None = _maybe_at()
    created_at: datetime = _at()


class SessionRow(SQLModel, table=True):
    """A signed-in browser. Only the SHA-256 of its cookie is kept."""

    __tablename__ = "sessions"

    id: int | None = _id()
    user_id: int = _ref("users.id", index=True)
    token_hash: str = Field(unique=True)
    created_at: datetime = _at()
    last_seen_at: datetime = _at()
    expires_at: datetime = _at(index=True)
    revoked_at: datetime | None = _maybe_at()
    address: str | None = None
    user_agent: str | None = _text(default=None)


class SignInLinkRow(SQLModel, table=True):
    """A one-time sign-in link. Only the SHA-256 of its token is kept."""

    __tablename__ = "sign_in_links"

    id: int | None = _id()
    user_id: int = _ref("users.id")
    token_hash: str = Field(unique=True)
    created_at: datetime = _at()
    expires_at: datetime = _at()
    used_at: datetime | None = _maybe_at()


class ApiKeyRow(SQLModel, table=True):
    """A key for machines. Only its SHA-256 is kept; `prefix` is for people to recognise it."""

    __tablename__ = "api_keys"

    id: int | None = _id()
    name: str
    prefix: str
    key_hash: str = Field(unique=True)
    scopes: str  # comma list of read, ingest, admin
    created_by: int | None = _ref("users.id", nullable=True, ondelete="SET NULL")
    created_at: datetime = _at()
    last_used_at: datetime | None = _maybe_at()
    expires_at: datetime | None = _maybe_at()
    revoked_at: datetime | None = _maybe_at()


class TallyRow(SQLModel, table=True):
    """Mergeable sums of one scope, subject and time bucket: see `model.tally`."""

    __tablename__ = "tallies"

    scope: str = Field(primary_key=True)  # all, repo, pipeline
    scope_id: int = Field(primary_key=True, sa_type=BigId)  # 0 for all
    subject: str = Field(primary_key=True)  # run, job
    grain: str = Field(primary_key=True)  # hour, day
    bucket_at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    tally: str = _text()  # JSON
