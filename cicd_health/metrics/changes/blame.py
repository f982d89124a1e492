"""Which job, and within it which step, grew or shrank most when a run did."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median_low

from cicd_health.model.changes import Blame
from cicd_health.model.series import PartSeen

NAMED_SHARE = 0.25  # of the whole move, below which a part is not named
Sides = tuple[frozenset[int], frozenset[int]]  # the runs before and after


def of_job(sides: Sides, moved_s: float, jobs: Iterable[PartSeen]) -> Blame | None:
    """The job that moved most, the way the runs did; None when none explains a quarter of it."""
    found = _most(sides, moved_s, ((part.job, part) for part in jobs))
    return Blame(found[0], None, found[1], found[2]) if found else None


def of_step(sides: Sides, moved_s: float, job: str, steps: Iterable[PartSeen]) -> Blame | None:
    """The same for the steps of one job."""
    found = _most(sides, moved_s, ((part.step, part) for part in steps if part.job == job and part.step))
    return Blame(job, found[0], found[1], found[2]) if found else None


def _most(sides: Sides, moved_s: float, named: Iterable[tuple[str, PartSeen]]) -> tuple[str, float, float] | None:
    """Name and medians on both sides; 0 on a side where fewer than half of the runs have it."""
    names: dict[str, tuple[list[float], list[float]]] = {}
    for name, part in named:
        if part.duration_s is None or part.failed:
            continue
        for runs, known in zip(sides, names.setdefault(name, ([], [])), strict=True):
            if part.run_id in runs:
                known.append(part.duration_s)
    moves = [
        (name, *(_usual(own, runs) for own, runs in zip(both, sides, strict=True))) for name, both in names.items()
    ]
    way = 1 if moved_s > 0 else -1
    name, before, after = max(moves, key=lambda move: (way * (move[2] - move[1]), move[0]), default=("", 0.0, 0.0))
    return (name, before, after) if way * (after - before) >= NAMED_SHARE * abs(moved_s) else None


def _usual(durations: list[float], runs: frozenset[int]) -> float:
    return median_low(durations) if 2 * len(durations) > len(runs) else 0.0
