"""What is polled."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import SQLModel

from cicd_health.store.tables.columns import maybe_moment, moment, reference, row_id, text


class WatchRow(SQLModel, table=True):
    """A repository (GitHub), or a job or all jobs ("") of a Jenkins server, that is compared with its provider.

    `complete_until`: everything created before is here. The `backfill_…` columns are the walk into the past:
    how far it is wanted, where it stands (`cursor` is the provider's own mark), and how far it has come.
    """

    __tablename__ = "watches"
    __table_args__ = (
        sa.UniqueConstraint("source_id", "name"),
        sa.Index("ix_watches_next_poll", "next_poll_at"),
    )

    id: int | None = row_id()
    source_id: int = reference("sources.id")
    name: str = text()
    origin: str  # env, user
    enabled: bool = True
    token: str | None = text(default=None)  # encrypted; else the source's
    webhook_secret: str | None = text(default=None)  # encrypted
    webhook_secret_before: str | None = text(default=None)  # encrypted; holds too, until the moment below
    webhook_secret_before_until: datetime | None = maybe_moment()
    etag: str | None = text(default=None)
    last_poll_at: datetime | None = maybe_moment()
    complete_until: datetime | None = maybe_moment()
    next_poll_at: datetime | None = maybe_moment()
    busy_until: datetime | None = maybe_moment()  # a process polls it, until then at most
    tries: int = 0  # polls that failed since the last good one
    trouble: str | None = None
    error: str | None = text(default=None)
    error_at: datetime | None = maybe_moment()
    redelivered_at: datetime | None = maybe_moment()  # when failed deliveries were last looked for
    backfill_state: str = "none"
    backfill_cursor: str | None = text(default=None)
    backfill_from: datetime | None = maybe_moment()
    backfill_reach: datetime | None = maybe_moment()
    backfill_listed: int = 0
    backfill_done: int = 0
    backfill_done_before: int = 0  # when it was last started or resumed
    backfill_total: int | None = None
    backfill_requests: int = 0
    backfill_started_at: datetime | None = maybe_moment()
    backfill_ended_at: datetime | None = maybe_moment()
    backfill_tries: int = 0  # failures since it last went on
    backfill_waits_until: datetime | None = maybe_moment()
    backfill_error: str | None = text(default=None)
    created_at: datetime = moment()
