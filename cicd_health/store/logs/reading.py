"""What is kept of a log: its description."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence

from sqlmodel import Session, col, select

from cicd_health.logs.packing import lines_of
from cicd_health.model.logs import Block, Fold, Log, LogState, Mark, MarkKind
from cicd_health.store.logs.pieces import piece_after
from cicd_health.store.tables import LogChunkRow, LogRow


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


def last_chunk(session: Session, log_id: int) -> LogChunkRow | None:
    query = select(LogChunkRow).where(LogChunkRow.log_id == log_id)
    return session.exec(query.order_by(col(LogChunkRow.seq).desc()).limit(1)).first()


def cause_text(session: Session, log: Log) -> str:
    """The line that says best why the job failed, as it came; empty when there is none."""
    if not log.cause:
        return ""
    row = session.get(LogRow, log.id)
    if row is not None and row.cause_text is not None:
        return row.cause_text
    piece = piece_after(session, log.id, log.cause - 1)
    if piece is None or not piece.body:
        return ""
    block = Block(piece.first_line, piece.lines, piece.size, piece.body)
    return next((line.text for line in lines_of(block) if line.number == log.cause), "")


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
