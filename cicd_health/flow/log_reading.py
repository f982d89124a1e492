"""Reading logs, wherever their lines lie. No database connection is held while a log store is asked.

All of it raises LogStoreError when lines that lie outside the database cannot be read.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from cicd_health import log_store, settings
from cicd_health.log_store import ObjectBroken, ObjectGone, Place
from cicd_health.logs import matching, novelty, words
from cicd_health.logs.bundle import taken_out
from cicd_health.logs.packing import PackedLines, lines_of
from cicd_health.model.logs import Block, Line, Piece
from cicd_health.store import engine, logs
from cicd_health.store.logs import Candidate, Candidates, Found, Hit

READ_AT_ONCE = 512 * 2**10  # bytes of an object: a few megabytes of text
CACHE_SIZE = 16 * 2**20
MOST_IN_A_CHUNK = 20  # hits shown of about 64 kB of one log; the log itself can be searched for the others


def blocks_from(log_id: int, first: int = 1, end: int | None = None) -> Iterator[Block]:
    """The blocks with the lines from number `first` up to before `end`, read a megabyte at a time."""
    while True:
        with engine.reading() as session:
            some = logs.some_pieces(session, log_id, first, end)
        if not some:
            return
        yield from blocks(some)
        first = some[-1].first_line + some[-1].lines


def lines(log_id: int, first: int, count: int) -> list[Line]:
    """Lines from number `first` on, as they came; fewer than `count` at the end and where some were cut out."""
    end = first + max(count, 0)
    return [line for block in blocks_from(log_id, first, end) for line in lines_of(block) if first <= line.number < end]


def texts(log_id: int, numbers: Sequence[int]) -> Iterator[Line]:
    """These lines, in order."""
    with engine.reading() as session:
        holding = logs.pieces_holding(session, log_id, numbers)
    wanted = set(numbers)
    for block in blocks(holding):
        yield from (line for line in lines_of(block) if line.number in wanted)


def all_lines(log_id: int) -> PackedLines:
    """Every line that is kept; compressed they all lie in memory, unpacked a few at a time."""
    with engine.reading() as session:
        pieces = logs.pieces(session, log_id)
    return PackedLines(list(blocks(pieces)))


def new_lines(log_id: int, green_log_id: int, most: int) -> tuple[int, ...]:
    """The numbers of the lines that say something no line of the other log says; of more than `most` the first."""
    return novelty.new_lines(all_lines(log_id), all_lines(green_log_id), most)


def search(log_id: int, q: str) -> tuple[int, ...]:
    """The numbers of all lines of a log that contain `q`, in any case; colours and time stamps are not looked at."""
    wanted = words.fold(q)
    with engine.reading() as session:
        pieces = logs.pieces(session, log_id)
    each = zip(pieces, blocks(pieces), strict=True)
    return tuple(number for piece, block in each for number in matching.anywhere(piece, block.body, wanted))


def search_all(q: str, limit: int, before_chunk: int | None = None, *, seconds: float = 2.0) -> Found:
    """Lines of all kept logs that contain `q`, in any case, from the beginning of a word on.

    Nothing for a `q` of fewer than 3 characters or without a letter or digit. Looks for so many seconds at most, and
    says then where to go on: there may be no hits and yet a `next`.
    """
    terms, wanted = words.searched(q), words.fold(q)
    if not terms:
        return Found(())
    end, before = time.monotonic() + seconds, before_chunk
    hits: list[Hit] = []
    while (some := _candidates(terms, before)).last is not None:
        for candidate in some.chunks:
            found = _hits(candidate, wanted, min(MOST_IN_A_CHUNK, limit))
            if len(hits) + len(found) > limit:
                return Found(tuple(hits), before)
            hits += found
            before = candidate.piece.id
            if time.monotonic() > end:
                return Found(tuple(hits), before)
        before = some.last
    return Found(tuple(hits))


def _candidates(terms: Sequence[str], before: int | None) -> Candidates:
    with engine.reading() as session:
        return logs.candidates(session, terms) if before is None else logs.candidates(session, terms, before)


def _hits(candidate: Candidate, wanted: str, most: int) -> list[Hit]:
    try:
        [block] = blocks([candidate.piece])
    except (ObjectGone, ObjectBroken):  # one log that is lost must not end every search
        return []
    matches = matching.at_words(candidate.piece, block.body, wanted, most)
    return [replace(candidate.hit, line=line.number, text=line.text) for line in matches]


def blocks(pieces: Iterable[Piece]) -> Iterator[Block]:
    """The pieces with their bodies, in their order; what lies side by side in one object is read at once."""
    for together in _together(pieces):
        bodies = _bodies(together)
        for piece, body in zip(together, bodies, strict=True):
            yield Block(piece.first_line, piece.lines, piece.size, body)


def link(log_id: int, file_name: str) -> str | None:
    """An address that gives whoever has it the whole log, colours and all, for 5 minutes; None where there is none."""
    with engine.reading() as session:
        whole = logs.whole_object(session, log_id)
    return place_at(whole[0]).link(whole[1], file_name) if whole is not None else None


def place_at(address: str) -> Place:
    """The place at this address, with the key of the settings."""
    chosen = settings.get()
    return log_store.place_at(address, chosen.log_store_key_id, chosen.log_store_secret)


def _together(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """The pieces in stretches that are read at once: one from the database or the cache is a stretch of its own."""
    stretch: list[Piece] = []
    for piece in pieces:
        if stretch and not _goes_on(stretch, piece):
            yield stretch
            stretch = []
        stretch.append(piece)
    if stretch:
        yield stretch


def _goes_on(stretch: Sequence[Piece], piece: Piece) -> bool:
    last = stretch[-1]
    beside = piece.key is not None and piece.key == last.key and piece.starts_at == last.starts_at + last.length
    short = piece.starts_at + piece.length - stretch[0].starts_at <= READ_AT_ONCE
    return beside and short and not _cache.has(piece) and not _cache.has(last)


def _bodies(stretch: Sequence[Piece]) -> list[bytes]:
    first = stretch[0]
    if first.place is None or first.key is None:
        return [_own_body(piece) for piece in stretch]
    if len(stretch) == 1 and (kept := _cache.get(first)) is not None:
        return [kept]
    length = sum(piece.length for piece in stretch)
    read = place_at(first.place).read(first.key, first.starts_at, length)
    bodies = [_taken_out(piece, read, piece.starts_at - first.starts_at) for piece in stretch]
    for piece, body in zip(stretch, bodies, strict=True):
        _cache.add(piece, body)
    return bodies


def _own_body(piece: Piece) -> bytes:
    if not piece.body:
        raise ObjectGone("The lines of this log were outside the database, and nothing says where any more.")
    return piece.body


def _taken_out(piece: Piece, read: bytes, at: int) -> bytes:
    try:
        return taken_out(read[at : at + piece.length], piece.checksum)
    except zlib.error as error:
        raise ObjectBroken("The log store gave something else than what was put there.") from error


class Bodies:
    """The bodies from outside that were read last: whoever scrolls through a log asks for the same one again."""

    def __init__(self, size: int) -> None:
        self._size, self._used = size, 0
        self._bodies: OrderedDict[tuple[str | None, int], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def has(self, piece: Piece) -> bool:
        return (piece.key, piece.starts_at) in self._bodies

    def get(self, piece: Piece) -> bytes | None:
        key = piece.key, piece.starts_at
        with self._lock:
            if key in self._bodies:
                self._bodies.move_to_end(key)
            return self._bodies.get(key)

    def add(self, piece: Piece, body: bytes) -> None:
        with self._lock:
            if (piece.key, piece.starts_at) not in self._bodies:
                self._bodies[piece.key, piece.starts_at] = body
                self._used += len(body)
            while self._used > self._size:
                self._used -= len(self._bodies.popitem(last=False)[1])

    def clear(self) -> None:
        with self._lock:
            self._bodies.clear()
            self._used = 0


_cache = Bodies(CACHE_SIZE)
