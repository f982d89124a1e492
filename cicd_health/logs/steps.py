"""The parts of a log: which lines belong to one step or stage, which of them failed, and what comes only afterwards."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from cicd_health.logs.line import moment, split_stamp
from cicd_health.logs.sightings import READ, readable
from cicd_health.model.logs import Fold, Line

WORDS = (
    "##[group]",
    "##[endgroup]",
    "##[error]",
    "post job cleanup",
    "cleaning up orphan",
    "[pipeline]",
    "skipped due to earlier",
    "marked build as",
    "finished: ",
    "captured ",
    "warnings summary",
    "● ",
    "____",
    "====",
    "-- docs:",
    "pass ",
)
CHUNK = 2_000  # lines that are searched at once
MOST_FOLDS = 5_000
# Steps that workflows run whether or not the work before them failed.
AFTERWARDS = re.compile(
    r"(?i)upload|report|publish|artifact|cache|notify|slack|coverage|codecov|clean|teardown|summar|\bstop|dump|collect|archiv"
    r"|comment|print|show|log|status|kill|chown|check disk"
)
CAPTURED = re.compile(r"^-+ Captured (?:stdout|stderr|log)")
CAPTURED_END = re.compile(r"^(?:-+ Captured|_{3,} |={3,} )")
SUMMARY_OF_WARNINGS = re.compile(r"^={3,} warnings summary")
CONSOLE = re.compile(r"^\s*● Console")
CONSOLE_END = re.compile(r"^(?:PASS|FAIL) |^\s*● (?!Console)")
STAGE = re.compile(r"\[Pipeline\] \{ \((?P<name>.*)\)\s*$")


@dataclass(slots=True)
class Part:
    """Lines first to last, by index. `body` is where its output begins, after the echoed script."""

    first: int
    last: int
    body: int
    name: str = ""
    errors: list[int] = field(default_factory=list)
    exits: bool = False  # GitHub wrote that its process failed
    after: bool = False  # cleaning up, once the job is over
    verdict: bool = False  # what Jenkins says of the whole pipeline, at its end

    @property
    def failed(self) -> bool:
        return bool(self.errors) and not self.after


@dataclass(frozen=True, slots=True)
class Aside:
    """Lines that a test runner repeats from elsewhere: what was printed, what was only warned of."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Layout:
    parts: list[Part]
    asides: list[Aside]
    ends: int  # the line that says the work is over; what follows only tidies up
    github: bool

    def part(self, index: int) -> Part:
        return self.parts[bisect_right(self.parts, index, key=lambda part: part.first) - 1]

    def aside(self, index: int) -> bool:
        place = bisect_right(self.asides, index, key=lambda aside: aside.first) - 1
        return place >= 0 and self.asides[place].last >= index

    def failed(self) -> list[Part]:
        return [part for part in self.parts if part.failed]


@dataclass(frozen=True, slots=True)
class Landmark:
    index: int
    text: str


def landmarks(lines: Sequence[Line]) -> list[Landmark]:
    """Searched in many lines at once: they are few, and the log may be long."""
    found = []
    for start in range(0, len(lines), CHUNK):
        texts = [line.text[:READ].lower() for line in lines[start : start + CHUNK]]
        found += [Landmark(start + at, readable(lines[start + at].text)) for at in _with_words(texts)]
    return found


def _with_words(texts: list[str]) -> list[int]:
    starts = [0, *accumulate(len(text) + 1 for text in texts)]
    whole = "\n".join(texts)
    found = set()
    for word in WORDS:
        at = whole.find(word)
        while at >= 0:
            line = bisect_right(starts, at) - 1
            found.add(line)
            at = whole.find(word, starts[line + 1])
    return sorted(found)


def layout(lines: Sequence[Line], marks: Sequence[Landmark]) -> Layout:
    """Of a log that has at least one line."""
    parts = list(_parts(marks, len(lines)))
    github = any(mark.text.startswith("##[") for mark in marks)
    return Layout(parts, list(_asides(marks, len(lines))), _end(marks, len(lines)), github)


