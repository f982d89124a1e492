"""Failures seen from afar: runs that failed alike, wherever they ran."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Sighting:
    """How often one signature was seen in a window. `first_seen_at` may lie before it: then it is known."""

    signature: str
    runs: int
    first_seen_at: datetime
    last_seen_at: datetime
    new: bool


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
