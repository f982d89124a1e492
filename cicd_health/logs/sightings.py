"""Which lines of a log say something, and what: one quick pass by words, then one clue for each line that has any."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cicd_health.logs.clues import CLUES
from cicd_health.logs.clues.clue import Clue, clue
from cicd_health.logs.clues.exceptions import PASSED_ON
from cicd_health.logs.clues.generic import HARMLESS
from cicd_health.logs.line import plain
from cicd_health.model.logs import Line

READ = 700  # characters of a line that are looked at
TRACEBACK = 400  # lines of one traceback at most
MOST_JUDGED = 20_000  # lines with a word; of more the first and the last, half of them each
# What some tools write before each line of another's output.
PREFIX = re.compile(
    r"(?:##\[error\]|INTERNALERROR> |#\d+ (?:\d+\.\d+ )?|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d "
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?Z? +(?!- ))+"
)
ANNOTATION = clue("error of GitHub", 78, "##[error]", r"^##\[error\]", before=3, after=2)
TRACEBACK_HEAD = "Traceback (most recent call last)"
FRAME = re.compile(r'\s+File ".*", line \d+')
# The name of an exception, alone or before its message.
NAME_OF_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(?:: |:?$)")
TRACEBACK_END = clue("end of a traceback", 80, "", "", before=5, after=3, last=True)


def _tree(words: Iterable[str]) -> str:
    """A pattern for any of the words, grouped by their first letters: many times quicker than to try one by one."""
    rests: dict[str, list[str]] = {}
    for word in words:
        if not word:
            return ""
        rests.setdefault(word[0], []).append(word[1:])
    parts = [re.escape(letter) + _tree(rest) for letter, rest in rests.items()]
    return parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})"


WORDS = sorted({word for one in CLUES for word in one.words} | {"##[error]", TRACEBACK_HEAD.lower()})
# The words that hold no other word: a line without one of them has none at all.
STEMS = [word for word in WORDS if not any(other != word and other in word for other in WORDS)]
ANY = re.compile(_tree(STEMS))
EACH = re.compile(f"(?=({_tree(STEMS)}))")
BY_STEM: dict[str, list[tuple[str, int]]] = {
    stem: [(word, place) for place, one in enumerate(CLUES) for word in one.words if stem in word] for stem in STEMS
}


@dataclass(frozen=True, slots=True)
class Sighting:
    """`index` counts from 0 in the lines given. `head` is where the traceback begins that ends here."""

    index: int
    clue: Clue
    weight: int
    head: int | None = None


def readable(text: str) -> str:
    """The line as a person reads it; of a very long one the start, or what was written last after a carriage return."""
    if len(text) <= READ:
        return plain(text)
    return plain(text[:READ] if "\r" not in text else text.rstrip("\r").rpartition("\r")[2][:READ])


def look(lines: Sequence[Line]) -> list[Sighting]:
    """In the order of the lines, at most one for each."""
    found: dict[int, Sighting] = {}
    heads = []
    for index, line, lowered in _telling(lines):
        text = readable(line.text)
        seen = _judge(index, text, lowered)
        if seen is not None:
            found[index] = seen
        if TRACEBACK_HEAD in text:
            heads.append(index)
    for head in heads:
        end = _traceback_end(lines, head)
        if end is not None and (end not in found or found[end].clue.last):
            one = PASSED_ON if PASSED_ON.pattern.search(readable(lines[end].text)) else TRACEBACK_END
            found[end] = Sighting(end, one, one.weight, head=head)
    return [found[index] for index in sorted(found)]


def _telling(lines: Sequence[Line]) -> list[tuple[int, Line, str]]:
    """Those with a word of a clue: their index, and their text in lower case."""
    first: list[tuple[int, Line, str]] = []
    last: deque[tuple[int, Line, str]] = deque(maxlen=MOST_JUDGED // 2)
    for index, line in enumerate(lines):
        simple = len(line.text) <= READ and "\x1b" not in line.text  # colours may stand within words
        lowered = (line.text if simple else readable(line.text)).lower()
        if ANY.search(lowered):
            (first if len(first) < MOST_JUDGED // 2 else last).append((index, line, lowered))
    return [*first, *last]


def harmless(text: str, lowered: str) -> bool:
    return any(one.pattern.search(text) for one in HARMLESS if any(word in lowered for word in one.words))


def _judge(index: int, text: str, lowered: str) -> Sighting | None:
    annotated = text.startswith("##[error]")
    bare = PREFIX.sub("", text, count=1) if PREFIX.match(text) else text
    places = {place for stem in set(EACH.findall(lowered)) for word, place in BY_STEM[stem] if word in lowered}
    one = next((CLUES[place] for place in sorted(places) if CLUES[place].pattern.search(bare)), None)
    if one is None:
        return Sighting(index, ANNOTATION, ANNOTATION.weight) if annotated else None
    if not annotated:
        return None if harmless(bare, lowered) else Sighting(index, one, one.weight)
    if one.generic:
        return Sighting(index, one, one.weight)
    return Sighting(index, one if one.weight >= ANNOTATION.weight else ANNOTATION, max(one.weight, 76) + 2)


def _traceback_end(lines: Sequence[Line], head: int) -> int | None:
    """The first exception after a frame that stands as far left as "Traceback" does; other output may come between."""
    text = readable(lines[head].text)
    margin = text.index(TRACEBACK_HEAD)
    before, frames = text[:margin], False
    for index in range(head + 1, min(head + TRACEBACK, len(lines))):
        text = readable(lines[index].text)
        if text.startswith("##[") or TRACEBACK_HEAD in text:
            return None
        rest = text[margin:]
        frames = frames or FRAME.match(rest) is not None
        if frames and text[:margin] == before and NAME_OF_EXCEPTION.match(rest):
            return index
    return None
