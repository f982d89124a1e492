"""The failing lines of a log, the lines worth jumping to, and what can be folded. Linear in the length of the log."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from heapq import nsmallest

from cicd_health.logs.clues.clue import clue
from cicd_health.logs.clues.exceptions import EXCEPTIONS, SAID
from cicd_health.logs.clues.machine import KEYS, NETWORK
from cicd_health.logs.clues.tools import CONTAINERS, GIT
from cicd_health.logs.sightings import ANNOTATION, TRACEBACK_END, Sighting, harmless, look, readable
from cicd_health.logs.steps import AFTERWARDS, Layout, Part, folds, landmarks, layout
from cicd_health.model.logs import Excerpt, Line, Mark, MarkKind

__all__ = ["find", "folds", "marks"]

MOST_LINES = 30
MOST_CHARACTERS = 20_000
LONGEST = MOST_CHARACTERS // MOST_LINES - 2  # characters of a line; room is left for line ends and gaps
MOST_MARKS = 5_000
RANKED = 500  # sightings that are weighed against each other
LEAST = 24  # a line that says less is not shown for itself
FIRST_WINDOW = 16  # lines around the cause at most, so that others find room
LATER_WINDOW = 6
NEAR = 120  # lines
# What is worth trying again: when that is said next, the work was not over yet.
TRIED_AGAIN = {*NETWORK, *KEYS, *GIT, *CONTAINERS, *EXCEPTIONS, *SAID, ANNOTATION, TRACEBACK_END}
DIGITS = re.compile(r"\d+")
RETRY = re.compile(
    r"(?i)\bretrying\b|\bretry (?:in|after|attempt|#?\d)|will (?:retry|try again)|trying again"
    r"|(?:re)?try(?:ing)? again in"
    r"|\battempt \d+(?: of |/| failed)|\bback(?:ing)? off\b"
)
# Reports, caches and statistics: when they fail the work goes on as a rule.
BESIDES = re.compile(r"(?i)\bupload|\btelemetry|\banalytics|\bmetrics|\bs?ccache|\bcache\b|\bstorage\b|\bscribe")
STRUCTURE = re.compile(
    r"^\s*$|^##\[(?:group|endgroup|debug)\]|^\[Pipeline\]|^\s*[}\])-]+\s*$|^Finished: |^Post job cleanup"
)
TAIL = clue("last words", 46, "", "", before=7, after=0, mark=None)


def find(lines: Sequence[Line], seen: Sequence[Sighting] | None = None) -> Excerpt | None:
    """Of a failed job or build; None when the log is empty or blank. `seen` is `look(lines)`, where it is at hand."""
    if not any(line.text.strip() for line in lines):
        return None
    parts = layout(lines, landmarks(lines))
    ranked = sorted(_weigh(lines, look(lines) if seen is None else seen, parts), key=_order)
    chosen = _choose(lines, ranked)
    kept = tuple(Line(lines[at].number, _cut(readable(lines[at].text))) for at in sorted(chosen))
    return Excerpt(kept, lines[ranked[0].index].number)


def marks(lines: Sequence[Line], seen: Sequence[Sighting] | None = None) -> tuple[Mark, ...]:
    """In the order of the lines; errors before warnings where there are too many."""
    found = [(one.index, one.clue.mark) for one in (look(lines) if seen is None else seen) if one.clue.mark is not None]
    errors = [at for at, kind in found if kind is MarkKind.ERROR][:MOST_MARKS]
    warnings = [at for at, kind in found if kind is MarkKind.WARNING][: MOST_MARKS - len(errors)]
    kinds = dict.fromkeys(errors, MarkKind.ERROR) | dict.fromkeys(warnings, MarkKind.WARNING)
    return tuple(Mark(lines[at].number, kinds[at]) for at in sorted(kinds))


def _weigh(lines: Sequence[Line], seen: Sequence[Sighting], parts: Layout) -> list[Sighting]:
    """Each with what its place in the log adds to its weight or takes from it; and the last words before the end."""
    generic = [one.index for one in seen if one.clue.generic]
    total = Counter(one.clue.name for one in seen)
    before: Counter[str] = Counter()
    failed = parts.failed()
    weighed = []
    for one in seen:
        name = one.clue.name
        rank = total[name] - 1 - before[name] if one.clue.last else before[name]
        before[name] += 1
        part = parts.part(one.index)
        if one.index < part.body:
            continue
        weight = one.weight - min(2 * rank, 12) + _of_part(one, part, failed, parts)
        weight += _near(one.index, generic) + _near_end(one.index, part, parts)
        weight -= 24 if parts.aside(one.index) else 0
        weighed.append(replace(one, weight=weight))
    best = sorted(nsmallest(RANKED, weighed, key=_order), key=_index)  # in order, packed lines are read quickest
    weighed = [_read(lines, one) for one in best]
    tail = _tail(lines, parts, failed)
    if all(one.index != tail.index or one.weight < tail.weight for one in weighed):
        weighed = [one for one in weighed if one.index != tail.index] + [tail]
    return weighed


def _order(one: Sighting) -> tuple[int, int]:
    return -one.weight, one.index


def _index(one: Sighting) -> int:
    return one.index


def _read(lines: Sequence[Line], one: Sighting) -> Sighting:
    """With what its own words and the next line take from its weight."""
    weight = one.weight
    weight -= 40 if one.clue in TRIED_AGAIN and _retried(lines, one.index) else 0
    weight -= 20 if BESIDES.search(readable(lines[one.index].text)) else 0
    return replace(one, weight=weight)


def _of_part(one: Sighting, part: Part, failed: Sequence[Part], parts: Layout) -> int:
    if one.clue.anywhere:
        return 8
    if part.verdict:
        return 0
    if part.after:
        return -45
    if failed:
        if not part.failed:
            return -30
        later = part is not failed[0] and AFTERWARDS.search(part.name) is not None and not part.exits
        return -14 if later else 4 + 4 * part.exits + (3 if part is failed[-1] else 0)
    return -30 if one.index > parts.ends else 0


def _near(index: int, generic: Sequence[int]) -> int:
    """A line that only says "it failed" soon after confirms what stands before it."""
    at = bisect_left(generic, index + 1)
    return 6 if at < len(generic) and generic[at] - index <= 25 else 0


def _near_end(index: int, part: Part, parts: Layout) -> int:
    end = part.errors[-1] if part.errors else min(part.last, parts.ends)
    away = end - index
    return 6 if 0 <= away <= 15 else 3 if 0 <= away <= 60 else 0


def _retried(lines: Sequence[Line], index: int) -> bool:
    return any(RETRY.search(readable(line.text)) for line in lines[index : index + 2])


def _tail(lines: Sequence[Line], parts: Layout, failed: Sequence[Part]) -> Sighting:
    """The last line that says anything before the failed step ended, or before the log did; at worst any line."""
    part = next((part for part in reversed(failed) if part.exits), failed[-1] if failed else None)
    end = part.errors[-1] - 1 if part else parts.ends
    first = max(part.body if part else 0, end - 200)
    for at in range(end, first - 1, -1):
        text = readable(lines[at].text)
        if not STRUCTURE.search(text) and not harmless(text, text.lower()):
            return Sighting(at, TAIL, TAIL.weight)
    any_line = next((at for at in range(len(lines) - 1, -1, -1) if lines[at].text.strip()), 0)
    return Sighting(part.errors[-1] if part else any_line, TAIL, TAIL.weight)


def _choose(lines: Sequence[Line], ranked: Sequence[Sighting]) -> dict[int, int]:
    """Indexes, each with its line's number.

    Windows around the best, each later one smaller, rather near the cause, and of what was not shown already.
    """
    cause, *rest = ranked
    chosen: dict[int, int] = {}
    _add(lines, cause, chosen, FIRST_WINDOW)
    kinds = Counter([cause.clue.name])
    shapes = {one.index: _shape(lines, one) for one in sorted(rest, key=_index)}
    shown = {_shape(lines, cause)}
    while rest and _height({*chosen.values()}) <= MOST_LINES - 2:  # another window takes a line and a gap
        worths = [
            one.weight
            - 9 * kinds[one.clue.name]
            - 15 * (shapes[one.index] in shown)
            + 6 * (abs(one.index - cause.index) <= NEAR)
            for one in rest
        ]
        best = max(range(len(rest)), key=worths.__getitem__)
        if worths[best] < LEAST:
            break
        one = rest.pop(best)
        kinds[one.clue.name] += 1
        _add(lines, one, chosen, 1 if shapes[one.index] in shown else LATER_WINDOW)
        shown.add(shapes[one.index])
    return chosen


def _shape(lines: Sequence[Line], one: Sighting) -> str:
    return DIGITS.sub("0", readable(lines[one.index].text).strip())


def _add(lines: Sequence[Line], one: Sighting, chosen: dict[int, int], most: int) -> None:
    """The line itself, where its traceback begins, and then its neighbours, the nearest first."""
    before, after = one.clue.before, one.clue.after
    if chosen:
        before, after = min(before, 2), min(after, 3)
    wanted = [one.index] if one.head is None else [one.index, one.head]
    for away in range(1, max(before, after) + 1):
        wanted += [one.index + away] * (away <= after) + [one.index - away] * (away <= before)
    for at in wanted:
        if most == 0:
            return
        if 0 <= at < len(lines) and at not in chosen:
            number = lines[at].number
            if _height({*chosen.values(), number}) <= MOST_LINES:
                chosen[at] = number
                most -= 1


def _height(numbers: set[int]) -> int:
    """Lines of text, with one for each gap."""
    return len(numbers) + sum(number + 1 not in numbers for number in numbers) - 1


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
