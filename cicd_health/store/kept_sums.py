"""The kept sums as a whole: by which edition of the program they were counted, and whether runs were deleted."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.store.tables import KeptSumsRow

KEPT = SQLModel.metadata.tables[str(KeptSumsRow.__tablename__)]
COUNTED, DELETED = "counted", "deleted"
EDITION = 2  # raise it when rows or tallies hold more than they did: the next start counts everything anew


def outdated(session: Session) -> bool:
    """True when the sums were last counted by an earlier edition of the program, or never."""
    edition = session.connection().execute(sa.select(KEPT.c.edition).where(KEPT.c.name == COUNTED)).scalar()
    return edition is None or edition < EDITION


def note_counted(session: Session, now: datetime) -> None:
    """The sums are those of this edition."""
    _note(session, COUNTED, EDITION, now)


def runs_were_deleted(session: Session) -> bool:
    """True when runs were ever deleted for their age: what they did to later ones stays as it was known."""
    return session.connection().execute(sa.select(KEPT.c.name).where(KEPT.c.name == DELETED)).first() is not None


def note_deleted(session: Session, now: datetime) -> None:
    _note(session, DELETED, 1, now)


def _note(session: Session, name: str, edition: int, now: datetime) -> None:
    session.merge(KeptSumsRow(name=name, edition=edition, counted_at=now))
    session.flush()
