"""Logs whose lines lie outside the database: which are to be moved, where they are, and what may be deleted there.

An object is written down before it is written to its place, is used once a log says so, and is doomed once none does.
One that is doomed is never used again: so none is left behind unknown, and none that is used is deleted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, select

from cicd_health.logs.bundle import Span
from cicd_health.model.logs import LogState
from cicd_health.store.logs.pieces import CHUNK, LOG, OBJECT, PLACE
from cicd_health.store.logs.reading import cause_text, get
from cicd_health.store.logs.writing import lock
from cicd_health.store.tables import LogObjectRow, LogPlaceRow, LogRow

AT_REST = timedelta(minutes=1)  # a log that was kept just now may be replaced by the whole of it
BEING_WRITTEN = timedelta(hours=1)  # longer than writing any object may take
ENOUGH = 10_000  # nothing is counted beyond it


@dataclass(frozen=True, slots=True)
class Unmoved:
    """A log whose lines are in the database, as it was kept then."""

    log_id: int
    kept_at: datetime | None


@dataclass(frozen=True, slots=True)
class Doomed:
    """An object that nothing uses any more."""

    id: int
    place_id: int
    address: str
    key: str


@dataclass(frozen=True, slots=True)
class Standing:
    """`waiting` are logs that may be moved, up to `ENOUGH`; `failing` places that matter and do not do what they are
    asked, by their address, with why and since when.
    """

    waiting: int
    failing: Mapping[str, tuple[str, datetime | None]]


def standing(session: Session, current: str | None, now: datetime) -> Standing:
    """How it stands with the current place, and with others that have objects still."""
    waiting = _waiting(session, now) if current is not None else 0
    rows = session.exec(select(LogPlaceRow).where(*_fails(current)))
    return Standing(waiting, {row.address: (row.error or "", row.failing_since) for row in rows})


def _waiting(session: Session, now: datetime) -> int:
    some = sa.select(sa.literal_column("1")).select_from(LOG).where(*_unmoved(now)).limit(ENOUGH).subquery()
    return session.connection().execute(sa.select(sa.func.count()).select_from(some)).scalar_one()


def failing_since(current: str | None) -> sa.Select[Any]:
    """Since when some place that matters fails; none when all do what they are asked."""
    return sa.select(sa.func.min(PLACE.c.failing_since, type_=PLACE.c.failing_since.type)).where(*_fails(current))


def _fails(current: str | None) -> tuple[Any, ...]:
    has_objects = sa.exists().where(OBJECT.c.place_id == PLACE.c.id)
    return PLACE.c.error.is_not(None), sa.or_(PLACE.c.address == current, has_objects)


def unmoved(session: Session, after: int, now: datetime) -> Unmoved | None:
    """The next complete log whose lines are in the database, by its id."""
    query = sa.select(LOG.c.id, LOG.c.kept_at).where(LOG.c.id > after, *_unmoved(now)).order_by(LOG.c.id).limit(1)
    row = session.connection().execute(query).one_or_none()
    return None if row is None else Unmoved(row.id, row.kept_at)


def _unmoved(now: datetime) -> tuple[Any, ...]:
    # The state written out, not bound, so that SQLite can see that the index fits.
    inside = LOG.c.state == sa.literal_column(f"'{LogState.KEPT.value}'"), LOG.c.object_id.is_(None)
    at_rest = LOG.c.complete, LOG.c.lines > 0, LOG.c.next_try_at.is_(None), LOG.c.kept_at < now - AT_REST
    return *inside, *at_rest


def whole_object(session: Session, log_id: int) -> tuple[str, str] | None:
    """Place and key of the object that all lines of this log are in; None where some are in the database."""
    inside = sa.exists().where(CHUNK.c.log_id == LOG.c.id, CHUNK.c.starts_at.is_(None))
    query = sa.select(PLACE.c.address, OBJECT.c.key).select_from(LOG)
    query = query.join(OBJECT, OBJECT.c.id == LOG.c.object_id).join(PLACE, PLACE.c.id == OBJECT.c.place_id)
    row = session.connection().execute(query.where(LOG.c.id == log_id, ~inside)).one_or_none()
    return None if row is None else (row.address, row.key)


def ensure_place(session: Session, address: str, now: datetime) -> int:
    """The id of a place, written down if it is new."""
    dialect = sa.dialects.postgresql if session.get_bind().dialect.name == "postgresql" else sa.dialects.sqlite
    new = dialect.insert(PLACE).values(address=address, created_at=now)
    session.connection().execute(new.on_conflict_do_nothing(index_elements=["address"]))
    return session.connection().execute(sa.select(PLACE.c.id).where(PLACE.c.address == address)).scalar_one()


def is_proven(session: Session, address: str) -> bool:
    """Whether this place is known, and did what it was asked the last time."""
    proven = PLACE.c.address == address, PLACE.c.error.is_(None)
    return session.connection().execute(sa.select(PLACE.c.id).where(*proven)).first() is not None


def note_place(session: Session, address: str, error: str | None, now: datetime) -> None:
    """Write down what a place does not do, None for all is well; since when is kept while it goes on."""
    row = session.get(LogPlaceRow, ensure_place(session, address, now), with_for_update=True)
    if row is not None and row.error != error:
        row.failing_since = (row.failing_since or now) if error else None
        row.error = error
        session.add(row)


def add_object(session: Session, place_id: int, key: str, size: int, now: datetime) -> int:
    """Write down an object that is about to be written; its id."""
    row = LogObjectRow(place_id=place_id, key=key, size=size, created_at=now)
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def move_out(session: Session, log: Unmoved, object_id: int, spans: Mapping[int, Span]) -> bool:
    """Let this log's lines lie in that object, by the ids of their chunks.

    False when it is another log by now, was moved by somebody else, or took so long that the object is doomed.
    """
    row = lock(session, log.log_id)
    here = session.get(LogObjectRow, object_id, with_for_update=True, populate_existing=True)
    if row is None or here is None or here.doomed_at is not None or not _is_same(session, row, log, spans):
        return False
    known = get(session, log.log_id)
    row.cause_text = cause_text(session, known) if known is not None and known.cause else None
    row.object_id = object_id
    session.add(row)
    moved = [
        {"chunk": id, "at": span.starts_at, "bytes": span.length, "adler": span.checksum} for id, span in spans.items()
    ]
    set_outside = sa.update(CHUNK).where(CHUNK.c.id == sa.bindparam("chunk"))
    values = {"starts_at": sa.bindparam("at"), "length": sa.bindparam("bytes"), "checksum": sa.bindparam("adler")}
    session.connection().execute(set_outside.values(body=b"", **values), moved)
    return True


def _is_same(session: Session, row: LogRow, log: Unmoved, spans: Mapping[int, Span]) -> bool:
    as_it_was = row.state == LogState.KEPT and row.object_id is None and row.kept_at == log.kept_at
    ids = session.connection().execute(sa.select(CHUNK.c.id).where(CHUNK.c.log_id == row.id)).scalars()
    return as_it_was and set(ids) == spans.keys()


def doom(session: Session, object_id: int, now: datetime) -> None:
    """Nothing uses this object, and nothing will."""
    unused = OBJECT.c.id == object_id, ~sa.exists().where(LOG.c.object_id == OBJECT.c.id)
    session.connection().execute(sa.update(OBJECT).where(*unused).values(doomed_at=now))


def doom_unused(session: Session, after: int, now: datetime, limit: int = 2000) -> int | None:
    """Doom the objects that no log uses among the next ones by id; where to go on, None at the end.

    Whatever took their logs away: retention, a run deleted with all that is its, a log that was fetched anew.
    """
    query = sa.select(OBJECT.c.id).where(OBJECT.c.id > after).order_by(OBJECT.c.id).limit(limit)
    ids = list(session.connection().execute(query).scalars())
    if not ids:
        return None
    old = OBJECT.c.doomed_at.is_(None), OBJECT.c.created_at < now - BEING_WRITTEN
    unused = ~sa.exists().where(LOG.c.object_id == OBJECT.c.id)
    of_these = OBJECT.c.id > after, OBJECT.c.id <= ids[-1]
    session.connection().execute(sa.update(OBJECT).where(*of_these, *old, unused).values(doomed_at=now))
    return ids[-1]


def doomed(session: Session, after: int, now: datetime, limit: int = 100) -> list[Doomed]:
    """Objects to be deleted, by their ids. What was perhaps being written a moment ago is left for later."""
    query = (
        sa.select(OBJECT.c.id, OBJECT.c.place_id, PLACE.c.address, OBJECT.c.key)
        .join(PLACE, PLACE.c.id == OBJECT.c.place_id)
        .where(OBJECT.c.id > after, OBJECT.c.doomed_at.is_not(None), OBJECT.c.created_at < now - BEING_WRITTEN)
    )
    return [Doomed(*row) for row in session.connection().execute(query.order_by(OBJECT.c.id).limit(limit))]


def forget_objects(session: Session, ids: Sequence[int]) -> None:
    """They were deleted where they lay."""
    session.connection().execute(sa.delete(OBJECT).where(OBJECT.c.id.in_(ids)))
