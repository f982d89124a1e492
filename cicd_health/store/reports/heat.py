"""The runs of one pipeline hour by hour, from the kept tallies, or one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model.health import Query
from cicd_health.model.tally import Tally
from cicd_health.store.reports.pieces import decoded
from cicd_health.store.reports.rows import RUN, filters, within
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


def runs(session: Session, query: Query, start: datetime, end: datetime) -> Sequence[Any]:
    """Creation, outcome and duration of each run of the query in [start, end), whatever its own window."""
    selected = sa.select(RUN.c.created_at, RUN.c.outcome, RUN.c.duration_s)
    selected = selected.where(within("run", start, end), *filters(replace(query, subject="run")))
    return session.connection().execute(selected).all()
