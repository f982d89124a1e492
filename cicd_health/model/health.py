"""What the pages and the API show: answers, computed once per view and shared by everyone who looks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from cicd_health.model.changes import ChangePoint
from cicd_health.model.flakes import FlakyJob
from cicd_health.model.runs import Outcome
from cicd_health.model.windows import Window


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked: a window and what to narrow it to. Hashable, so that equal questions share an answer.

    `repo` is "owner/name"; `tz` is the zone in which days begin.
    """

    window: Window
    provider: str | None = None
    repo: str | None = None
    pipeline_id: int | None = None
    branch: str | None = None
    event: str | None = None
    actor: str | None = None
    job: str | None = None
    subject: Literal["run", "job"] = "run"
    durations: Literal["success", "verdicts"] = "success"
    tz: str = "UTC"


@dataclass(frozen=True, slots=True)
class Distribution:
    """Of measured seconds. None where n is 0. Percentiles are nearest rank; `exact` says whether from every value."""

    n: int = 0
    sum: float = 0.0
    mean: float | None = None
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    max: float | None = None
    unmeasured: int = 0
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Restore:
    """Time to restore: incidents closed in the window (seconds), and those still open."""

    n: int = 0
    median: float | None = None
    mean: float | None = None
    open: int = 0
    oldest_open_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Jobs that wait for a runner at this moment, and for how long the oldest has."""

    jobs: int
    oldest_s: float | None


@dataclass(frozen=True, slots=True)
class FailureStreaks:
    """Failing verdicts in a row of one pipeline: the longest in the window, and those that last now.

    `first_at` and `last_at` are when the first and the last run of the longest one were created.
    """

    longest: int = 0
    pipeline_id: int | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None
    failing_now: int = 0  # pipelines
    longest_now: int = 0


@dataclass(frozen=True, slots=True)
class SlowPart:
    """A job, or a step of one, with its median and its share of the critical path: see `model.pipeline_report`."""

    job: str
    step: str | None
    runs: int
    p50_s: float | None
    critical_share: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The numbers of one window. Rates are 0–1, None when there is no verdict.

    The last four are read only where they are asked for: None is not asked.
    """

    window: Window
    counts: dict[Outcome, int]
    total: int
    verdicts: int
    successes: int
    success_rate: float | None
    failure_rate: float | None
    first_verdicts: int
    first_successes: int
    first_attempt_success_rate: float | None
    rescued: int  # runs whose first attempt failed and whose last passed
    duration: Distribution
    queue: Distribution
    restore: Restore
    throughput_per_day: float
    spent_s: float = 0.0  # machine time: the durations of all jobs of all attempts
    rerun_s: float = 0.0  # the part of it that went into attempts which a later attempt replaced
    last_outcome_by_pipeline: dict[str, str] = field(default_factory=dict)  # "repo » name" → outcome
    spent_n: int = 0  # runs with any machine time
    rerun_n: int = 0  # runs with any that a later attempt replaced
    waiting: Waiting | None = None
    streaks: FailureStreaks | None = None
    flaky: tuple[FlakyJob, ...] | None = None
    slowest: tuple[SlowPart, ...] | None = None  # jobs of one pipeline, then steps; most waited for first


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bar of a chart: [start, end). `running` when `end` has not come yet."""

    start: datetime
    end: datetime
    counts: dict[Outcome, int]
    duration: Distribution
    queue: Distribution
    running: bool = False


class HealthState(StrEnum):
    """Worst first. The order is the order on the page."""

    BROKEN = "broken"
    UNSTABLE = "unstable"
    QUEUE = "queue"
    FLAKY = "flaky"
    SLOWER = "slower"
    HEALTHY = "healthy"
    FEW = "few"


@dataclass(frozen=True, slots=True)
class StripRun:
    """One bar of a strip. `rescued`: passed after an earlier attempt had failed."""

    run_id: int
    number: int | None
    outcome: Outcome
    rescued: bool
    duration_s: float | None
    created_at: datetime

    def __hash__(self) -> int:
        """Of the run alone: strips of thirty are looked up by the hundred, to be drawn once."""
        return self.run_id


@dataclass(frozen=True, slots=True)
class PipelineHealth:
    """One pipeline on the overview, on the branch that was asked for (else its default branch for the state)."""

    pipeline_id: int
    name: str
    repo: str
    provider: str
    branch: str | None
    url: str | None
    state: HealthState
    why: tuple[str, ...]  # in words, cause first
    since: datetime | None  # of the state; None when healthy
    strip: tuple[StripRun, ...]  # oldest first, 30 at most
    successes: int
    verdicts: int
    p95_s: float | None  # None below 20 values
    p95_before_s: float | None
    queue_p95_s: float | None
    last_run_id: int | None
    last_run_url: str | None
    last_outcome: Outcome | None  # of the last verdict
    last_rescued: bool
    last_at: datetime | None
    running: int
    expected_end_at: datetime | None  # of the running run that ends first, by the pipeline's p50
    running_since: datetime | None
    waiting: int
    oldest_waiting_at: datetime | None
    needs_approval: int
    failing_job: str | None
    incident_id: int | None
    incident_state: str | None
    in_a_row: int
    runs: int = 0  # in the window
    successes_before: int = 0  # in the window before
    verdicts_before: int = 0
    p50_s: float | None = None  # None below 5 values
    p50_before_s: float | None = None
    spent_s: float = 0.0  # machine time of all attempts in the window
    spent_before_s: float = 0.0
    change: ChangePoint | None = None  # the newest one that made it worse, within the window


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run in a list."""

    run_id: int
    pipeline_id: int
    pipeline: str
    repo: str
    provider: str
    number: int | None
    attempt: int
    outcome: Outcome
    rescued: bool
    title: str | None
    branch: str | None
    sha: str | None
    duration_s: float | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    url: str | None


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How fresh one source is. `state`: ok, degraded, error or never."""

    provider: str
    name: str
    state: str
    last_event_at: datetime | None
    complete_until: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """The last delivery that was refused at the door, per provider."""

    provider: str
    reason: str
    times: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the overview page shows, read in one go."""

    now: datetime
    query: Query
    empty: bool  # no run has ever arrived
    summary: Summary
    previous: Summary
    buckets: tuple[Bucket, ...]  # for outcomes
    wide_buckets: tuple[Bucket, ...]  # for durations and queue: fewer and wider, so that percentiles have values
    pipelines: tuple[PipelineHealth, ...]  # worst first
    latest: tuple[RunLine, ...]  # newest first, 30 at most
    sources: tuple[SourceHealth, ...]
    refusals: tuple[Refusal, ...]
    repos: tuple[str, ...]  # to choose from
    branches: tuple[str, ...]  # to choose from, most used first, 50 at most
    open_incidents: int
    muted_incidents: int
    oldest_incident_at: datetime | None
