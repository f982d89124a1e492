"""Which rows a log viewer shows, and where each stands: folded groups, gaps and lines. Plain Python, no line is read.

A log of 30,000 lines is a few stretches of one kind, so that a plan is made anew whenever something opens.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cicd_health.model.logs import Fold

LINE_PX = 20
FOLD_PX = 24
CONTEXT = 3  # lines shown before and after one that is to be seen
SHORTEST_GAP = 5  # fewer lines are shown rather than hidden
MORE = 20  # lines that "show 20 more" brings

Range = tuple[int, int]  # numbers of lines, both included


class Kind(StrEnum):
    LINES = "lines"
    FOLD = "fold"  # the heading of a group; its lines follow when it is open
    GAP = "gap"  # lines that can be shown
    CUT = "cut"  # lines that were not kept


@dataclass(frozen=True, slots=True)
class Stretch:
    kind: Kind
    first: int
    last: int
    open: bool = False
    fold: Fold | None = None

    @property
    def rows(self) -> int:
        return self.last - self.first + 1 if self.kind is Kind.LINES else 1

    @property
    def row_px(self) -> int:
        return FOLD_PX if self.kind is Kind.FOLD else LINE_PX


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a viewer asked to see. `keep` None is every line; `opened` are the first lines of the open groups."""

    keep: tuple[Range, ...] | None = None
    opened: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Place:
    """One row: its stretch, its line (a heading's own, a gap's first), and where it begins, in pixels."""

    stretch: Stretch
    line: int
    top: int


@dataclass(frozen=True, slots=True)
class Plan:
    """`tops` are where the stretches begin, in pixels; `rows_before` how many rows stand before each."""

    stretches: tuple[Stretch, ...] = ()
    tops: tuple[int, ...] = ()
    rows_before: tuple[int, ...] = ()
    height: int = 0
    rows: int = 0

    def row_at(self, pixel: int) -> int:
        """The number of the row at this height, from 0."""
        if not self.stretches:
            return 0
        place = max(0, bisect_right(self.tops, pixel) - 1)
        stretch = self.stretches[place]
        inside = max(0, pixel - self.tops[place]) // stretch.row_px
        return self.rows_before[place] + min(inside, stretch.rows - 1)

    def places(self, first: int, last: int) -> Iterator[Place]:
        """The rows from one number to another, both included; those that are not there are left out."""
        first, last = max(first, 0), min(last, self.rows - 1)
        if first > last:
            return
        index = bisect_right(self.rows_before, first) - 1
        for stretch, top, before in zip(
            self.stretches[index:], self.tops[index:], self.rows_before[index:], strict=True
        ):
            if before > last:
                return
            for inside in range(max(first - before, 0), min(last - before, stretch.rows - 1) + 1):
                yield Place(stretch, stretch.first + inside, top + inside * stretch.row_px)

    def top_of(self, line: int) -> int | None:
        """Where this line begins, in pixels; None while it is hidden."""
        index = self._index(line)
        if index is None or not self._shows(self.stretches[index], line):
            return None
        stretch = self.stretches[index]
        return self.tops[index] + (line - stretch.first) * stretch.row_px

    def has_line(self, line: int) -> bool:
        """Whether it is shown as a line, not as the heading of a group."""
        index = self._index(line)
        return index is not None and self.stretches[index].kind is Kind.LINES and self.stretches[index].last >= line

    def nearest_top(self, line: int) -> int:
        """Where this line begins, or what hides it."""
        top = self.top_of(line)
        if top is not None:
            return top
        index = self._index(line)
        return self.tops[index] if index is not None else 0

    def _index(self, line: int) -> int | None:
        index = bisect_right(self.stretches, line, key=_first) - 1
        return index if index >= 0 else None

    @staticmethod
    def _shows(stretch: Stretch, line: int) -> bool:
        if stretch.kind is Kind.LINES:
            return stretch.first <= line <= stretch.last
        return stretch.kind is Kind.FOLD and line == stretch.first


