"""When pipelines broke and recovered, from the order of their verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Turn:
    """A verdict that differs from the one before it. `created_at` orders it, `ended_at` is when it was known."""

    pipeline_id: int
    passed: bool
    created_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Breakage:
    """From a pipeline's first failing verdict to its next success; `recovered` is None while it lasts."""

    failed: Turn
    recovered: Turn | None


def breakages(turns: Iterable[Turn]) -> list[Breakage]:
    """Every breakage in these turns, oldest first. Turns come in order; equal ones in a row count once."""
    failing: dict[int, Turn] = {}
    found: list[Breakage] = []
    for turn in turns:
        if not turn.passed:
            failing.setdefault(turn.pipeline_id, turn)
        elif first := failing.pop(turn.pipeline_id, None):
            found.append(Breakage(first, turn))
    found.extend(Breakage(turn, None) for turn in failing.values())
    return sorted(found, key=lambda breakage: breakage.failed.created_at)
