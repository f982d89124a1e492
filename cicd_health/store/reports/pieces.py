"""Sums that nobody changes any more, and what they come to together: added up once while they stay the same."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cicd_health.model.tally import Measured, Row, Seconds, Tally
from cicd_health.store.reports.memory import Memory

# In bins, each of about 60 bytes: what is read of ten million runs for windows of 90 days takes two fifths of it.
MEMORY = Memory(room=1_000_000)
A_PIECE = 20  # what a piece weighs beside its bins
A_REFERENCE = 2


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A Tally that stays as it is. It equals only itself, so that what was made of it can be found by it."""

    tally: Tally


Pieces = Mapping[Any, Piece]  # by what it is the sum of: an id, or a label
NOTHING: Pieces = {}
NONE_EXACTLY, NONE = Piece(Tally.exactly()), Piece(Tally())


def remembered(memory: Memory, key: Hashable, make: Callable[[], Any], weigh: Callable[[Any], int]) -> Any:
    """What is kept under the key, else made now and kept."""
    found = memory.get(key)
    if found is None:
        found = make()
        memory.keep(key, found, weigh(found))
    return found


def decoded(text: str) -> Piece:
    """The piece of a kept text; the same piece for the same text."""
    return remembered(MEMORY, ("text", text), lambda: Piece(Tally.from_text(text)), weight)


def counted(rows: tuple[Row, ...], *, exact: bool) -> Piece:
    """The piece of rows; the same piece for equal rows."""
    key = "rows", exact, rows
    return remembered(
        MEMORY, key, lambda: Piece(Tally.counting(rows, exact=exact)), lambda piece: weight(piece) + len(rows)
    )


def joined(pieces: Iterable[Piece], without: Iterable[Piece] = (), *, exact: bool = False) -> Piece:
    """All of them together, less those that are taken away; the same piece for the same pieces.

    `exact` says what nothing is: no values, or an empty histogram.
    """
    plus, minus = tuple(pieces), tuple(without)
    if not plus and not minus:
        return NONE_EXACTLY if exact else NONE
    if len(plus) == 1 and not minus:
        return plus[0]
    return remembered(MEMORY, (plus, minus), lambda: _join(plus, minus), weight)


def joined_by_key(parts: Iterable[Pieces], without: Iterable[Pieces] = ()) -> Pieces:
    """The same, key by key."""
    plus, minus = _by_key(parts), _by_key(without)
    return {key: joined(of_key, minus.get(key, ())) for key, of_key in plus.items()}


def _by_key(parts: Iterable[Pieces]) -> dict[Any, list[Piece]]:
    pieces: dict[Any, list[Piece]] = {}
    for part in parts:
        for key, piece in part.items():
            pieces.setdefault(key, []).append(piece)
    return pieces


def _join(plus: tuple[Piece, ...], minus: tuple[Piece, ...]) -> Piece:
    exact = bool(plus) and plus[0].tally.queue.exact
    total = Tally.exactly() if exact else Tally()
    for piece in sorted(plus, key=weight, reverse=True):  # the first is copied, the others are added bin by bin
        total.merge(piece.tally)
    for piece in minus:
        total.merge(piece.tally, -1)
    return Piece(total)


def weight(piece: Piece) -> int:
    tally = piece.tally
    return A_PIECE + sum(_size(one) for one in (tally.passed, tally.failed, tally.queue, tally.restored))


def weight_of_references(pieces: Pieces) -> int:
    """Of pieces that are kept elsewhere too."""
    return A_PIECE + A_REFERENCE * len(pieces)


def weight_of_pieces(pieces: Pieces) -> int:
    return A_PIECE + sum(weight(piece) for piece in pieces.values())


def _size(measured: Measured) -> int:
    return len(measured.bins) if isinstance(measured, Seconds) else len(measured.values)
