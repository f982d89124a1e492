"""Change points as they were last found: replaced together, pipeline by pipeline, by whoever looks for them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.model.changes import Blame, ChangePoint
from cicd_health.store.tables import ChangeRow, PipelineRow

CHANGE, PIPELINE = (SQLModel.metadata.tables[str(row.__tablename__)] for row in (ChangeRow, PipelineRow))


def of_pipelines(session: Session, pipeline_ids: Collection[int] | None, since: datetime) -> list[ChangePoint]:
    """The changes that began since then, newest first; of every pipeline for None."""
    selected = sa.select(CHANGE).where(CHANGE.c.at >= since).order_by(CHANGE.c.at.desc(), CHANGE.c.id.desc())
    if pipeline_ids is not None:
        selected = selected.where(CHANGE.c.pipeline_id.in_(pipeline_ids))
    return [_change(row) for row in session.connection().execute(selected)]


def replace(session: Session, pipeline_id: int, changes: Iterable[ChangePoint], now: datetime) -> bool:
    """Put these in the place of what was known of a pipeline, as found at `now`.

    False, and nothing is done, when another process has looked as late: the row of the pipeline is locked by this.
    """
    connection = session.connection()
    earlier = sa.or_(PIPELINE.c.examined_at.is_(None), PIPELINE.c.examined_at < now)
    mine = sa.update(PIPELINE).where(PIPELINE.c.id == pipeline_id, earlier).values(examined_at=now)
    if not connection.execute(mine).rowcount:
        return False
    connection.execute(sa.delete(CHANGE).where(CHANGE.c.pipeline_id == pipeline_id))
    rows = [_values(change) for change in changes]
    if rows:
        connection.execute(sa.insert(CHANGE), rows)
    return True


def _values(change: ChangePoint) -> dict[str, Any]:
    return asdict(change) | {"blame": json.dumps(asdict(change.blame)) if change.blame else None}


def _change(row: Any) -> ChangePoint:
    values: dict[str, Any] = dict(row._mapping)
    del values["id"]
    values["blame"] = Blame(**json.loads(row.blame)) if row.blame else None
    return ChangePoint(**values)
