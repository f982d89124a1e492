"""The kept sums of a data set, by the program's own way of counting anew."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.store import kept_sums, recount


def count(engine: sa.Engine, now: datetime) -> None:
    """A day at a time; `now` is noted as when they were counted."""
    with Session(engine) as session:
        days = recount.days(session)
    for day in days:
        with Session(engine) as session, session.begin():
            recount.count_day(session, day)
    with Session(engine) as session, session.begin():
        kept_sums.note_counted(session, now)
