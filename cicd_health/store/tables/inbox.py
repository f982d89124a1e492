"""What arrived."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from cicd_health.store.tables.columns import maybe_moment, moment, reference, row_id, text

FAILED = sa.text("state = 'failed'")


class DeliveryRow(SQLModel, table=True):
    """The inbox: what arrived, as it arrived. `body` is zlib-compressed.

    `tries`: how often it failed here; `next_try_at` counts while it is failed.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        sa.UniqueConstraint("provider", "external_id"),
        sa.Index("ix_deliveries_received", "received_at", "id"),
        sa.Index("ix_deliveries_state", "state", "id"),
        sa.Index("ix_deliveries_again", "next_try_at", sqlite_where=FAILED, postgresql_where=FAILED),
    )

    id: int | None = row_id()
    provider: str
    external_id: str
    event: str
    action: str | None = None
    received_at: datetime = moment()
    applied_at: datetime | None = maybe_moment()
    state: str
    error: str | None = text(default=None)
    run_id: int | None = reference("runs.id", nullable=True, index=True, ondelete="SET NULL")
    size: int
    headers: str = text()  # JSON
    body: bytes = Field(sa_type=sa.LargeBinary)
    quiet: bool = False
    tries: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    next_try_at: datetime | None = maybe_moment()


class RefusalRow(SQLModel, table=True):
    """The last delivery refused per provider and reason; nothing of its body is kept."""

    __tablename__ = "refusals"
    __table_args__ = (sa.UniqueConstraint("provider", "reason"),)

    id: int | None = row_id()
    provider: str
    reason: str
    times: int
    last_at: datetime = moment()
