"""Keeping logs: chunks and their words in one transaction, what is known of a log, and forgetting.

Writing a large log takes seconds. Its row is locked all the while, its run's only at the end, as webhooks wait for
that one; whoever holds a run never waits for a log.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from cicd_health.logs import words
from cicd_health.logs.intake import weight
from cicd_health.logs.packing import texts_of
from cicd_health.model.logs import Block, Excerpt, Findings, LogState, Packed
from cicd_health.model.runs import FAILED
from cicd_health.store.logs.pieces import CHUNK
from cicd_health.store.logs.reading import last_chunk, packed
from cicd_health.store.tables import LogChunkRow, LogRow

RUN, JOB = (SQLModel.metadata.tables[name] for name in ("runs", "jobs"))
INSERT = sa.insert(CHUNK).returning(CHUNK.c.id, CHUNK.c.seq)
WORDS = {
    "postgresql": sa.text(
        "INSERT INTO log_words (chunk_id, words) VALUES (:id, array_to_tsvector(CAST(:words AS text[])))"
    ),
    "sqlite": sa.text("INSERT INTO log_words (rowid, words) VALUES (:id, :words)"),
}
FAILED_OUTCOMES = sorted(outcome.value for outcome in FAILED)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A block, and its words for the index."""

    block: Block
    words: tuple[str, ...]


def prepare(blocks: Sequence[Block]) -> list[Chunk]:
    """What is slow about keeping a log, to be done outside the transaction: 75 ms a megabyte."""
    return [Chunk(block, tuple(sorted(set(words.words(words.folded(texts_of(block.body))))))) for block in blocks]


def keep(
    session: Session,
    log_id: int,
    log: Packed,
    chunks: Sequence[Chunk],
    findings: Findings,
    now: datetime,
    *,
    position: int,
) -> LogRow | None:
    """Keep a log in the place of what was kept of it before; None when its run is gone.

    `position` is how far it was read, 0 for one that was posted.
    """
    row = lock(session, log_id)
    if row is None:
        return None
    session.connection().execute(sa.delete(CHUNK).where(CHUNK.c.log_id == log_id))
    _insert(session, log_id, chunks, first_seq=1)
    row.object_id, row.cause_text = None, None  # what was outside of it is used no more
    row.lines, row.size, row.position = log.lines, log.size, position
    row.cut_after, row.cut_lines, row.cut_size = log.cut_after, log.cut_lines, log.cut_size
    row.state, row.complete, row.kept_at = LogState.KEPT.value, True, now
    if position:  # what was posted ends no wish for the whole
        row.error, row.next_try_at, row.tries = None, None, 0
    lock_runs(session, [row.run_id])
    note_findings(session, row, findings)
    show_state(session, row)
    return row


def append(
    session: Session,
    row: LogRow,
    log: Packed,
    chunks: Sequence[Chunk],
    now: datetime,
    *,
    position: int,
    max_size: int,
    replacing: LogChunkRow | None,
) -> None:
    """Add what a running build wrote since; `replacing` is the last chunk so far, when `log` begins with its text.

    Of a log that grows too long the head and the latest lines stay. The row must be locked.
    """
    assert row.id is not None
    last = last_chunk(session, row.id)
    if replacing is not None:
        session.connection().execute(sa.delete(CHUNK).where(CHUNK.c.id == replacing.id))
    _insert(session, row.id, chunks, first_seq=last.seq + 1 if last else 1)
    row.lines, row.position, row.size = log.lines, position, row.size + log.size
    row.cut_size += log.cut_size
    _fit(session, row, max_size)
    row.tries = 0 if log.size else row.tries + 1
    row.error, row.kept_at, row.next_try_at = None, now, now
    session.add(row)
    session.flush()


def note_silence(session: Session, row: LogRow, now: datetime) -> None:
    """A running build wrote nothing since. The row must be locked."""
    row.tries, row.error, row.next_try_at = row.tries + 1, None, now
    session.add(row)


def _fit(session: Session, row: LogRow, max_size: int) -> None:
    """Drop chunks from the middle until the rest is not too long, and note what is missing."""
    columns = CHUNK.c.id, CHUNK.c.first_line, CHUNK.c.lines, CHUNK.c.size
    query = sa.select(*columns).where(CHUNK.c.log_id == row.id).order_by(CHUNK.c.seq)
    chunks = session.connection().execute(query).all()
    weights = [weight(chunk.size, chunk.lines, max_size) for chunk in chunks]
    end, used = 0, 0  # the head: up to half of the size, or to the first gap
    while end < len(chunks) and used < max_size // 2 and (not end or _follow(chunks[end - 1], chunks[end])):
        used += weights[end]
        end += 1
    start = len(chunks)  # the tail: as much as fits, back to the last gap
    while start > end and (start == len(chunks) or _follow(chunks[start - 1], chunks[start])):
        if used + weights[start - 1] > max_size and start < len(chunks):
            break
        used += weights[start - 1]
        start -= 1
    if dropped := chunks[end:start]:
        session.connection().execute(sa.delete(CHUNK).where(CHUNK.c.id.in_([chunk.id for chunk in dropped])))
        row.cut_size += sum(chunk.size for chunk in dropped)
    row.cut_lines = row.lines - sum(chunk.lines for chunk in (*chunks[:end], *chunks[start:]))
    if row.cut_lines:
        row.cut_after = chunks[end - 1].first_line + chunks[end - 1].lines - 1 if end else 0


def _follow(before: sa.Row, after: sa.Row) -> bool:
    return after.first_line == before.first_line + before.lines


