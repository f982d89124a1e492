"""Which lines of a block match what is looked for: one rule, whatever database keeps it."""

from __future__ import annotations

import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from itertools import islice

from cicd_health.logs import words
from cicd_health.logs.line import plain
from cicd_health.logs.packing import texts_of
from cicd_health.model.logs import Line, Piece

LONGEST_TEXT = 400  # of a hit's line
BEFORE_HIT = 100  # characters shown before a hit far out in a long line
CACHE_SIZE = 48 * 2**20


def anywhere(piece: Piece, body: bytes, wanted: str) -> Iterator[int]:
    """The numbers of the lines that have this folded text somewhere."""
    return (piece.first_line + index for index in _lines(_folded(piece.id, body), words.places, wanted))


def at_words(piece: Piece, body: bytes, wanted: str, most: int) -> list[Line]:
    """The first lines that have this folded text from the beginning of a word on, as they are shown among others."""
    indexes = list(islice(_lines(_folded(piece.id, body), words.places_at_words, wanted), most))
    if not indexes:
        return []
    texts = texts_of(body)
    return [Line(piece.first_line + index, _around(plain(texts[index]), wanted)) for index in indexes]


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
