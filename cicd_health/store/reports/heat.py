"""The runs of one pipeline hour by hour, from the kept tallies."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model.tally import Tally
from cicd_health.store.reports.pieces import decoded
from cicd_health.store.tallies import TALLY


def hourly(session: Session, pipeline_id: int, start: datetime, end: datetime) -> list[tuple[datetime, Tally]]:
    """A Tally for each hour of UTC that begins in [start, end) and had runs, with that beginning.

    They are shared with others who read the same: nobody may change them.
    """
    selected = sa.select(TALLY.c.bucket_at, TALLY.c.tally).where(
        TALLY.c.scope == "pipeline",
        TALLY.c.scope_id == pipeline_id,
        TALLY.c.subject == "run",
        TALLY.c.grain == "hour",
        TALLY.c.bucket_at >= start,
        TALLY.c.bucket_at < end,
    )
    return [(moment, decoded(text).tally) for moment, text in session.connection().execute(selected)]
