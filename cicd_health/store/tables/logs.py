"""What is kept of logs."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from cicd_health.store.tables.columns import BigId, maybe_moment, moment, reference, row_id, text


class LogRow(SQLModel, table=True):
    """The log of a job, or of a run (`job_id` None): where it stands, and what was found in it.

    Beside its chunks there is a table `log_words`, for searching, that only the store's SQL knows.
    """

    __tablename__ = "logs"
    __table_args__ = (
        sa.Index("ix_logs_run", "run_id"),
        sa.Index("ix_logs_kept", "kept_at"),
        sa.Index(
            "ix_logs_pending",
            "next_try_at",
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        ),
        sa.Index("ix_logs_object", "object_id", unique=True),
        sa.Index(
            "ix_logs_inside",
            "id",
            sqlite_where=sa.text("state = 'kept' AND object_id IS NULL"),
            postgresql_where=sa.text("state = 'kept' AND object_id IS NULL"),
        ),
    )

    id: int | None = row_id()
    key: str = Field(unique=True)  # "job:ID", or "run:ID:ATTEMPT"
    run_id: int = reference("runs.id")
    job_id: int | None = reference("jobs.id", nullable=True, index=True)
    attempt: int
    state: str
    complete: bool = False
    lines: int = Field(default=0, sa_type=sa.BigInteger)
    size: int = Field(default=0, sa_type=sa.BigInteger)
    cut_after: int | None = Field(default=None, sa_type=sa.BigInteger)
    cut_lines: int = Field(default=0, sa_type=sa.BigInteger)
    cut_size: int = Field(default=0, sa_type=sa.BigInteger)
    marks: bytes | None = Field(default=None, sa_type=sa.LargeBinary)  # zlib JSON
    folds: bytes | None = Field(default=None, sa_type=sa.LargeBinary)  # zlib JSON
    failing: str | None = text(default=None)  # JSON list of line numbers
    cause: int | None = Field(default=None, sa_type=sa.BigInteger)
    position: int = Field(default=0, sa_type=sa.BigInteger)  # where a running build's log is read on, in its own count
    tries: int = 0
    next_try_at: datetime | None = maybe_moment()
    error: str | None = text(default=None)
    kept_at: datetime | None = maybe_moment()
    created_at: datetime = moment()
    object_id: int | None = Field(default=None, sa_type=BigId)  # of `log_objects`, where its lines are outside
    cause_text: str | None = text(default=None)  # the line `cause`, where its lines are outside


class LogChunkRow(SQLModel, table=True):
    """About 64 kB of a log's lines, zlib-compressed. Lines count from 1 and keep their numbers around a cut."""

    __tablename__ = "log_chunks"
    __table_args__ = (sa.UniqueConstraint("log_id", "seq"),)

    id: int | None = row_id()
    log_id: int = reference("logs.id")
    seq: int
    first_line: int = Field(sa_type=sa.BigInteger)
    lines: int
    size: int  # bytes before compression
    body: bytes = Field(sa_type=sa.LargeBinary)  # empty where it is outside: see the three below
    starts_at: int | None = Field(default=None, sa_type=sa.BigInteger)  # byte of the log's object
    length: int | None = None  # bytes there
    checksum: int | None = Field(default=None, sa_type=sa.BigInteger)  # Adler-32 of the text


class LogPlaceRow(SQLModel, table=True):
    """A place outside the database where lines of logs are, or were. `error`: what it does not do, since when."""

    __tablename__ = "log_places"

    id: int | None = row_id()
    address: str = Field(unique=True)
    error: str | None = text(default=None)
    failing_since: datetime | None = maybe_moment()
    created_at: datetime = moment()


class LogObjectRow(SQLModel, table=True):
    """An object in such a place: written down before it is written there, so that none is ever left behind unknown.

    It is in use while a row of `logs` says so. Once `doomed_at` is set none ever will, and it is deleted there.
    """

    __tablename__ = "log_objects"
    __table_args__ = (
        sa.Index(
            "ix_log_objects_doomed",
            "doomed_at",
            sqlite_where=sa.text("doomed_at IS NOT NULL"),
            postgresql_where=sa.text("doomed_at IS NOT NULL"),
        ),
    )

    id: int | None = row_id()
    place_id: int = reference("log_places.id")
    key: str = Field(unique=True)
    size: int = Field(sa_type=sa.BigInteger)
    created_at: datetime = moment()
    doomed_at: datetime | None = maybe_moment()
