"""Which pieces a log's lines lie in: with their bodies, or with where those are outside the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.model.logs import Piece
from cicd_health.store.tables import LogChunkRow, LogObjectRow, LogPlaceRow, LogRow

LOG, CHUNK, OBJECT, PLACE = (
    SQLModel.metadata.tables[str(row.__tablename__)] for row in (LogRow, LogChunkRow, LogObjectRow, LogPlaceRow)
)
PIECES = (
    sa.select(
        CHUNK.c.id,
        CHUNK.c.first_line,
        CHUNK.c.lines,
        CHUNK.c.size,
        CHUNK.c.body,
        CHUNK.c.starts_at,
        CHUNK.c.length,
        CHUNK.c.checksum,
        OBJECT.c.key,
        PLACE.c.address,
    )
    .select_from(CHUNK)
    .join(LOG, LOG.c.id == CHUNK.c.log_id)
    .outerjoin(OBJECT, OBJECT.c.id == LOG.c.object_id)
    .outerjoin(PLACE, PLACE.c.id == OBJECT.c.place_id)
)
SOME = 16  # pieces read at once: about a megabyte of text


def pieces(session: Session, log_id: int, first: int = 1, end: int | None = None) -> list[Piece]:
    """The pieces with the lines from number `first` up to before `end`, in order."""
    return _pieces(session, _from(log_id, first, end))


def some_pieces(session: Session, log_id: int, first: int = 1, end: int | None = None) -> list[Piece]:
    """The first of them only: to read a log a megabyte at a time."""
    return _pieces(session, _from(log_id, first, end).limit(SOME))


def piece_after(session: Session, log_id: int, line: int) -> Piece | None:
    """The first piece with a line beyond this number."""
    return next(iter(_pieces(session, _from(log_id, line + 1, None).limit(1))), None)


def pieces_holding(session: Session, log_id: int, numbers: Sequence[int]) -> list[Piece]:
    """The pieces that these lines lie in."""
    wanted, found = sorted(numbers), list[Piece]()
    while wanted:
        there = piece_after(session, log_id, wanted[0] - 1)
        if there is None:
            break
        found.append(there)
        wanted = [number for number in wanted if number >= there.first_line + there.lines]
    return found


def _from(log_id: int, first: int, end: int | None) -> sa.Select[Any]:
    query = PIECES.where(CHUNK.c.log_id == log_id, CHUNK.c.first_line + CHUNK.c.lines > first)
    if end is not None:
        query = query.where(CHUNK.c.first_line < end)
    return query.order_by(CHUNK.c.seq)


def _pieces(session: Session, query: sa.Select[Any]) -> list[Piece]:
    return [piece(row) for row in session.connection().execute(query)]


def piece(row: sa.Row) -> Piece:
    """From a row that begins with what `PIECES` selects."""
    if row.starts_at is None:
        return Piece(row.id, row.first_line, row.lines, row.size, row.body)
    outside = row.address, row.key, row.starts_at, row.length, row.checksum
    return Piece(row.id, row.first_line, row.lines, row.size, b"", *outside)
