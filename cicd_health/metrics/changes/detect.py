"""Where a series moved to another level and stayed there: pure, deterministic, quiet on noise.

Binary segmentation. Every place that leaves enough values on both sides is tried. The one where the sides differ most
is a change when they differ by more than chance, more than the series wanders by itself, at once rather than bit by
bit, and on like days and hours. Then each side is searched again. Durations are compared by rank (Mann and Whitney's
test), which a few runs that took twenty times as long do not move; passing and failing by the ratio of likelihoods.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import erfc, sqrt
from statistics import median_low

from cicd_health.metrics.changes.compare import Values, by_rank, by_share, centred, share, wandering

SIDE = 10  # values on each side at least
CANDIDATES = 4  # places looked at closely in one window
NEAR = 40  # values on each side of the place itself that must show the move too
NEAR_SHARE = 0.7  # of the whole move
LIKE_SHARE = 0.5  # of the whole move that like days and hours must show
HOURS = 3  # that are like each other
LEAST_S = 5.0  # that a level must move
FEW_FAILURES = 4  # below which no rate can be told from another
ROW = 2  # failures in a row that count: what stays broken is an incident, not a rate
DAY, WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Found:
    """A change between `place - 1` and `place`: levels and numbers of values since the last change and to the next.

    `confidence` is 0–1: one minus the chance of such a difference anywhere in a series without a change.
    """

    place: int
    before: float
    after: float
    n_before: int
    n_after: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Kind:
    """How values of one kind are compared. `curve` gives a standard score for each place of a stretch, from 0 to n."""

    curve: Callable[[Values], list[float]]
    level: Callable[[Values], float]
    moved: Callable[[float, float], bool]  # whether two levels differ enough to be worth saying
    score: float  # standard deviations from chance at least


def slower(values: Sequence[float], moments: Sequence[datetime]) -> list[Found]:
    """The changes of a series of durations in seconds, in order of time."""
    if not values or max(values) - min(values) < LEAST_S:
        return []
    return _Series(values, moments, DURATIONS).find()


def failing(failed: Sequence[bool], moments: Sequence[datetime]) -> list[Found]:
    """The changes of the failure rate of a series of verdicts, in order of time.

    Of failures in a row two count in looking, and all in the rates that are told.
    """
    if sum(failed) < FEW_FAILURES:
        return []
    evidence = [n for n, bad in enumerate(failed) if not (bad and n >= ROW and all(failed[n - ROW : n]))]
    values = [float(failed[n]) for n in evidence]
    found = _Series(values, [moments[n] for n in evidence], FAILURES).find()
    places = [evidence[one.place] for one in found]
    bounds = [0, *places, len(failed)]
    rates = [share(failed[start:end]) for start, end in pairwise(bounds)]
    sizes = [end - start for start, end in pairwise(bounds)]
    return [
        Found(place, rates[n], rates[n + 1], sizes[n], sizes[n + 1], found[n].confidence)
        for n, place in enumerate(places)
    ]


@dataclass(frozen=True, slots=True)
class _Series:
    values: Values
    moments: Sequence[datetime]
    kind: Kind

    def find(self) -> list[Found]:
        return list(self._confirmed(list(self._split(0, len(self.values)))))

    def _split(self, start: int, end: int) -> Iterator[int]:
        """The places of changes, in order."""
        place = self._likeliest(start, end)
        if place is not None:
            yield from self._split(start, place)
            yield place
            yield from self._split(place, end)

    def _confirmed(self, places: list[int]) -> Iterator[Found]:
        """Each once more, between its neighbours only; one that does not hold there is left out."""
        kept = list(places)
        for place in places:
            if self._score_between(kept, place) is None:
                kept.remove(place)
        for place in kept:
            score = self._score_between(kept, place) or self.kind.score
            start, end = _neighbours(kept, place, len(self.values))
            before, after = self.values[start:place], self.values[place:end]
            sure = max(0.0, 1 - len(self.values) * erfc(score / sqrt(2)))
            yield Found(place, self.kind.level(before), self.kind.level(after), len(before), len(after), sure)

    def _score_between(self, places: list[int], place: int) -> float | None:
        start, end = _neighbours(places, place, len(self.values))
        return self._score(start, place, end, self.kind.curve(self.values[start:end])[place - start])

    def _likeliest(self, start: int, end: int) -> int | None:
        """The place of the most certain change in a stretch; None when there is none."""
        tops: list[tuple[float, int, int, int]] = []
        for first, last in _windows(start, end):
            curve = self.kind.curve(self.values[first:last])
            tops += [(curve[place], first, first + place, last) for place in _peaks(curve, self.kind.score)]
        tops.sort(key=lambda top: (-abs(top[0]), top))
        for raw, first, place, last in tops:
            whole = (first, last) == (start, end)
            if self._score(first, place, last, raw) is not None and (
                whole or self._stands_out(raw, min(place - first, last - place), start, place, end)
            ):
                return place
        return None

    def _stands_out(self, raw: float, size: int, start: int, place: int, end: int) -> bool:
        """Whether what a window shows is more than the stretch around it goes to and fro all the time.

        One more change on each side is taken out first: it would look like going to and fro.
        """
        residuals = self._residuals(start, place) + self._residuals(place, end)
        return abs(raw) >= self.kind.score * sqrt(wandering(residuals, size))

    def _residuals(self, start: int, end: int) -> list[float]:
        values = self.values[start:end]
        heights = [abs(height) for height in self.kind.curve(values)]
        middle = max(range(len(heights)), key=heights.__getitem__)
        return centred(values[:middle]) + centred(values[middle:])

    def _score(self, start: int, place: int, end: int, raw: float) -> float | None:
        """How sure a change at this place is, in standard deviations; None when it is none."""
        before, after = self.values[start:place], self.values[place:end]
        if min(len(before), len(after)) < SIDE or abs(raw) < self.kind.score:
            return None
        low, high = self.kind.level(before), self.kind.level(after)
        near = self.kind.level(after[:NEAR]) - self.kind.level(before[-NEAR:])
        if not self.kind.moved(low, high) or near / (high - low) < NEAR_SHARE:
            return None
        score = abs(raw) / sqrt(wandering(centred(before) + centred(after), min(len(before), len(after))))
        if score < self.kind.score or not self._alike(start, place, end, high - low):
            return None
        return score

    def _alike(self, start: int, place: int, end: int, move: float) -> bool:
        """Whether the move is there between like days and hours too, where a side is too short to have all of them."""
        shorter = min(self.moments[place - 1] - self.moments[start], self.moments[end - 1] - self.moments[place])
        if shorter >= WEEK:
            return True
        sides: dict[tuple[bool, int], tuple[list[float], list[float]]] = {}
        for n in range(start, end):
            like = sides.setdefault(_time_of(self.moments[n], hours=shorter < DAY), ([], []))
            like[n >= place].append(self.values[n])
        level, known, moved = self.kind.level, 0, 0.0
        for before, after in sides.values():
            if weight := min(len(before), len(after)):
                known += weight
                moved += weight * (level(after) - level(before))
        return known >= SIDE // 2 and moved / known / move >= LIKE_SHARE


def _neighbours(places: list[int], place: int, size: int) -> tuple[int, int]:
    at = places.index(place)
    return places[at - 1] if at else 0, places[at + 1] if at + 1 < len(places) else size


def _time_of(moment: datetime, *, hours: bool) -> tuple[bool, int]:
    """What runs at like times have in common: the end of the week or not, and the part of the day."""
    return moment.weekday() >= 5, moment.hour // HOURS if hours else 0


def _windows(start: int, end: int) -> Iterator[tuple[int, int]]:
    """A stretch whole, in halves that overlap, in quarters and so on: two changes may hide each other in the whole."""
    size = end - start
    if size >= 2 * SIDE:
        yield start, end
    while (size := size // 2) >= 4 * SIDE:
        yield from ((first, first + size) for first in range(start, end - size + 1, size // 2))


def _peaks(curve: list[float], least: float) -> Iterator[int]:
    """The highest places of the curve, some values apart from each other."""
    places = [place for place in range(SIDE, len(curve) - SIDE) if abs(curve[place]) >= least]
    taken: list[int] = []
    for place in sorted(places, key=lambda place: -abs(curve[place])):
        if len(taken) < CANDIDATES and all(abs(place - other) >= SIDE for other in taken):
            taken.append(place)
            yield place


def _longer(before: float, after: float) -> bool:
    """By a tenth, and by 5 seconds."""
    low, high = sorted((before, after))
    return high - low >= LEAST_S and high >= 1.1 * low


def _oftener(before: float, after: float) -> bool:
    """By 5 points."""
    return abs(after - before) >= 0.05


DURATIONS = Kind(curve=by_rank, level=median_low, moved=_longer, score=4.5)
FAILURES = Kind(curve=by_share, level=share, moved=_oftener, score=4.5)
