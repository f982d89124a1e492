"""What a series of one pipeline is made of: its verdicts on the default branch, and those of their jobs and steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class VerdictSeen:
    """One run that passed or failed. `duration_s` is None where it was not measured."""

    run_id: int
    at: datetime  # of its creation
    failed: bool
    duration_s: float | None


@dataclass(frozen=True, slots=True)
class PartSeen:
    """One job of such a run, or with `step` one step of it, that passed or failed."""

    run_id: int
    job: str
    step: str | None
    failed: bool
    duration_s: float | None


@dataclass(frozen=True, slots=True)
class PartsSeen:
    """The parts of the newest of some runs. `run_ids` are the runs that were looked at: reading has its limits."""

    run_ids: frozenset[int]
    parts: tuple[PartSeen, ...]
