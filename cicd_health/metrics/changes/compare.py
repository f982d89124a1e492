"""How much the two sides of each place of a series differ, in standard deviations from chance."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import log, sqrt
from operator import mul

Values = Sequence[float]
LAGS = 40  # how far back a value may resemble earlier ones


def share(values: Values) -> float:
    """Of ones among zeros; 0 of nothing."""
    return sum(values) / len(values) if values else 0.0


def ranks(values: Values) -> list[float]:
    """The place of each in their order, from 0.5 to n - 0.5; equal values share theirs."""
    order = sorted(values)
    shared = {value: (bisect_left(order, value) + bisect_right(order, value)) / 2 for value in set(values)}
    return [shared[value] for value in values]


def centred(values: Values) -> list[float]:
    """The rank of each among them, from -0.5 to 0.5."""
    return [rank / len(values) - 0.5 for rank in ranks(values)]


def by_rank(values: Values) -> list[float]:
    """Mann and Whitney's standard score at each place from 0 to n, ties accounted for; above 0 where it grew."""
    n = len(values)
    own = ranks(values)
    squares = sum((rank - n / 2) ** 2 for rank in own)
    curve, sum_before = [0.0], 0.0
    for place in range(1, n):
        sum_before += own[place - 1]
        variance = squares * place * (n - place) / (n * (n - 1))
        curve.append((place * n / 2 - sum_before) / sqrt(variance) if variance else 0.0)
    return [*curve, 0.0]


def by_share(values: Values) -> list[float]:
    """Of ones and zeros: the root of the likelihood ratio at each place from 0 to n; above 0 where ones grew."""
    n, ones = len(values), sum(values)
    whole = _likelihood(ones, n)
    curve, before = [0.0], 0.0
    for place in range(1, n):
        before += values[place - 1]
        ratio = _likelihood(before, place) + _likelihood(ones - before, n - place) - whole
        grew = (ones - before) / (n - place) > before / place
        curve.append(sqrt(max(0.0, 2 * ratio)) * (1 if grew else -1))
    return [*curve, 0.0]


def _likelihood(ones: float, n: int) -> float:
    """The logarithm of how likely so many ones are at their own rate."""
    zeros = n - ones
    return (ones * log(ones / n) if ones else 0.0) + (zeros * log(zeros / n) if zeros else 0.0)


def wandering(residuals: Values, size: int) -> float:
    """How many times more the mean of `size` values varies than if each were independent of the one before.

    Runs at night, with a cold cache or on a slow machine come in rows. What counts is how alike neighbours are: as
    measured, or as it would fade from the likeness of two, whichever is more. 1 for independent values, and at least.
    """
    variance = sum(one * one for one in residuals)
    if not variance:
        return 1.0
    lags = range(1, min(size, LAGS, len(residuals) // 4) + 1)
    alike = [sum(map(mul, residuals, residuals[lag:])) / variance for lag in lags]
    next_to = min(0.97, alike[0] + (1 + 3 * alike[0]) / len(residuals))
    measured = sum((1 - lag / (size + 1)) * alike[lag - 1] for lag in lags)
    fading = sum((1 - lag / (size + 1)) * next_to**lag for lag in range(1, size + 1))
    return max(1.0, 1 + 2 * measured, 1 + 2 * fading)
