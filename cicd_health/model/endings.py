"""Attempts that ended, counted for good: sums that only ever grow, as a counter must. Pure.

The words of `RESULTS` are those of OpenTelemetry's attribute `cicd.pipeline.result`, where it has one.
Source: https://opentelemetry.io/docs/specs/semconv/registry/attributes/cicd/
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from cicd_health.model.runs import Outcome

# Upper edges of the histogram, in seconds: what is exactly as long as an edge lies below it.
EDGES_S = (10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400)
RESULTS = {
    Outcome.SUCCESS: "success",
    Outcome.FAILURE: "failure",
    Outcome.UNSTABLE: "failure",
    Outcome.TIMED_OUT: "timeout",
    Outcome.STARTUP_FAILURE: "error",
    Outcome.CANCELLED: "cancellation",
    Outcome.SUPERSEDED: "cancellation",
    Outcome.SKIPPED: "skip",
}


def result_of(outcome: Outcome) -> str:
    """OpenTelemetry's word for it, else our own."""
    return RESULTS.get(outcome, outcome.value)


@dataclass(slots=True)
class Spread:
    """Measured seconds by `EDGES_S`; the last bin holds what is longer. The sum is in whole microseconds."""

    total_us: int = 0
    bins: list[int] = field(default_factory=lambda: [0] * (len(EDGES_S) + 1))

    @property
    def total_s(self) -> float:
        return self.total_us / 1e6

    def put(self, seconds: float | None) -> None:
        """Count one; what was not measured is not in it."""
        if seconds is not None:
            self.total_us += round(seconds * 1e6)
            self.bins[bisect_left(EDGES_S, seconds)] += 1

    def add(self, other: Spread) -> None:
        self.total_us += other.total_us
        self.bins = [one + more for one, more in zip(self.bins, other.bins, strict=True)]

    def up_to(self) -> Iterator[tuple[str, int]]:
        """Each edge with how many are no longer than it, in the notation of Prometheus."""
        return zip((*map(str, map(float, EDGES_S)), "+Inf"), accumulate(self.bins), strict=True)


@dataclass(slots=True)
class Ended:
    """How many attempts ended in one way, how long they ran, and how long they had waited for a runner."""

    attempts: int = 0
    ran: Spread = field(default_factory=Spread)
    waited: Spread = field(default_factory=Spread)

    def put(self, duration_s: float | None, queue_s: float | None) -> None:
        self.attempts += 1
        self.ran.put(duration_s)
        self.waited.put(queue_s)

    def add(self, other: Ended) -> None:
        self.attempts += other.attempts
        self.ran.add(other.ran)
        self.waited.add(other.waited)

    def to_text(self) -> str:
        values = [self.attempts, self.ran.total_us, self.ran.bins, self.waited.total_us, self.waited.bins]
        return json.dumps(values, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Ended:
        attempts, ran_us, ran, waited_us, waited = json.loads(text)
        return cls(attempts, Spread(ran_us, ran), Spread(waited_us, waited))
