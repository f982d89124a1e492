"""What is kept of a log: its description, and any part of its lines."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from cicd_health.logs.packing import PackedLines, lines_of
from cicd_health.model.logs import Block, Fold, Line, Log, LogState, Mark, MarkKind
from cicd_health.store.tables import LogChunkRow, LogRow

LOG, CHUNK = (SQLModel.metadata.tables[name] for name in ("logs", "log_chunks"))
CHUNKS = sa.select(CHUNK.c.first_line, CHUNK.c.lines, CHUNK.c.size, CHUNK.c.body)


def key_of(run_id: int, attempt: int, job_id: int | None) -> str:
    return f"run:{run_id}:{attempt}" if job_id is None else f"job:{job_id}"


def find(session: Session, run_id: int, attempt: int, job_id: int | None = None) -> Log | None:
    """The log of a job, or of an attempt of a run; None where nothing was ever known of it."""
    row = session.exec(select(LogRow).where(LogRow.key == key_of(run_id, attempt, job_id))).one_or_none()
    return None if row is None else _log(row)


def get(session: Session, log_id: int) -> Log | None:
    row = session.get(LogRow, log_id)
    return None if row is None else _log(row)


def of_run(session: Session, run_id: int, attempt: int) -> list[Log]:
    """The logs of an attempt: its own first, then those of its jobs."""
    query = select(LogRow).where(LogRow.run_id == run_id, LogRow.attempt == attempt)
    rows = session.exec(query.order_by(col(LogRow.job_id).is_not(None), col(LogRow.job_id)))
    return [_log(row) for row in rows]


def lines(session: Session, log_id: int, first: int, count: int) -> list[Line]:
    """Lines from number `first` on, as they came; fewer than `count` at the end and where some were cut out."""
    end = first + max(count, 0)
    query = CHUNKS.where(CHUNK.c.log_id == log_id, CHUNK.c.first_line < end)
    query = query.where(CHUNK.c.first_line + CHUNK.c.lines > first).order_by(CHUNK.c.seq)
    blocks = [Block(*row) for row in session.connection().execute(query)]
    return [line for block in blocks for line in lines_of(block) if first <= line.number < end]


def all_lines(session: Session, log_id: int) -> PackedLines:
    """Every line that is kept; compressed they all lie in memory, unpacked a few at a time."""
    query = CHUNKS.where(CHUNK.c.log_id == log_id).order_by(CHUNK.c.seq)
    return PackedLines([Block(*row) for row in session.connection().execute(query)])


def chunk_after(session: Session, log_id: int, line: int) -> Block | None:
    """The first chunk with a line beyond this number: to read a log piece by piece."""
    query = CHUNKS.where(CHUNK.c.log_id == log_id, CHUNK.c.first_line + CHUNK.c.lines > line + 1)
    row = session.connection().execute(query.order_by(CHUNK.c.seq).limit(1)).one_or_none()
    return None if row is None else Block(*row)


def last_chunk(session: Session, log_id: int) -> LogChunkRow | None:
    query = select(LogChunkRow).where(LogChunkRow.log_id == log_id)
    return session.exec(query.order_by(col(LogChunkRow.seq).desc()).limit(1)).first()


def texts(session: Session, log_id: int, numbers: Sequence[int]) -> Iterator[Line]:
    """These lines, in order."""
    wanted = sorted(numbers)
    while wanted:
        block = chunk_after(session, log_id, wanted[0] - 1)
        if block is None:
            return
        here = {number for number in wanted if number < block.first_line + block.lines}
        yield from (line for line in lines_of(block) if line.number in here)
        wanted = [number for number in wanted if number not in here]


def _log(row: LogRow) -> Log:
    assert row.id is not None
    return Log(
        id=row.id,
        run_id=row.run_id,
        job_id=row.job_id,
        attempt=row.attempt,
        state=LogState(row.state),
        complete=row.complete,
        lines=row.lines,
        size=row.size,
        cut_after=row.cut_after,
        cut_lines=row.cut_lines,
        cut_size=row.cut_size,
        marks=tuple(Mark(line, MarkKind(kind)) for line, kind in unpacked(row.marks)),
        folds=tuple(Fold(*fold) for fold in unpacked(row.folds)),
        failing=tuple(json.loads(row.failing or "[]")),
        cause=row.cause,
        error=row.error,
        kept_at=row.kept_at,
    )


def packed(values: Sequence[Sequence[object]]) -> bytes | None:
    return zlib.compress(json.dumps(values).encode()) if values else None


def unpacked(stored: bytes | None) -> list[list]:
    return json.loads(zlib.decompress(stored)) if stored else []
