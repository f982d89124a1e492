"""Failures seen from afar: runs that failed alike, wherever they ran."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cicd_health.model.alerts import IncidentState


class FailureState(StrEnum):
    """Whether people know of a kind of failure."""

    NEW = "new"
    KNOWN = "known"
    MUTED = "muted"


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """An incident that is not over, whose last failure was of one kind. Muted with no end: until it is fixed."""

    id: int
    state: IncidentState
    title: str = ""
    muted_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """How often one signature was seen in a window. `first_seen_at` may lie before it: then it is known."""

    signature: str
    runs: int
    first_seen_at: datetime
    last_seen_at: datetime
    new: bool
    incidents: tuple[OpenIncident, ...] = ()

    @property
    def state(self) -> FailureState:
        """Muted when all that is open of it is, at least one incident; else whether it was there before."""
        if self.incidents and all(one.state is IncidentState.MUTED for one in self.incidents):
            return FailureState.MUTED
        return FailureState.NEW if self.new else FailureState.KNOWN


@dataclass(frozen=True, slots=True)
class FailingPipeline:
    """A pipeline, and how many of its runs failed so."""

    id: int
    name: str
    repo: str
    provider: str
    runs: int


@dataclass(frozen=True, slots=True)
class FailingRun:
    """The newest run that failed so."""

    run_id: int
    pipeline_id: int
    number: int | None
    branch: str | None
    sha: str | None
    created_at: datetime
    job: str | None
    step: str | None
    url: str | None
    excerpt: str | None


@dataclass(frozen=True, slots=True)
class Failure:
    """One signature with where it was seen. `words`: the line that says best what failed.

    Of pipelines and jobs, those with most runs come first, and only so many are told; the numbers are of all.
    """

    sighting: Sighting
    words: str
    pipelines: tuple[FailingPipeline, ...]
    pipelines_n: int
    jobs: tuple[str, ...]
    jobs_n: int
    example: FailingRun
