"""Simulated runs of a pipeline: when they come, how long they take, and whether they fail. Seeded, in plain Python."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
USUAL_S = 240.0
DAY_S = 86_400.0

Moments = list[datetime]
Shape = Callable[[random.Random, Moments], list[float]]  # how many times the usual each run takes
Verdicts = Callable[[random.Random, int], list[bool]]  # whether each run fails


def moments(chance: random.Random, n: int, per_day: float) -> Moments:
    """Most by day, few at night, beginning anywhere in a week."""
    at_s, found = chance.uniform(0, 7 * DAY_S), []
    while len(found) < n:
        at_s += chance.expovariate(2 * per_day / DAY_S)
        if chance.random() < 0.5 - 0.45 * math.cos(2 * math.pi * at_s / DAY_S):
            found.append(MONDAY + timedelta(seconds=at_s))
    return found


def noise(spread: float) -> Shape:
    """Log-normal."""
    return lambda chance, at: [math.exp(chance.gauss(0, spread)) for _ in at]


def outliers(shape: Shape, share: float) -> Shape:
    """Some take 5 to 20 times as long."""

    def made(chance: random.Random, at: Moments) -> list[float]:
        return [x * (chance.uniform(5, 20) if chance.random() < share else 1) for x in shape(chance, at)]

    return made


def drift(shape: Shape, whole: float) -> Shape:
    """Each a little longer than the one before, by so much in the end."""
    return lambda chance, at: [x * (1 + whole * n / len(at)) for n, x in enumerate(shape(chance, at))]


def by_hour(shape: Shape, size: float) -> Shape:
    """Longer by day, shorter at night."""

    def factor(at: datetime) -> float:
        return 1 - size * math.cos(2 * math.pi * (at - MONDAY).total_seconds() / DAY_S)

    return lambda chance, at: [x * factor(one) for x, one in zip(shape(chance, at), at, strict=True)]


def by_weekday(shape: Shape, size: float) -> Shape:
    """Shorter at the end of the week."""

    def made(chance: random.Random, at: Moments) -> list[float]:
        return [x * (1 - size if one.weekday() >= 5 else 1) for x, one in zip(shape(chance, at), at, strict=True)]

    return made


def sluggish(spread: float, memory: float) -> Shape:
    """Each resembles the one before."""

    def made(chance: random.Random, at: Moments) -> list[float]:
        level, found = 0.0, []
        for _ in at:
            level = memory * level + chance.gauss(0, spread * math.sqrt(1 - memory * memory))
            found.append(math.exp(level))
        return found

    return made


def in_rows(shape: Shape, times: float, length: float) -> Shape:
    """To and fro between two levels, as with a cache that is warm or cold, for so many runs on average."""

    def made(chance: random.Random, at: Moments) -> list[float]:
        cold, found = chance.random() < 0.5, []
        for x in shape(chance, at):
            cold ^= chance.random() < 1 / length
            found.append(x * times if cold else x)
        return found

    return made


def two_kinds(shape: Shape, times: float, share: float) -> Shape:
    """Some runs, by chance, take so many times as long: a cache that is hit or missed."""
    return lambda chance, at: [x * (times if chance.random() < share else 1) for x in shape(chance, at)]


def steps(shape: Shape, *changes: tuple[int, float]) -> Shape:
    """From each place on, so many times the usual."""

    def factor(n: int) -> float:
        return next((times for place, times in reversed(changes) if n >= place), 1.0)

    return lambda chance, at: [x * factor(n) for n, x in enumerate(shape(chance, at))]


def by_chance(share: float) -> Verdicts:
    return lambda chance, n: [chance.random() < share for _ in range(n)]


def bursts(share: float, length: float) -> Verdicts:
    """Broken for so many runs in a row on average, then repaired."""

    def made(chance: random.Random, n: int) -> list[bool]:
        broken, found = False, []
        for _ in range(n):
            broken = chance.random() > 1 / length if broken else chance.random() < share / (1 - share) / length
            found.append(broken)
        return found

    return made


def from_on(place: int, before: Verdicts, after: Verdicts) -> Verdicts:
    return lambda chance, n: before(chance, min(n, place)) + after(chance, max(0, n - place))


def seconds(times: Sequence[float]) -> list[float]:
    return [USUAL_S * one for one in times]