def plan(lines: int, folds: Sequence[Fold], wanted: Wanted, cut: Range | None = None) -> Plan:
    """What to show of a log with so many lines. `cut` are the lines that were not kept."""
    stretches = tuple(_stretches(lines, folds, wanted, cut))
    tops, before, height, rows = [], [], 0, 0
    for stretch in stretches:
        tops.append(height)
        before.append(rows)
        height += stretch.rows * stretch.row_px
        rows += stretch.rows
    return Plan(stretches, tuple(tops), tuple(before), height, rows)


def _stretches(lines: int, folds: Sequence[Fold], wanted: Wanted, cut: Range | None) -> Iterator[Stretch]:
    at = 1
    for fold in folds:
        if fold.first < at or fold.last > lines or fold.last <= fold.first:
            continue  # a group that makes no sense is lines
        yield from _around_cut(at, fold.first - 1, wanted, cut)
        opened = fold.first in wanted.opened
        yield Stretch(Kind.FOLD, fold.first, fold.first if opened else fold.last, opened, fold)
        if opened:
            yield from _around_cut(fold.first + 1, fold.last, wanted, cut)
        at = fold.last + 1
    yield from _around_cut(at, lines, wanted, cut)


def _around_cut(first: int, last: int, wanted: Wanted, cut: Range | None) -> Iterator[Stretch]:
    if cut is None or cut[1] < first or cut[0] > last:
        yield from _shown(first, last, wanted)
        return
    yield from _shown(first, cut[0] - 1, wanted)
    yield Stretch(Kind.CUT, max(first, cut[0]), min(last, cut[1]))
    yield from _shown(cut[1] + 1, last, wanted)


def _shown(first: int, last: int, wanted: Wanted) -> Iterator[Stretch]:
    """The lines of one stretch: those to be seen, and gaps between them."""
    if first > last:
        return
    if wanted.keep is None:
        yield Stretch(Kind.LINES, first, last)
        return
    at = first
    for start, end in _overlapping(wanted.keep, first, last):
        start, end = max(start, first), min(end, last)
        if start - at >= SHORTEST_GAP:
            yield Stretch(Kind.GAP, at, start - 1)
            at = start
        if end >= at:
            yield Stretch(Kind.LINES, at, end)
            at = end + 1
    if last - at + 1 >= SHORTEST_GAP:
        yield Stretch(Kind.GAP, at, last)
    elif at <= last:
        yield Stretch(Kind.LINES, at, last)


def _overlapping(ranges: Sequence[Range], first: int, last: int) -> Iterator[Range]:
    index = max(0, bisect_right(ranges, (first, 0)) - 1)
    for start, end in ranges[index:]:
        if start > last:
            return
        if end >= first:
            yield start, end


def _first(stretch: Stretch | Fold) -> int:
    return stretch.first


def around(numbers: Iterable[int], context: int = CONTEXT) -> tuple[Range, ...]:
    """These lines with some before and after each, as ranges in order that neither touch nor overlap."""
    return merged((max(1, number - context), number + context) for number in numbers)


def merged(ranges: Iterable[Range]) -> tuple[Range, ...]:
    joined: list[Range] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def fold_of(folds: Sequence[Fold], line: int) -> Fold | None:
    """The group that has this line, as its heading or inside."""
    index = bisect_right(folds, line, key=_first) - 1
    return folds[index] if index >= 0 and folds[index].last >= line else None


def revealed(wanted: Wanted, folds: Sequence[Fold], line: int) -> Wanted:
    """The same, with this line and a few around it in sight."""
    fold = fold_of(folds, line)
    opened = wanted.opened | {fold.first} if fold is not None and line > fold.first else wanted.opened
    keep = None if wanted.keep is None else merged([*wanted.keep, *around([line])])
    return Wanted(keep, opened)


def filled(wanted: Wanted, gap: Range, plan: Plan, *, all_of_it: bool) -> Wanted:
    """The same, with a gap shown: all of it, or the MORE lines beside those that follow it, else that go before it."""
    if wanted.keep is None:
        return wanted
    first, last = gap
    if not all_of_it and plan.has_line(last + 1):
        first = max(first, last - MORE + 1)
    elif not all_of_it:
        last = min(last, first + MORE - 1)
    return Wanted(merged([*wanted.keep, (first, last)]), wanted.opened)
