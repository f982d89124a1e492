"""How long something takes, asked again and again while warm."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.load import percentile

TIMES = 20
WARM_UP = 2
MOST_S = 20.0  # what is very slow is asked less often
FEWEST = 3


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds: p50 and p95 of the repeats, and of the very first time; `rows`: how many the answer held."""

    p50_ms: float
    p95_ms: float
    first_ms: float
    rows: int | None = None


def measure(ask: Callable[[], Any], count: Callable[[Any], int] | None = None, times: int = TIMES) -> Timing:
    first_s, answer = _timed(ask)
    for _ in range(WARM_UP - 1):
        ask()
    seconds: list[float] = []
    while len(seconds) < times and (len(seconds) < FEWEST or sum(seconds) < MOST_S):
        seconds.append(_timed(ask)[0])
    return Timing(
        p50_ms=(percentile(seconds, 0.5) or 0.0) * 1000,
        p95_ms=(percentile(seconds, 0.95) or 0.0) * 1000,
        first_ms=first_s * 1000,
        rows=count(answer) if count else None,
    )


def _timed(ask: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    answer = ask()
    return time.perf_counter() - began, answer
