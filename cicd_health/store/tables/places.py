"""Where runs come from."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from cicd_health.store.tables.columns import maybe_moment, moment, reference, row_id, text


class SourceRow(SQLModel, table=True):
    """One GitHub host, or one Jenkins server."""

    __tablename__ = "sources"
    __table_args__ = (sa.UniqueConstraint("provider", "host"),)

    id: int | None = row_id()
    provider: str
    host: str
    name: str
    base_url: str | None = None  # of its API
    origin: str = Field(default="event", sa_column_kwargs={"server_default": "event"})  # event, env, user
    enabled: bool = Field(default=True, sa_column_kwargs={"server_default": sa.true()})
    username: str | None = None
    app_id: int | None = Field(default=None, sa_type=sa.BigInteger)
    app_private_key: str | None = text(default=None)  # encrypted
    next_poll_at: datetime | None = maybe_moment()  # a limit or an outage holds for everything of it
    trouble: str | None = None
    last_event_at: datetime | None = maybe_moment()
    last_poll_at: datetime | None = maybe_moment()
    complete_until: datetime | None = maybe_moment()
    rate_limit_remaining: int | None = None
    rate_limit_limit: int | None = None
    rate_limit_reset_at: datetime | None = maybe_moment()
    error: str | None = text(default=None)
    error_at: datetime | None = maybe_moment()
    webhook_secret: str | None = text(default=None)  # encrypted
    webhook_secret_before: str | None = text(default=None)  # encrypted; holds too, until the moment below
    webhook_secret_before_until: datetime | None = maybe_moment()
    token: str | None = text(default=None)  # encrypted
    created_at: datetime = moment()


class RepositoryRow(SQLModel, table=True):
    """`key` is "id:…" once the provider's stable id is known, "name:…" until then."""

    __tablename__ = "repositories"
    __table_args__ = (sa.UniqueConstraint("source_id", "key"), sa.Index("ix_repositories_name", "name"))

    id: int | None = row_id()
    source_id: int = reference("sources.id")
    key: str
    name: str
    default_branch: str | None = None
    url: str | None = text(default=None)
    named_at: datetime | None = maybe_moment()  # when the event that gave the present name was written
    created_at: datetime = moment()


class PipelineRow(SQLModel, table=True):
    """`key` is "id:…" once the provider's stable id is known, "name:…" until then."""

    __tablename__ = "pipelines"
    __table_args__ = (sa.UniqueConstraint("repo_id", "key"), sa.Index("ix_pipelines_name", "name"))

    id: int | None = row_id()
    repo_id: int = reference("repositories.id")
    key: str
    name: str
    path: str | None = text(default=None)
    url: str | None = text(default=None)
    named_at: datetime | None = maybe_moment()
    examined_at: datetime | None = maybe_moment()  # when its change points were last looked for
    created_at: datetime = moment()
