"""What ran."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from cicd_health.store.tables.columns import (
    FAILED_WORDS,
    SCHEDULE_WORDS,
    VERDICT_WORDS,
    BigId,
    maybe_moment,
    moment,
    reference,
    row_id,
    text,
)


class RunRow(SQLModel, table=True):
    """One run; its outcome and times are those of its last attempt. `external_id` is unique in its repository."""

    __tablename__ = "runs"
    __table_args__ = (
        sa.UniqueConstraint("repo_id", "external_id"),
        sa.Index("ix_runs_created", "created_at", "id"),
        sa.Index("ix_runs_pipeline_created", "pipeline_id", "created_at"),
        sa.Index("ix_runs_pipeline_branch", "pipeline_id", "branch", "created_at"),
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
            "ix_runs_restored",
            "created_at",
            sqlite_where=sa.text("restored_s IS NOT NULL"),
            postgresql_where=sa.text("restored_s IS NOT NULL"),
        ),
        sa.Index(  # the verdicts of a pipeline's default branch, in order
            "ix_runs_verdicts",
            "pipeline_id",
            "created_at",
            "id",
            sqlite_where=sa.text(f"default_branch AND outcome IN {VERDICT_WORDS}"),
            postgresql_where=sa.text(f"default_branch AND outcome IN {VERDICT_WORDS}"),
        ),
        sa.Index(
            "ix_runs_signature",
            "signature",
            "created_at",
            sqlite_where=sa.text("signature IS NOT NULL"),
            postgresql_where=sa.text("signature IS NOT NULL"),
        ),
        sa.Index(
            "ix_runs_pipeline_signature",
            "pipeline_id",
            "signature",
            "created_at",
            sqlite_where=sa.text("signature IS NOT NULL"),
            postgresql_where=sa.text("signature IS NOT NULL"),
        ),
        sa.Index(
            "ix_runs_without_jobs",
            "repo_id",
            "created_at",
            sqlite_where=sa.text("status = 'completed' AND jobs_known < attempts"),
            postgresql_where=sa.text("status = 'completed' AND jobs_known < attempts"),
        ),
        sa.Index(  # whose verdict, if they have one, is that of an earlier attempt
            "ix_runs_again",
            "pipeline_id",
            "created_at",
            "id",
            sqlite_where=sa.text(f"attempt > 1 AND outcome NOT IN {VERDICT_WORDS}"),
            postgresql_where=sa.text(f"attempt > 1 AND outcome NOT IN {VERDICT_WORDS}"),
        ),
        sa.Index(
            "ix_runs_scheduled",
            "pipeline_id",
            "created_at",
            "id",
            sqlite_where=sa.text(f"event IN {SCHEDULE_WORDS}"),
            postgresql_where=sa.text(f"event IN {SCHEDULE_WORDS}"),
        ),
        sa.Index(
            "ix_runs_unfinished",
            "created_at",
            sqlite_where=sa.text("status != 'completed'"),
            postgresql_where=sa.text("status != 'completed'"),
        ),
    )

    id: int | None = row_id()
    repo_id: int = reference("repositories.id")
    pipeline_id: int = reference("pipelines.id")
    provider: str
    external_id: str = text()
    number: int | None = Field(default=None, sa_type=sa.BigInteger)
    attempt: int
    attempts: int
    status: str
    outcome: str
    first_outcome: str | None = None  # of attempt 1; None when attempt 1 was never seen or has not ended
    raw_status: str | None = None
    raw_conclusion: str | None = None
    title: str | None = text(default=None)
    branch: str | None = text(default=None)
    default_branch: bool  # whether this run counts as the default branch
    sha: str | None = None
    event: str | None = None
    actor: str | None = None
    pull_request: int | None = Field(default=None, sa_type=sa.BigInteger)
    created_at: datetime = moment()
    started_at: datetime | None = maybe_moment()
    completed_at: datetime | None = maybe_moment()
    duration_s: float | None = None
    queue_s: float | None = None
    restored_s: float | None = None  # how long the breakage lasted that this run ended: see `model.tally.Contribution`
    spent_s: float | None = None  # machine time of all attempts
    rerun_s: float | None = None  # of those that a later attempt replaced
    url: str | None = text(default=None)
    failed_job: str | None = text(default=None)
    failed_step: str | None = text(default=None)
    excerpt: str | None = text(default=None)
    signature: str | None = None
    log_state: str = Field(default="none", sa_column_kwargs={"server_default": "none"})
    jobs_known: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # attempts whose jobs were all read
    updated_at: datetime | None = maybe_moment()  # when a row of it last changed here
    quiet: bool = False  # history: counts, and sends nothing


class AttemptRow(SQLModel, table=True):
    """One attempt. `reported_duration_s` is the provider's own measure, where it has one; `duration_s` counts."""

    __tablename__ = "attempts"
    __table_args__ = (sa.UniqueConstraint("run_id", "attempt"),)

    id: int | None = row_id()
    run_id: int = reference("runs.id")
    attempt: int
    rank: int
    status: str
    outcome: str
    raw_status: str | None = None
    raw_conclusion: str | None = None
    started_at: datetime | None = maybe_moment()
    completed_at: datetime | None = maybe_moment()
    updated_at: datetime | None = maybe_moment()
    reported_duration_s: float | None = None
    duration_s: float | None = None
    queue_s: float | None = None
    url: str | None = text(default=None)


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

    id: int | None = row_id()
    repo_id: int = reference("repositories.id")
    pipeline_id: int | None = reference("pipelines.id", nullable=True)
    run_id: int | None = reference("runs.id", nullable=True)
    run_external_id: str = text()
    external_id: str = text()
    attempt: int
    rank: int
    name: str = text()
    status: str
    outcome: str
    raw_status: str | None = None
    raw_conclusion: str | None = None
    runner: str | None = None
    labels: str | None = text(default=None)  # JSON list
    created_at: datetime | None = maybe_moment()
    started_at: datetime | None = maybe_moment()
    completed_at: datetime | None = maybe_moment()
    updated_at: datetime | None = maybe_moment()
    counted_at: datetime | None = maybe_moment()  # its place in a window: its own creation, else its run's
    duration_s: float | None = None
    queue_s: float | None = None
    url: str | None = text(default=None)
    log_state: str = "none"
    excerpt: str | None = text(default=None)
    signature: str | None = None


class StepRow(SQLModel, table=True):
    __tablename__ = "steps"

    job_id: int = Field(foreign_key="jobs.id", primary_key=True, sa_type=BigId, ondelete="CASCADE")
    number: int = Field(primary_key=True)
    name: str = text()
    status: str
    outcome: str
    started_at: datetime | None = maybe_moment()
    completed_at: datetime | None = maybe_moment()
    duration_s: float | None = None
