"""What was counted."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from cicd_health.store.tables.columns import BigId, UtcDateTime, text


class TallyRow(SQLModel, table=True):
    """Mergeable sums of one scope, subject and time bucket: see `model.tally`."""

    __tablename__ = "tallies"

    scope: str = Field(primary_key=True)  # all, repo, pipeline
    scope_id: int = Field(primary_key=True, sa_type=BigId)  # 0 for all
    subject: str = Field(primary_key=True)  # run, job
    grain: str = Field(primary_key=True)  # hour, day
    bucket_at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    tally: str = text()  # JSON
