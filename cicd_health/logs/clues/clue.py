"""What a clue is: a kind of line that tells why something failed, or only that it did."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cicd_health.model.logs import MarkKind


@dataclass(frozen=True, slots=True)
class Clue:
    """One kind of line. Of the clues that fit a line the first in the list counts, so the more exact stand earlier.

    `weight` says how well such a line explains a failure, 0 to 100; 0 means it says nothing at all. `words` are in
    lower case; a line without any of them is never given to `pattern`, which makes reading a long log quick.
    """

    name: str
    weight: int
    words: tuple[str, ...]
    pattern: re.Pattern[str]
    before: int = 2  # lines around it that a reader wants to see
    after: int = 4
    mark: MarkKind | None = MarkKind.ERROR
    last: bool = False  # of several the last is the one that ended the work, not the first
    anywhere: bool = False  # said by the CI system about the whole job, after the failed step too

    @property
    def generic(self) -> bool:
        """It says that something failed before it, not what."""
        return 0 < self.weight <= GENERIC


GENERIC = 20


def clue(
    name: str,
    weight: int,
    words: str,
    pattern: str,
    *,
    before: int = 2,
    after: int = 4,
    mark: MarkKind | None = MarkKind.ERROR,
    last: bool = False,
    anywhere: bool = False,
) -> Clue:
    """`words` apart by "|"."""
    return Clue(name, weight, tuple(words.split("|")), re.compile(pattern), before, after, mark, last, anywhere)
