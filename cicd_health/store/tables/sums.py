"""What was counted."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from cicd_health.store.tables.columns import BigId, UtcDateTime, maybe_moment, moment, row_id, text


class TallyRow(SQLModel, table=True):
    """Mergeable sums of one scope, subject and time bucket: see `model.tally`.

    Each writing gives its rows a `revision` that no other has. As every change of a day changes the sums of all, the
    revision of those says whether anything of that day is other than it was.
    """

    __tablename__ = "tallies"
    __table_args__ = (sa.Index("ix_tallies_bucket", "bucket_at"),)

    scope: str = Field(primary_key=True)  # all, repo, pipeline
    scope_id: int = Field(primary_key=True, sa_type=BigId)  # 0 for all
    subject: str = Field(primary_key=True)  # run, job
    grain: str = Field(primary_key=True)  # hour, day
    bucket_at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    tally: str = text()  # JSON
    revision: int = Field(default=0, sa_type=sa.BigInteger, sa_column_kwargs={"server_default": "0"})


class KeptSumsRow(SQLModel, table=True):
    """Which edition of the sums is kept: one that is older than the program's is counted again at the start."""

    __tablename__ = "kept_sums"

    name: str = Field(primary_key=True)
    edition: int
    counted_at: datetime | None = maybe_moment()


class EndingsRow(SQLModel, table=True):
    """Attempts of a pipeline that ended in one way: see `store.endings`. `placed`: put together, with its own place."""

    __tablename__ = "endings"

    id: int | None = row_id()
    pipeline_id: int = Field(sa_type=BigId)  # 0 for all that have no place; not a reference: it is counted for good
    provider: str
    outcome: str
    sums: str = text()  # JSON: `model.endings.Ended`
    placed: bool = False
    at: datetime = moment()  # when the last of them was saved
