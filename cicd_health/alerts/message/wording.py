"""Text from outside made harmless, and the few pieces of HTML that messages are made of."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import escape

from cicd_health.model.unseen import UNSEEN

WIDTH = 300  # characters of one value or line
SHORT = 100  # of one in a title
EXCERPT_LINES = 15
WRONG = re.compile(r"(?i)error|exception|fail|fatal|panic|assert|denied|not found|cannot|killed|undefined|^E ")
# What a terminal would act on: colours, titles, and every other control character but tab.
CONTROLS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f-\x9f]")

# Words by which chats (Discord, Mattermost, Rocket.Chat, Matrix) call everybody, also in plain text; and people by id.
CALLS = re.compile(r"(?i)@(?=(?:everyone|here|channel|all|room|group|team)\b)|(?<=<)@(?=[!&]?\d)")
UNHEARD = "@\u200b"


def duration(seconds: float) -> str:
    """Seconds in words, the two largest units: 42 s, 42 min, 1 h 06 min, 3 d 4 h."""
    if seconds < 60:
        return f"{int(seconds)} s"
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes:02} min"
    return f"{hours // 24} d {hours % 24} h"


def moment(at: datetime) -> str:
    """A moment in words, in UTC: 2 Mar 2026, 12:15 UTC."""
    at = at.astimezone(UTC)
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def counted(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def one_line(text: str, width: int = WIDTH) -> str:
    """Text on one line without control characters; what is too long is cut, and the cut is seen."""
    line = " ".join(CONTROLS.sub(" ", UNSEEN.sub("", text[: 4 * width])).split())
    return quiet(line if len(line) <= width else line[: width - 3].rstrip() + "...")


def quiet(text: str) -> str:
    """Text that calls nobody: a character that is not seen parts the @ from its word."""
    return CALLS.sub(UNHEARD, text)


def plain(text: str) -> str:
    return escape(one_line(text))


def code(text: str) -> str:
    return f"<code>{plain(text)}</code>"


def link(url: str | None) -> str:
    """A link that shows its address, for readers without HTML; nothing when it is no web address (`javascript:`)."""
    if not url or not re.match(r"https?://[^\s\"<>\\`]{1,800}$", url) or CONTROLS.search(url) or UNSEEN.search(url):
        return ""
    return f'<a href="{escape(url)}">{escape(url)}</a>'


def named(name: str, value: str) -> str:
    """A line of a list of facts; nothing without a value."""
    return f"<b>{name}</b> {value}" if value else ""


def paragraph(*lines: str) -> str:
    """The lines that are not empty, below each other."""
    told = "<br>\n".join(line for line in lines if line)
    return f"<p>{told}</p>\n" if told else ""


def bullets(lines: list[str], most: int) -> str:
    """A list of HTML lines, of which so many are shown."""
    if not lines:
        return ""
    more = f"<li>and {len(lines) - most:,} more</li>\n" if len(lines) > most else ""
    return "<ul>" + "".join(f"<li>{line}</li>\n" for line in lines[:most]) + more + "</ul>\n"


def excerpt(text: str | None) -> str:
    """The lines of an excerpt that say most of what is wrong; says how many there are when some are cut."""
    one_end = (text or "").replace("\r\n", "\n").replace("\r", "\n")
    clean = CONTROLS.sub("", UNSEEN.sub("", one_end)).strip("\n")
    if not clean.strip():
        return ""
    lines = clean.split("\n")
    shown = [quiet(line[:WIDTH]) for line in _telling(lines)]
    cut = f"{len(shown)} of {len(lines)} lines; the rest is on the page of the run."
    return f"<pre>{escape(chr(10).join(shown))}</pre>\n" + (paragraph(cut) if len(lines) > len(shown) else "")


def _telling(lines: list[str]) -> list[str]:
    """The stretch with the most lines that name an error, among its surroundings; the last one when none does."""
    errors = [bool(WRONG.search(line[:WIDTH])) for line in lines]
    named = {at: sum(errors[at : at + EXCERPT_LINES]) for at in range(max(1, len(lines) - EXCERPT_LINES + 1))}
    most = max(named.values())
    best = [at for at, number in named.items() if number == most]
    start = best[len(best) // 2] if most else best[-1]
    return lines[start : start + EXCERPT_LINES]
