"""What the page of one pipeline shows, read in one go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cicd_health.model.changes import ChangePoint
from cicd_health.model.flakes import FlakyJob
from cicd_health.model.health import Bucket, Distribution, PipelineHealth, Query, RunLine, Summary


@dataclass(frozen=True, slots=True)
class HeatCell:
    """Runs created in one hour of one weekday (0 is Monday) of the viewer's zone; `p50_s` is of successes."""

    weekday: int
    hour: int
    runs: int
    verdicts: int
    failed: int
    p50_s: float | None


@dataclass(frozen=True, slots=True)
class SlowJob:
    """A job of the pipeline, slowest first, over the window and the one before it.

    `critical_share` is the part of the runs' time, 0–1, during which this job was what the run waited for: it
    lay on the critical path. None when no run could be measured.
    """

    name: str
    runs: int
    verdicts: int
    failed: int
    duration: Distribution
    before: Distribution
    queue: Distribution
    critical_share: float | None
    trend: tuple[float | None, ...]  # p50 per wide bucket of the window, for a sparkline


@dataclass(frozen=True, slots=True)
class SlowStep:
    """A step of a job, in the last runs of the window and of the one before it: see `PipelineReport.looked_at`.

    `share` is its part of the job's time, 0–1; `critical_share` as for jobs.
    """

    job: str
    name: str
    runs: int
    duration: Distribution
    before: Distribution
    share: float | None
    critical_share: float | None


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Failures of one signature in the window, by the line that shows it. `new`: never seen before the window."""

    signature: str
    line: str
    job: str | None
    runs: int
    first_at: datetime
    last_at: datetime
    last_run_id: int
    new: bool


@dataclass(frozen=True, slots=True)
class PipelineReport:
    """Everything on the page. `health` is None for a pipeline that has never run.

    `looked_at`: how many of the window's last runs, 250 at most, stand behind steps and shares of the critical path.
    """

    now: datetime
    query: Query
    name: str
    repo: str
    provider: str
    url: str | None
    default_branch: str | None
    health: PipelineHealth | None
    summary: Summary
    previous: Summary
    buckets: tuple[Bucket, ...]  # for outcomes
    wide_buckets: tuple[Bucket, ...]  # for durations and rates
    changes: tuple[ChangePoint, ...]  # newest first
    heat: tuple[HeatCell, ...]  # only cells with runs
    jobs: tuple[SlowJob, ...]  # by critical share, then by p50; 20 at most
    steps: tuple[SlowStep, ...]  # 20 at most
    flaky: tuple[FlakyJob, ...]
    failures: tuple[FailureGroup, ...]  # most first, 20 at most
    latest: tuple[RunLine, ...]
    branches: tuple[str, ...]  # to choose from
    looked_at: int = 0
