"""Lines in compressed blocks: put in, taken out, and read as one sequence without unpacking all of it."""

from __future__ import annotations

import bisect
import zlib
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import overload

from cicd_health.model.logs import Block, Line

LEVEL = 6  # 13 % of the size; more costs time and gains little


def pack(first_line: int, lines: int, text: bytes) -> Block:
    return Block(first_line, lines, len(text), zlib.compress(text, LEVEL))


def text_of(body: bytes) -> str:
    """The text of a block as it was put in, line feeds and all."""
    return zlib.decompress(body).decode("utf-8")


def texts_of(body: bytes) -> list[str]:
    """The lines of a block."""
    return text_of(body).removesuffix("\n").split("\n")


def lines_of(block: Block) -> list[Line]:
    return [Line(number, text) for number, text in enumerate(texts_of(block.body), block.first_line)]


class PackedLines(Sequence[Line]):
    """The lines of some blocks, unpacked as they are asked for: a large log never lies whole in memory.

    The index counts what was kept; where lines were cut out, the numbers of the lines jump.
    """

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._blocks = blocks
        self._starts = [0, *accumulate(block.lines for block in blocks)]
        self._at, self._open = -1, list[Line]()  # the block used last

    def __len__(self) -> int:
        return self._starts[-1]

    def __iter__(self) -> Iterator[Line]:
        for block in self._blocks:
            yield from lines_of(block)

    @overload
    def __getitem__(self, index: int) -> Line: ...

    @overload
    def __getitem__(self, index: slice) -> list[Line]: ...

    def __getitem__(self, index: int | slice) -> Line | list[Line]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        position = index + len(self) if index < 0 else index
        if not 0 <= position < len(self):
            raise IndexError(index)
        at = bisect.bisect_right(self._starts, position) - 1
        if at != self._at:
            self._at, self._open = at, lines_of(self._blocks[at])
        return self._open[position - self._starts[at]]
