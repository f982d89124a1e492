"""A delivery that is going to be sent, and when. Its body is written only then: weeks of them would fill memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cicd_health.demo.runs import BROKEN, Attempt, Run
from cicd_health.model.deliveries import Incoming


@dataclass(frozen=True, slots=True)
class Telling:
    """`verdict`: the pipeline whose main branch this delivery judges, and whether it failed.

    `ended`: the run of which this is the end.
    """

    at: datetime
    write: Callable[[], Incoming]
    verdict: tuple[str, bool] | None = None
    ended: Run | None = None


def verdict_of(run: Run, attempt: Attempt) -> tuple[str, bool] | None:
    """What the end of this attempt says of its pipeline; None when it is no verdict on main."""
    if run.branch != "main" or attempt.outcome not in BROKEN | {"success"}:
        return None
    return run.plan.key, attempt.outcome in BROKEN
