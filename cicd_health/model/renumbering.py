"""Numbers that begin anew: when a Jenkins job is deleted and made again, its builds count from 1 again.

A later build of a number must not be merged into the one that had it before; a late word about the earlier one must not
be merged into the later. The earlier run is then known as "folder/app#1~1", the one after it as "folder/app#1~2".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cicd_health.model.run_state import RunState
from cicd_health.model.runs import Attempt, Job, Status

CLOCKS = timedelta(seconds=60)  # what moments of one build may differ by
GUESSED = timedelta(days=1)  # as much may lie between the end of a build and what is told of it afterwards
STUCK = timedelta(minutes=10)
MARK = "~"


@dataclass(frozen=True, slots=True)
class Life:
    """When a run began and ended, as far as is known."""

    external_id: str
    created_at: datetime
    completed_at: datetime | None


def is_another(state: RunState, event: Attempt) -> bool:
    """Whether the event is about a later build than the one that is here under its number.

    A build begins once: it cannot begin after it ended, nor, where its whole life is told, again.
    """
    here = state.attempts.get(event.attempt)
    begun_at = _begun_at(event)
    if state.run is None or here is None or begun_at is None:
        return False
    if here["completed_at"] is not None:
        return begun_at > here["completed_at"] + (CLOCKS if event.exact_start else GUESSED)
    whole = event.exact_start and event.status is Status.COMPLETED
    return bool(whole and here["started_at"] is not None and begun_at > here["started_at"] + STUCK)


def may_be_earlier(state: RunState, event: Attempt) -> bool:
    """Whether the event may be about a build that had this number before the one that is here."""
    return state.run is not None and _moment(event) < state.run["created_at"] - CLOCKS


def earlier_id(external_id: str, number: int) -> str:
    return f"{external_id}{MARK}{number}"


def whose(event: Attempt, earlier: Sequence[Life]) -> str:
    """The id of the run that the event is about: one of those that had its number before, or its own."""
    begun_at, later = _moment(event), event.external_id
    for life in sorted(earlier, key=lambda life: life.created_at, reverse=True):
        if life.created_at <= begun_at + CLOCKS:
            ended = life.completed_at is not None and begun_at > life.completed_at + CLOCKS
            return later if ended else life.external_id
        later = life.external_id
    return later


def moved(event: Attempt | Job, run_id: str) -> Attempt | Job:
    """The same event about the run of this id."""
    if isinstance(event, Attempt):
        return replace(event, external_id=run_id)
    return replace(
        event, run_external_id=run_id, external_id=moved_job(event.external_id, event.run_external_id, run_id)
    )


def moved_job(job_id: str, run_id: str, new_run_id: str) -> str:
    """A job's id when its run gets another: ids of jobs begin with their run's."""
    return f"{new_run_id}{job_id.removeprefix(run_id)}" if job_id.startswith(run_id) else f"{new_run_id}/{job_id}"


def _begun_at(event: Attempt) -> datetime | None:
    """When the build certainly had not ended yet; None where that is only guessed."""
    return event.started_at or (event.created_at if event.exact_start else None)


def _moment(event: Attempt) -> datetime:
    return event.started_at or event.created_at
