"""Text as it is searched: without colours, time stamps and upper case, and the words in it.

A word is a run of letters and digits. What is indexed is made of a–z and 0–9 alone, whatever the alphabet, so that no
database takes it apart again: other letters are spelled out by their number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cicd_health.logs.line import plain

WORD = re.compile(r"[^\W_]+")
LONGEST_WORD = 40
MOST_WORDS = 20  # of what is searched for; the text itself decides in the end
SHORTEST_QUERY = 3


def fold(text: str) -> str:
    """Upper and lower case made the same."""
    return text.casefold()


def folded(lines: Sequence[str]) -> str:
    """These lines as they are searched, one per line."""
    return "\n".join(fold(plain(line)) for line in lines)


def words(text: str) -> list[str]:
    """The words of a folded text as they are indexed, in order."""
    return [_spelled(word[:LONGEST_WORD]) for word in WORD.findall(text)]


def _spelled(word: str) -> str:
    return word if word.isascii() else "".join(c if c.isascii() else f"u{ord(c):x}z" for c in word)


def searched(q: str) -> list[str]:
    """The words that a place of this text must have, the last of them perhaps as the beginning of one.

    Empty when the text is too short to be looked for in all logs, or has no word in it.
    """
    return words(fold(q))[:MOST_WORDS] if len(q.strip()) >= SHORTEST_QUERY else []


def places(text: str, q: str) -> Iterator[int]:
    """Where a folded text has the folded `q`, overlaps left out."""
    at = text.find(q) if q else -1
    while at >= 0:
        yield at
        at = text.find(q, at + len(q))


def places_at_words(text: str, q: str) -> Iterator[int]:
    """Those places where `q` begins with a word of the text, or with no letter or digit."""
    at = text.find(q) if q else -1
    while at >= 0:
        if at == 0 or not (q[0].isalnum() and text[at - 1].isalnum()):
            yield at
        at = text.find(q, at + 1)
