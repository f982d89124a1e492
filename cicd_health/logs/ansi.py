"""Colours of a log line as names: `\\x1b[31mno\\x1b[0m` is the text "no", red. Other escapes are left out.

The names are few, so that a page can give each a colour that can be read on its ground: black red green yellow blue
magenta cyan white, the same behind the text as `on-red`, and bold dim italic underline strike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from cicd_health.logs.line import CONTROLS, ESCAPES

COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
SGR = re.compile(r"(?:\x1b\[|\x9b)([\d;:]*)m")
MOST_SPANS = 100  # of one line: a bomb of colours is shown without them from there on
MOST_CHANGES = 200  # of style in one line
LONGEST_CHANGE = 100  # characters
ATTRIBUTES = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 9: "strike"}
ENDS = {22: ("bold", "dim"), 23: ("italic",), 24: ("underline",), 29: ("strike",)}
GREY_BELOW = 40  # difference of the strongest and the weakest channel of a colour that has no hue


class Style(NamedTuple):
    """What holds at one place of a log; `text` and `ground` are colours or empty."""

    text: str = ""
    ground: str = ""
    attributes: frozenset[str] = frozenset()
    reverse: bool = False

    @property
    def names(self) -> str:
        """The names, parted by spaces: `red on-black bold`; what is reversed without a colour is `reversed on-ink`."""
        text, ground = self.text, self.ground
        if self.reverse:
            text, ground = ("", self.text) if self.text else ("reversed", "ink")
        return " ".join(part for part in (text, ground and f"on-{ground}", *sorted(self.attributes)) if part)


PLAIN = Style()


class Span(NamedTuple):
    """A stretch of one line; `style` is `Style.names`, empty for the usual text."""

    text: str
    style: str = ""


def spans(line: str, style: Style = PLAIN) -> tuple[tuple[Span, ...], Style]:
    """A line as stretches of one style each, beginning in the style the line before ended in; and how this one ends."""
    if "\x1b" not in line and "\x9b" not in line:
        return _joined([(CONTROLS.sub("", line), style)]), style
    parts: list[tuple[str, Style]] = []
    at = 0
    for found in _changes(line):
        parts.append((_bare(line[at : found.start()]), style))
        style, at = _after(style, found[1][:LONGEST_CHANGE]), found.end()
    parts.append((_bare(line[at:]), style))
    return _joined(parts), style


def style_after(lines: Iterable[str], style: Style = PLAIN) -> Style:
    """The style in which these lines end."""
    for line in lines:
        for found in _changes(line) if "\x1b[" in line or "\x9b" in line else ():
            style = _after(style, found[1][:LONGEST_CHANGE])
    return style


def _changes(line: str) -> Iterator[re.Match[str]]:
    return islice(SGR.finditer(line), MOST_CHANGES)


def _bare(text: str) -> str:
    return CONTROLS.sub("", ESCAPES.sub("", text))


def _joined(parts: list[tuple[str, Style]]) -> tuple[Span, ...]:
    """Neighbours of one style in one span."""
    joined: list[Span] = []
    for text, style in parts:
        if not text:
            continue
        names = style.names
        if len(joined) >= MOST_SPANS:
            names = joined[-1].style
        if joined and joined[-1].style == names:
            joined[-1] = Span(joined[-1].text + text, names)
        else:
            joined.append(Span(text, names))
    return tuple(joined)


@lru_cache(maxsize=2_000)
def _after(style: Style, codes: str) -> Style:
    """The style after one `ESC[…m`. Unknown codes change nothing."""
    numbers = [int(code[:6]) if code else 0 for code in codes.replace(":", ";").split(";")]
    place = 0
    while place < len(numbers):
        code = numbers[place]
        if code in (38, 48):
            colour, used = _extended(numbers[place + 1 :])
            style = style._replace(text=colour) if code == 38 else style._replace(ground=colour)
            place += used
        else:
            style = _single(style, code)
        place += 1
    return style


def _single(style: Style, code: int) -> Style:
    if code == 0:
        return PLAIN
    if code in ATTRIBUTES:
        return style._replace(attributes=style.attributes | {ATTRIBUTES[code]})
    if code in ENDS:
        return style._replace(attributes=style.attributes - set(ENDS[code]))
    if code in (7, 27):
        return style._replace(reverse=code == 7)
    if code in (39, 49):
        return style._replace(text="") if code == 39 else style._replace(ground="")
    if 30 <= code <= 37 or 90 <= code <= 97:
        return style._replace(text=_basic(code % 10, bright=code >= 90))
    if 40 <= code <= 47 or 100 <= code <= 107:
        return style._replace(ground=_basic(code % 10, bright=code >= 100))
    return style


def _basic(number: int, *, bright: bool) -> str:
    """Bright black is the usual way to write grey; any other bright colour is that colour."""
    return "grey" if bright and number == 0 else COLOURS[number]


def _extended(numbers: list[int]) -> tuple[str, int]:
    """The nearest of our colours for `5;N` or `2;R;G;B`, and how many numbers that took."""
    if len(numbers) >= 2 and numbers[0] == 5:
        return _of_256(numbers[1]), 2
    if len(numbers) >= 4 and numbers[0] == 2:
        return _nearest(*numbers[1:4]), 4
    return "", len(numbers)


def _of_256(number: int) -> str:
    """Source: https://en.wikipedia.org/wiki/ANSI_escape_code#8-bit"""
    if number < 16:
        return _basic(number % 8, bright=number >= 8)
    if number >= 232:
        level = 8 + 10 * min(number - 232, 23)
        return _nearest(level, level, level)
    red, green, blue = ((number - 16) // 36, (number - 16) // 6 % 6, (number - 16) % 6)
    return _nearest(*(55 + 40 * part if part else 0 for part in (red, green, blue)))


def _nearest(red: int, green: int, blue: int) -> str:
    strongest, weakest = max(red, green, blue), min(red, green, blue)
    if strongest - weakest < GREY_BELOW:
        return "black" if strongest < 64 else "grey" if strongest < 160 else "white"
    half = (strongest + weakest) / 2
    return COLOURS[(red > half) + 2 * (green > half) + 4 * (blue > half)]
