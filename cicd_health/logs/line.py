"""One line of a log taken apart: its time, its colours, its text."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

# Every escape sequence, not colours only: cursor moves, titles, links, Jenkins' notes (ESC[8mha:…ESC[0m).
ESCAPES = re.compile(
    r"\x1b\[8mha:[^\x1b]*\x1b\[0m"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\|$)"  # operating system command, ends with BEL or ST
    r"|\x1b[P^_X][^\x1b]*(?:\x1b\\|$)"
    r"|\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b[ -/]*[0-~]"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
# GitHub: 2026-07-29T14:40:54.4928479Z text. Jenkins' Timestamper: [2019-05-23T16:37:45.180Z] text, 19:15:58 text.
STAMP = re.compile(
    r"\ufeff?(?:\[(?P<bracketed>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)\]"
    r"|(?P<plain>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)"
    r"|(?P<clock>\d\d:\d\d:\d\d(?:\.\d{3})?))(?: |$)"
)


class Stamped(NamedTuple):
    """The time a line begins with, as written ("" for none), and what follows it."""

    stamp: str
    text: str


def strip(text: str) -> str:
    """The text without colours and other escape sequences, and without control characters except the tab."""
    if "\x1b" in text or "\x9b" in text:
        text = ESCAPES.sub("", text)
    return CONTROLS.sub("", text)


def split_stamp(text: str) -> Stamped:
    """Take the time stamp of a CI system off a line; a clock time counts as one only at the very beginning."""
    found = STAMP.match(text)
    if found is None:
        return Stamped("", text.removeprefix("\ufeff"))
    return Stamped(found["bracketed"] or found["plain"] or found["clock"], text[found.end() :])


def plain(text: str) -> str:
    """What a person reads: without time stamp and colours. After a carriage return the line was written anew."""
    bare = split_stamp(text).text
    if "\r" in bare:
        bare = next((part for part in reversed(bare.split("\r")) if part.strip()), "")
    return strip(bare)


def moment(stamp: str) -> datetime | None:
    """The moment of a full time stamp; None for a clock time."""
    if "T" not in stamp:
        return None
    whole, _, fraction = stamp.removesuffix("Z").partition(".")
    try:
        return datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}").replace(tzinfo=UTC)
    except ValueError:
        return None