def _parts(marks: Sequence[Landmark], count: int) -> Iterator[Part]:
    part = Part(0, count - 1, 0)
    header = False
    for mark in marks:
        text, index = mark.text, mark.index
        if text.startswith("##[group]Run ") or text.startswith(("Post job cleanup", "Cleaning up orphan")):
            if index > part.first:
                part.last = index - 1
                yield part
            header = text.startswith("##[group]")
            part = Part(index, count - 1, index, text.removeprefix("##[group]Run "), after=part.after or not header)
        elif header and text.startswith("##[endgroup]"):
            header = False
            part.body = index + 1
        elif text.startswith("##[error]"):
            part.errors.append(index)
            part.exits = part.exits or "rocess completed with exit code" in text
        elif text.startswith("[Pipeline] End of Pipeline") and index > part.first:
            part.last = index - 1
            yield part
            part = Part(index, count - 1, index, verdict=True)
        elif (stage := STAGE.search(text)) and index > part.first:
            part.last = index - 1
            yield part
            part = Part(index, count - 1, index, stage["name"], after=stage["name"].endswith("Post Actions"))
    yield part


def _asides(marks: Sequence[Landmark], count: int) -> Iterator[Aside]:
    first: int | None = None
    ends = CAPTURED_END
    for mark in marks:
        if first is not None and ends.match(mark.text):
            yield Aside(first, mark.index - 1)
            first = None
        if CAPTURED.match(mark.text) or SUMMARY_OF_WARNINGS.match(mark.text):
            first, ends = mark.index, CAPTURED_END
        elif CONSOLE.match(mark.text):
            first, ends = mark.index, CONSOLE_END
    if first is not None:
        yield Aside(first, min(first + 400, count - 1))


def _end(marks: Sequence[Landmark], count: int) -> int:
    """Jenkins: the first line that speaks of the failure as past; else the last line."""
    for mark in marks:
        if "skipped due to earlier failure" in mark.text or "marked build as failure" in mark.text:
            return mark.index
    return next((mark.index for mark in reversed(marks) if mark.text.startswith("Finished: ")), count - 1)


def folds(lines: Sequence[Line]) -> tuple[Fold, ...]:
    """A heading opens one; the next heading, the end of the group or stage, and the end of the log close it.

    On GitHub the output of a step follows the group that echoes its script: both are one fold, up to the next group.
    Of very many the first are folds.
    """
    found: list[Fold] = []
    first, name, step = -1, "", False
    for mark in landmarks(lines):
        heading = _heading(mark.text)
        closes = mark.text.startswith("##[endgroup]") and not step
        leaves = mark.text.startswith(("[Pipeline] // stage", "[Pipeline] End of Pipeline"))
        if first >= 0 and (heading or closes or leaves):
            if len(found) >= MOST_FOLDS:
                return tuple(found)
            found.extend(_fold(lines, first, mark.index - 1 if heading else mark.index, name))
            first = -1
        if heading:
            first, name, step = mark.index, heading, not mark.text.startswith("##[group]") or "]Run " in mark.text
    if first >= 0:
        found.extend(_fold(lines, first, len(lines) - 1, name))
    return tuple(found)


def _heading(text: str) -> str:
    if text.startswith("##[group]"):
        return text.removeprefix("##[group]").strip() or "group"
    if text.startswith(("Post job cleanup", "Cleaning up orphan")):
        return text.strip()
    stage = STAGE.search(text)
    return stage["name"] if stage else ""


def _fold(lines: Sequence[Line], first: int, last: int, name: str) -> Iterator[Fold]:
    if last > first:
        began, ended = (moment(split_stamp(lines[at].text).stamp) for at in (first, last))
        took = (ended - began).total_seconds() if began and ended else None
        yield Fold(
            lines[first].number, lines[last].number, name[:200], took if took is not None and took >= 0 else None
        )
