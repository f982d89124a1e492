"""Logs: what is kept of one, what is marked in it, and the lines that say why a job failed. Lines count from 1."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class LogState(StrEnum):
    """Of a job, or of a run without jobs. Stored: never rename a value."""

    NONE = "none"  # nobody asked for it
    PENDING = "pending"  # being fetched, or followed while the build runs
    KEPT = "kept"
    GONE = "gone"  # the provider has it no more


class MarkKind(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it came, without its line end: colours and time stamps are still in it."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """About 64 kB of a log's lines, in UTF-8, zlib-compressed. `size` is before compression.

    Each line ends with a line feed; the very last one has none while it may still go on.
    """

    first_line: int
    lines: int
    size: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Piece:
    """A block as it is kept: with its body, or with where that lies outside the database.

    There it is `length` bytes, from `starts_at` on, of the object `key` in the log store at `place`; `checksum` is the
    Adler-32 of its text.
    """

    id: int
    first_line: int
    lines: int
    size: int
    body: bytes
    place: str | None = None
    key: str | None = None
    starts_at: int = 0
    length: int = 0
    checksum: int = 0


@dataclass(frozen=True, slots=True)
class Packed:
    """A whole log in blocks, head and tail of it when it was too long: see `Log` for the words."""

    blocks: tuple[Block, ...]
    lines: int
    size: int
    cut_after: int | None = None
    cut_lines: int = 0
    cut_size: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """A line that a reader may want to jump to."""

    line: int
    kind: MarkKind


@dataclass(frozen=True, slots=True)
class Fold:
    """Lines that belong together and can be folded: first is the heading, last is included. Folds do not overlap."""

    first: int
    last: int
    name: str
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The lines that say why a job failed: at most 30 with the gaps, and 20,000 characters, without colours or times.

    `cause` is the number of the one line that says it best. `lines` are in order; a gap in their numbers is a gap in
    the log.
    """

    lines: tuple[Line, ...]
    cause: int

    @property
    def text(self) -> str:
        """The lines, with "…" where some were left out between them."""
        parts: list[str] = []
        before: int | None = None
        for line in self.lines:
            if before is not None and line.number != before + 1:
                parts.append("…")
            parts.append(line.text)
            before = line.number
        return "\n".join(parts)


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found in a log. The excerpt and its signature are those of a failed job only."""

    marks: tuple[Mark, ...] = ()
    folds: tuple[Fold, ...] = ()
    excerpt: Excerpt | None = None
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """One kept log, of a job (`job_id`) or of a run without jobs.

    `lines` counts all lines there were; `cut_lines` of them, after line `cut_after`, were not kept, for size.
    `marks` are at most some thousands; `failing` are the numbers of the excerpt's lines, `cause` is the first to show.
    """

    id: int
    run_id: int
    job_id: int | None
    attempt: int
    state: LogState
    complete: bool  # False while a running build is followed
    lines: int
    size: int  # bytes as the provider has it
    cut_after: int | None
    cut_lines: int
    cut_size: int
    marks: tuple[Mark, ...]
    folds: tuple[Fold, ...]
    failing: tuple[int, ...]
    cause: int | None
    error: str | None  # why it could not be fetched so far
    kept_at: datetime | None
