"""Bytes of a log, as they come, to blocks of clean lines; of a log that is too long, head and tail."""

from __future__ import annotations

import codecs
from collections import deque
from dataclasses import dataclass

from cicd_health.logs.packing import pack
from cicd_health.model.logs import Block, Packed

BLOCK_SIZE = 64 * 1024
SLICE = 16 * 1024  # bytes taken at once; no line but an open one is longer
LONGEST_LINE = 16 * 1024  # characters
BLOCK_LINES = 4_000  # a block of so many is closed: whoever reads one line takes its whole block apart
MOST_LINES = 800_000  # kept of one log: a browser scrolls through no more, at 20 px each
# Control characters but tab, line feed, carriage return, escape, and the bell, which ends the escape of a link or a
# title: without it the rest of the line would be taken for that. PostgreSQL refuses NUL in a text.
REMOVED = bytes({*range(0x20), 0x7F} - {0x07, 0x09, 0x0A, 0x0D, 0x1B})
ASCII = b"az AZ 09\t\r\n\x1b[0m +AGE- xn--a \\n\\x41 \\u0041 ~{"


@dataclass(frozen=True, slots=True)
class _Part:
    """A block that may yet be cut out, so that compressing it might be for nothing."""

    first_line: int
    lines: int
    text: bytes


def weight(size: int, lines: int, max_bytes: int) -> int:
    """What a part of a log counts of `max_bytes`: its bytes, and more where lines are so short that they are many."""
    return max(size, lines * max_bytes // MOST_LINES)


class Intake:
    """Takes a log in. Holds at most `max_bytes` of it, however long it is.

    `begun` is the text of the block that ends so far a log that is read on; it starts at `first_line`.
    """

    def __init__(self, max_bytes: int, charset: str = "utf-8", *, first_line: int = 1, begun: str = "") -> None:
        self.size = 0
        self.lines = first_line - 1
        self._max = max_bytes
        self._block_size = min(BLOCK_SIZE, max(max_bytes // 8, 1))
        self._slice = min(SLICE, self._block_size)
        self._decoder = codecs.getincrementaldecoder(_known(charset))("replace")
        self._at_start = first_line == 1 and not begun
        self._line, self._lost = "", 0  # the line that has not ended, and how much of it was dropped
        self._texts: list[str] = []  # of the block that is being filled
        self._texts_lines = self._texts_size = 0
        self._head: list[Block] = []
        self._head_size = 0
        self._tail: deque[_Part] = deque()
        self._tail_size = 0
        self._cut_after: int | None = None
        self._cut_lines = self._cut_size = 0
        self._take(begun)

    def feed(self, chunk: bytes) -> None:
        self.size += len(chunk)
        for start in range(0, len(chunk), self._slice):
            self._take(self._decoder.decode(chunk[start : start + self._slice].translate(None, REMOVED)))

    def finish(self, *, ended: bool = True) -> Packed:
        """What is kept. With `ended` false the last line stays open: more of it may come."""
        self._take(self._decoder.decode(b"", True))
        if self._line or self._lost:
            if ended:
                self._add([self._close_line()])
            else:
                self._fill(self._line, 1)
        if self._texts:
            self._close_block()
        blocks = [*self._head]
        while self._tail:  # let go of each part as soon as it is packed
            part = self._tail.popleft()
            blocks.append(pack(part.first_line, part.lines, part.text))
        cut = self._cut_after, self._cut_lines, self._cut_size
        return Packed(tuple(blocks), self.lines, self.size, *cut)

    def _take(self, text: str) -> None:
        if self._at_start and text:
            self._at_start, text = False, text.removeprefix("\ufeff")
        first, *others = text.split("\n")
        self._go_on(first)
        if not others:
            return
        ended = [self._close_line()]
        self._line = others.pop()
        ended += [line.rstrip("\r") for line in others] if "\r" in text else others
        self._add(ended)

    def _go_on(self, text: str) -> None:
        """More of the open line. What a carriage return let be written over goes first when it gets too long."""
        self._line += text
        if len(self._line) <= LONGEST_LINE:
            return
        before, written_over, _ = self._line.rstrip("\r").rpartition("\r")
        if written_over:
            self._line, self._lost = self._line[len(before) + 1 :], 0
        self._lost += max(0, len(self._line) - LONGEST_LINE)
        self._line = self._line[:LONGEST_LINE]

    def _close_line(self) -> str:
        line = self._line.rstrip("\r")
        if self._lost:
            line += f"… [{self._lost:,} more characters cut]"
        self._line, self._lost = "", 0
        return line

    def _add(self, lines: list[str]) -> None:
        self._fill("\n".join(lines) + "\n", len(lines))
        if self._texts_size >= self._block_size or self._texts_lines >= BLOCK_LINES:
            self._close_block()

    def _fill(self, text: str, lines: int) -> None:
        self._texts.append(text)
        self._texts_lines += lines
        self._texts_size += len(text)

    def _close_block(self) -> None:
        text = "".join(self._texts).encode("utf-8", "replace")
        part = _Part(self.lines + 1, self._texts_lines, text)
        self.lines += part.lines
        self._texts, self._texts_lines, self._texts_size = [], 0, 0
        if not self._tail and self._head_size < self._max // 2:
            self._head.append(pack(part.first_line, part.lines, part.text))
            self._head_size += self._weight(part)
            return
        self._tail.append(part)
        self._tail_size += self._weight(part)
        while self._tail_size > self._max - self._head_size and len(self._tail) > 1:
            self._cut(self._tail.popleft())

    def _cut(self, part: _Part) -> None:
        if self._cut_after is None:
            self._cut_after = part.first_line - 1
        self._cut_lines += part.lines
        self._cut_size += len(part.text)
        self._tail_size -= self._weight(part)

    def _weight(self, part: _Part) -> int:
        return weight(len(part.text), part.lines, self._max)


def _known(charset: str) -> str:
    """The name of a charset that we can read and in which ASCII is ASCII, else UTF-8."""
    try:
        read = codecs.getincrementaldecoder(charset)("replace").decode(ASCII, True)
    except (LookupError, ValueError, AssertionError):
        return "utf-8"
    return charset if read == ASCII.decode("ascii") else "utf-8"
