"""What a CI system tells us, in our words: a run has attempts, an attempt has jobs, a job has steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """Where a run, attempt, job or step is."""

    QUEUED = "queued"
    WAITING = "waiting"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


class Outcome(StrEnum):
    """How an attempt, job or step ended, or that it has not yet. Stored: never rename a value."""

    SUCCESS = "success"
    FAILURE = "failure"
    TIMED_OUT = "timed_out"
    STARTUP_FAILURE = "startup_failure"
    UNSTABLE = "unstable"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    SKIPPED = "skipped"
    NEUTRAL = "neutral"
    STALE = "stale"
    ACTION_REQUIRED = "action_required"
    QUEUED = "queued"
    WAITING = "waiting"
    RUNNING = "running"
    UNKNOWN = "unknown"

    @property
    def failed(self) -> bool:
        """True for a verdict against the pipeline."""
        return self in FAILED

    @property
    def verdict(self) -> bool:
        """True when the outcome counts in the success rate."""
        return self is Outcome.SUCCESS or self in FAILED


FAILED = frozenset({Outcome.FAILURE, Outcome.TIMED_OUT, Outcome.STARTUP_FAILURE, Outcome.UNSTABLE})
VERDICTS = FAILED | {Outcome.SUCCESS}
UNFINISHED = frozenset({Outcome.QUEUED, Outcome.WAITING, Outcome.RUNNING})

# What an outcome says of an attempt that has not ended.
OUTCOME_OF_STATUS = {
    Status.QUEUED: Outcome.QUEUED,
    Status.WAITING: Outcome.WAITING,
    Status.IN_PROGRESS: Outcome.RUNNING,
}


@dataclass(frozen=True, slots=True)
class Repo:
    """A repository (GitHub) or folder (Jenkins) as one event names it.

    `external_id` is the provider's stable id, None when the event carries only the name;
    a renamed repository keeps its id. `name` is "owner/name", or the folder path, "" at Jenkins' root.
    """

    name: str
    external_id: str | None = None
    default_branch: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A workflow (GitHub) or job (Jenkins). `external_id` is None when only the name is known."""

    name: str
    external_id: str | None = None
    path: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    number: int
    name: str
    status: Status
    outcome: Outcome
    started_at: datetime | None = None
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One job (GitHub) or stage (Jenkins) of one attempt, as one event tells it.

    `run_external_id` names the run it belongs to; the job may arrive first.
    `created_at` is None where the provider does not say: its queue time is then unmeasured.
    `started_at` is None until it really started (GitHub repeats `created_at` there before that).
    `rank` and `updated_at` order the events of one job: see `model.merge`. `paused_s`: what it waited for people, which
    its duration leaves out.
    """

    provider: str
    host: str
    repo: Repo
    run_external_id: str
    external_id: str
    name: str
    attempt: int
    status: Status
    outcome: Outcome
    raw_status: str | None = None
    raw_conclusion: str | None = None
    runner: str | None = None
    labels: tuple[str, ...] = ()
    created_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    updated_at: datetime | None = None
    rank: int = 0
    url: str | None = None
    pipeline_name: str | None = None
    paused_s: float | None = None
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of one run, as one event tells it.

    Identity: (host, repo, external_id, attempt). `created_at` is the run's creation, which a re-run
    does not reset; `started_at` is this attempt's start; `completed_at` is set once it ended.
    `duration_s` is the provider's own measure in seconds, where it has one (Jenkins), less pauses.
    `rank` and `updated_at` order the events of one attempt: see `model.merge`. `exact_start`: its start, or without one
    its creation, is the provider's own to the second, so that a new run of an old number can be told (Jenkins).
    """

    provider: str
    host: str
    repo: Repo
    pipeline: Pipeline
    external_id: str
    attempt: int
    status: Status
    outcome: Outcome
    created_at: datetime
    number: int | None = None
    raw_status: str | None = None
    raw_conclusion: str | None = None
    title: str | None = None
    branch: str | None = None
    sha: str | None = None
    event: str | None = None
    actor: str | None = None
    pull_request: int | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    updated_at: datetime | None = None
    duration_s: float | None = None
    rank: int = 0
    url: str | None = None
    multibranch: bool = False
    exact_start: bool = False
    log: str | None = None


Event = Attempt | Job

# Names that count as the default branch where the provider did not say which it is.
USUAL_DEFAULT_BRANCHES = frozenset({"main", "master", "trunk"})


def on_default_branch(attempt: Attempt, default_branch: str | None) -> bool:
    """True when the attempt ran on its repository's default branch.

    A build without a branch counts as the default branch, and so does any build of a Jenkins job
    that is not part of a multibranch project: such a job builds one thing only.
    """
    if attempt.branch is None:
        return True
    if default_branch:
        return attempt.branch == default_branch
    if attempt.provider == "jenkins" and not attempt.multibranch:
        return True
    return attempt.branch in USUAL_DEFAULT_BRANCHES


# Longer than any real run: a duration beyond it is a broken clock, not a slow pipeline.
ABSURD_S = 35 * 24 * 3600.0


def seconds_between(start: datetime | None, end: datetime | None) -> float | None:
    """Seconds from start to end; None when either is missing, or the result is negative or absurd."""
    if start is None or end is None:
        return None
    return sane_seconds((end - start).total_seconds())


def sane_seconds(seconds: float | None) -> float | None:
    """The same number, or None when it cannot be a duration (unmeasured, never clamped)."""
    return seconds if seconds is not None and 0 <= seconds <= ABSURD_S else None
