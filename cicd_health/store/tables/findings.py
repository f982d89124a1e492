"""What was found by looking at the runs of a pipeline together."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from cicd_health.store.tables.columns import BigId, moment, reference, row_id, text


class FlakeRow(SQLModel, table=True):
    """One job that failed and then passed on one commit, the last time; see `model.flakes.Flip`.

    `job` is empty where the run itself did, having no jobs.
    """

    __tablename__ = "flakes"
    __table_args__ = (sa.Index("ix_flakes_passed", "passed_at"), sa.Index("ix_flakes_run", "run_id"))

    pipeline_id: int = Field(foreign_key="pipelines.id", primary_key=True, sa_type=BigId, ondelete="CASCADE")
    job: str = Field(primary_key=True, sa_type=sa.Text)
    sha: str = Field(primary_key=True)
    failed_at: datetime = moment()  # the first failure since it had last passed
    passed_at: datetime = moment()  # the first success after it
    run_id: int = reference("runs.id")  # of that success


class ChangeRow(SQLModel, table=True):
    """One change point of one pipeline: see `model.changes`. Those of a pipeline are replaced together."""

    __tablename__ = "changes"
    __table_args__ = (sa.Index("ix_changes_pipeline", "pipeline_id", "at"), sa.Index("ix_changes_run", "run_id"))

    id: int | None = row_id()
    pipeline_id: int = reference("pipelines.id")
    of: str
    job: str | None = text(default=None)
    step: str | None = text(default=None)
    run_id: int = reference("runs.id")
    at: datetime = moment()
    before: float
    after: float
    n_before: int
    n_after: int
    confidence: float
    blame: str | None = text(default=None)  # JSON
