"""Finding the chunks of all logs that have some words.

The index only says which chunks have the words. Which lines match is then decided in the chunk itself, by the same
rule on both databases, so that they give the same answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.model.logs import Piece
from cicd_health.store.logs.pieces import CHUNK, LOG, PIECES, piece

TABLES = SQLModel.metadata.tables
RUN, JOB, PIPELINE, REPO = (TABLES[name] for name in ("runs", "jobs", "pipelines", "repositories"))

AT_ONCE = 20  # chunks looked into per query

# Every word but the last is there as it is, the last as the beginning of one.
CANDIDATES = {
    "postgresql": sa.text(
        "SELECT chunk_id FROM log_words WHERE words @@ CAST(:words AS tsquery) AND chunk_id < :before "
        "ORDER BY chunk_id DESC LIMIT :limit"
    ),
    "sqlite": sa.text(
        "SELECT rowid FROM log_words WHERE log_words MATCH :words AND rowid < :before ORDER BY rowid DESC LIMIT :limit"
    ),
}
LARGEST_ID = 2**63 - 1
OF_HITS = (
    LOG.c.id.label("log_id"),
    LOG.c.run_id,
    LOG.c.job_id,
    LOG.c.attempt,
    REPO.c.name.label("repo"),
    PIPELINE.c.name.label("pipeline"),
    RUN.c.number,
    JOB.c.name.label("job"),
    sa.func.coalesce(JOB.c.outcome, RUN.c.outcome).label("outcome"),
    RUN.c.created_at,
)
CHUNKS = (
    PIECES.add_columns(*OF_HITS)
    .join(RUN, RUN.c.id == LOG.c.run_id)
    .join(PIPELINE, PIPELINE.c.id == RUN.c.pipeline_id)
    .join(REPO, REPO.c.id == RUN.c.repo_id)
    .outerjoin(JOB, JOB.c.id == LOG.c.job_id)
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A line that was looked for, and where it stands. `outcome` is the job's, else the run's."""

    log_id: int
    run_id: int
    job_id: int | None
    attempt: int
    line: int
    text: str
    repo: str
    pipeline: str
    number: int | None
    job: str | None
    outcome: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """Hits, the logs kept last first. With `next` there may be more: search on before that chunk."""

    hits: tuple[Hit, ...]
    next: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk that has the words, and a hit in it but for its line."""

    piece: Piece
    hit: Hit


@dataclass(frozen=True, slots=True)
class Candidates:
    """The next chunks, latest first; `last` is the id of the last that was looked at, None when there were none."""

    chunks: tuple[Candidate, ...]
    last: int | None


def candidates(session: Session, terms: Sequence[str], before: int = LARGEST_ID) -> Candidates:
    """Chunks with all these words, the last of them perhaps as the beginning of one."""
    ids = _ids(session, terms, min(before, LARGEST_ID))
    rows = {row.id: row for row in session.connection().execute(CHUNKS.where(CHUNK.c.id.in_(ids)))} if ids else {}
    chunks = tuple(Candidate(piece(rows[id]), _hit(rows[id])) for id in ids if id in rows)
    return Candidates(chunks, ids[-1] if ids else None)


def _hit(row: sa.Row) -> Hit:
    named = {name: getattr(row, name) for name in Hit.__dataclass_fields__ if name not in ("line", "text")}
    return Hit(line=0, text="", **named)


def _ids(session: Session, terms: Sequence[str], before: int) -> list[int]:
    connection = session.connection()
    # The terms are made of a–z and 0–9 alone: nothing in them is a word of either query language.
    if connection.dialect.name == "postgresql":
        query = " & ".join(f"'{term}'" for term in terms) + ":*"
    else:
        query = " AND ".join(f'"{term}"' for term in terms) + " *"
    given = {"words": query, "before": before, "limit": AT_ONCE}
    return list(connection.execute(CANDIDATES[connection.dialect.name], given).scalars())
