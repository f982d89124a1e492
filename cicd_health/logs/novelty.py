"""The lines of a log that say something no line of another log says."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

from cicd_health.logs.line import plain
from cicd_health.logs.signature import pattern
from cicd_health.model.logs import Line

# Numbers that tell nothing apart. Three digits may be a status of HTTP, and digits after a letter a compiler's message.
DIGITS = re.compile(r"(?<![A-Za-z0-9])(?:\d{1,2}|\d{4,})(?!\d)")


def new_lines(lines: Iterable[Line], others: Iterable[Line], most: int = sys.maxsize) -> tuple[int, ...]:
    """The numbers of the lines that say something no line of the other log says: numbers, times and paths aside.

    Of more than `most` the first.
    """
    # Most lines differ in numbers only, if at all: that is seen quickly, the pattern of a line takes long.
    known = {_without_numbers(plain(line.text).strip()) for line in others}
    patterns: set[str] | None = None
    judged: dict[str, bool] = {}
    found: list[int] = []
    for line in lines:
        text = _without_numbers(plain(line.text).strip())
        if not text or text in known:
            continue
        if text not in judged:
            if patterns is None:
                patterns = {pattern(other) for other in known}
            judged[text] = pattern(text) not in patterns
        if judged[text]:
            found.append(line.number)
            if len(found) >= most:
                break
    return tuple(found)


def _without_numbers(text: str) -> str:
    return DIGITS.sub("0", text)
