"""Searching logs: one for any text, all of them for texts that begin with a word.

The index only says which chunks have the words. Which lines match is then decided in the chunk itself, by the same
rule on both databases, so that they give the same answers.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.logs import words
from cicd_health.logs.line import plain
from cicd_health.logs.packing import texts_of
from cicd_health.store.logs.reading import CHUNK, LOG

TABLES = SQLModel.metadata.tables
RUN, JOB, PIPELINE, REPO = (TABLES[name] for name in ("runs", "jobs", "pipelines", "repositories"))

MOST_IN_A_CHUNK = 20  # hits shown of about 64 kB of one log; the log itself can be searched for the others
AT_ONCE = 20  # chunks looked into per query
LONGEST_TEXT = 400  # of a hit's line
BEFORE_HIT = 100  # characters shown before a hit far out in a long line
CACHE_SIZE = 48 * 2**20

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
CHUNKS = (
    sa.select(
        CHUNK.c.id,
        CHUNK.c.first_line,
        CHUNK.c.body,
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
    .join(LOG, LOG.c.id == CHUNK.c.log_id)
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


def search(session: Session, log_id: int, q: str) -> tuple[int, ...]:
    """The numbers of all lines of a log that contain `q`, in any case; colours and time stamps are not looked at."""
    wanted = words.fold(q)
    query = sa.select(CHUNK.c.id, CHUNK.c.first_line, CHUNK.c.body).where(CHUNK.c.log_id == log_id)
    found: list[int] = []
    for id, first_line, body in session.connection().execute(query.order_by(CHUNK.c.seq)):
        found += (first_line + index for index in _lines(_folded(id, body), words.places, wanted))
    return tuple(found)


def search_all(session: Session, q: str, limit: int, before_chunk: int | None = None, *, seconds: float = 2.0) -> Found:
    """Lines of all kept logs that contain `q`, in any case, from the beginning of a word on.

    Nothing for a `q` of fewer than 3 characters or without a letter or digit. Looks for so many seconds at most, and
    says then where to go on: there may be no hits and yet a `next`.
    """
    terms, wanted = words.searched(q), words.fold(q)
    if not terms:
        return Found(())
    end = time.monotonic() + seconds
    before = LARGEST_ID if before_chunk is None else min(before_chunk, LARGEST_ID)
    hits: list[Hit] = []
    while ids := _candidates(session, terms, before):
        chunks = {row.id: row for row in session.connection().execute(CHUNKS.where(CHUNK.c.id.in_(ids)))}
        for id in ids:
            some = _hits(chunks[id], wanted, min(MOST_IN_A_CHUNK, limit)) if id in chunks else []
            if len(hits) + len(some) > limit:
                return Found(tuple(hits), before)
            hits += some
            before = id
            if time.monotonic() > end:
                return Found(tuple(hits), before)
    return Found(tuple(hits))


def _candidates(session: Session, terms: Sequence[str], before: int) -> list[int]:
    connection = session.connection()
    # The terms are made of a–z and 0–9 alone: nothing in them is a word of either query language.
    if connection.dialect.name == "postgresql":
        query = " & ".join(f"'{term}'" for term in terms) + ":*"
    else:
        query = " AND ".join(f'"{term}"' for term in terms) + " *"
    given = {"words": query, "before": before, "limit": AT_ONCE}
    return list(connection.execute(CANDIDATES[connection.dialect.name], given).scalars())


def _hits(chunk: sa.Row, wanted: str, most: int) -> list[Hit]:
    indexes = list(islice(_lines(_folded(chunk.id, chunk.body), words.places_at_words, wanted), most))
    if not indexes:
        return []
    texts = texts_of(chunk.body)
    place = {name: getattr(chunk, name) for name in Hit.__dataclass_fields__ if name not in ("line", "text")}
    return [Hit(line=chunk.first_line + i, text=_around(plain(texts[i]), wanted), **place) for i in indexes]


def _around(text: str, wanted: str) -> str:
    """The part of a long line where the hit is."""
    at = max(0, words.fold(text).find(wanted) - BEFORE_HIT) if len(text) > LONGEST_TEXT else 0
    part = text[at : at + LONGEST_TEXT]
    return ("…" if at else "") + part + ("…" if at + LONGEST_TEXT < len(text) else "")


def _lines(text: str, places: Callable[[str, str], Iterator[int]], wanted: str) -> Iterator[int]:
    """The lines of a folded text that have one of these places, each once, counted from 0."""
    if "\n" in wanted:
        return
    index, counted, last = 0, 0, -1
    for at in places(text, wanted):
        index += text.count("\n", counted, at)
        counted = at
        if index != last:
            yield index
        last = index


class FoldedTexts:
    """The folded texts of the chunks that were searched last: making one takes longer than searching it."""

    def __init__(self, size: int) -> None:
        self._size, self._used = size, 0
        self._texts: OrderedDict[tuple[int, int, int], str] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, id: int, body: bytes) -> str:
        key = id, len(body), zlib.crc32(body)  # SQLite gives the id of a deleted chunk to the next one
        with self._lock:
            if key in self._texts:
                self._texts.move_to_end(key)
                return self._texts[key]
        text = words.folded(texts_of(body))
        with self._lock:
            if key not in self._texts:
                self._texts[key] = text
                self._used += len(text)
            while self._used > self._size and len(self._texts) > 1:
                self._used -= len(self._texts.popitem(last=False)[1])
        return text


_cache = FoldedTexts(CACHE_SIZE)


def _folded(id: int, body: bytes) -> str:
    return _cache.get(id, body)