def _insert(session: Session, log_id: int, chunks: Sequence[Chunk], *, first_seq: int) -> None:
    if not chunks:
        return
    by_seq = dict(enumerate(chunks, first_seq))
    rows = [
        {
            "log_id": log_id,
            "seq": seq,
            "first_line": chunk.block.first_line,
            "lines": chunk.block.lines,
            "size": chunk.block.size,
            "body": chunk.block.body,
        }
        for seq, chunk in by_seq.items()
    ]
    connection = session.connection()
    made = connection.execute(INSERT, rows).all()
    dialect = connection.dialect.name
    kept = [{"id": id, "words": _words(by_seq[seq], dialect)} for id, seq in made]
    connection.execute(WORDS[dialect], kept)


def _words(chunk: Chunk, dialect: str) -> object:
    return list(chunk.words) if dialect == "postgresql" else " ".join(chunk.words)


def note_findings(session: Session, row: LogRow, findings: Findings) -> None:
    """Write down what was found in a log, with its job or run too. Both rows must be locked."""
    excerpt = findings.excerpt
    row.marks = packed([(mark.line, mark.kind.value) for mark in findings.marks])
    row.folds = packed([(fold.first, fold.last, fold.name, fold.duration_s) for fold in findings.folds])
    row.failing = json.dumps([line.number for line in excerpt.lines]) if excerpt else None
    row.cause = excerpt.cause if excerpt else None
    session.add(row)
    session.flush()
    if excerpt is not None:
        _show_excerpt(session, row, excerpt, findings.signature)


def _show_excerpt(session: Session, row: LogRow, excerpt: Excerpt, signature: str | None) -> None:
    """With its job; with its run when it is that of the last attempt's first failed job, or no job has any."""
    said = {"excerpt": excerpt.text, "signature": signature}
    connection = session.connection()
    own = sa.and_(RUN.c.id == row.run_id, RUN.c.attempt == row.attempt)
    of_first_failure = sa.and_(
        JOB.c.run_id == RUN.c.id,
        JOB.c.attempt == RUN.c.attempt,
        JOB.c.name == RUN.c.failed_job,
        JOB.c.outcome.in_(FAILED_OUTCOMES),
    )
    if row.job_id is None:
        has_excerpt = sa.exists().where(of_first_failure, JOB.c.excerpt.is_not(None))
        connection.execute(sa.update(RUN).where(own, ~has_excerpt).values(said))
        return
    connection.execute(sa.update(JOB).where(JOB.c.id == row.job_id).values(said))
    is_first_failure = sa.exists().where(of_first_failure, JOB.c.id == row.job_id)
    connection.execute(sa.update(RUN).where(own, is_first_failure).values(said))


def show_state(session: Session, row: LogRow) -> None:
    """Write the row, and let its job, or the run if this is its last attempt, say how it stands."""
    session.add(row)
    session.flush()
    lock_runs(session, [row.run_id])  # `store.runs` writes whole rows, jobs' too
    connection = session.connection()
    if row.job_id is not None:
        connection.execute(sa.update(JOB).where(JOB.c.id == row.job_id).values(log_state=row.state))
    else:
        own = RUN.c.id == row.run_id, RUN.c.attempt == row.attempt
        connection.execute(sa.update(RUN).where(*own).values(log_state=row.state))


def lock(session: Session, log_id: int) -> LogRow | None:
    """The row, held until the transaction ends; None when there is none any more."""
    return session.get(LogRow, log_id, with_for_update=True, populate_existing=True)


def lock_runs(session: Session, run_ids: Sequence[int]) -> None:
    query = sa.select(RUN.c.id).where(RUN.c.id.in_(run_ids)).order_by(RUN.c.id)
    session.connection().execute(query.with_for_update(key_share=True)).all()


def mark_gone(session: Session, log_id: int, now: datetime) -> None:
    """The provider has it no more. What is kept of it, posted or followed, stays."""
    row = lock(session, log_id)
    if row is not None:
        row.complete, row.error = True, None
        _settle(session, row, LogState.GONE, now)


def fail(session: Session, log_id: int, error: str, next_try_at: datetime | None, now: datetime) -> None:
    """Note why it could not be fetched, and when that is tried again; None: no more, unless somebody asks."""
    row = lock(session, log_id)
    if row is None:
        return
    row.error, row.next_try_at = error, next_try_at
    row.tries += 1
    if next_try_at is None:
        _settle(session, row, LogState.NONE, now)
    session.add(row)


def stop_following(session: Session, log_id: int, now: datetime) -> None:
    """Nothing came for long: read it no further until its build has ended."""
    row = lock(session, log_id)
    if row is not None:
        row.tries = 0
        _settle(session, row, LogState.NONE, now)


def _settle(session: Session, row: LogRow, without_lines: LogState, now: datetime) -> None:
    row.state = (LogState.KEPT if row.lines else without_lines).value
    row.next_try_at = None
    row.kept_at = row.kept_at or (now if row.lines else None)
    show_state(session, row)


def forget(session: Session, before: datetime, limit: int = 5) -> int:
    """Delete the lines of some logs that were kept before this moment; how many. Excerpts stay."""
    query = select(LogRow).where(LogRow.state == LogState.KEPT.value, col(LogRow.kept_at) < before)
    old = session.exec(query.order_by(col(LogRow.kept_at)).limit(limit).with_for_update(skip_locked=True)).all()
    for row in old:
        session.connection().execute(sa.delete(CHUNK).where(CHUNK.c.log_id == row.id))
    lock_runs(session, sorted({row.run_id for row in old}))
    for row in old:
        row.state, row.marks, row.folds, row.object_id = LogState.GONE.value, None, None, None
        show_state(session, row)
    return len(old)
