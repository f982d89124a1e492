"""The words of alerting. Values are stored: never rename one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from cicd_health.model.changes import ChangePoint
from cicd_health.model.runs import Outcome


class IncidentState(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    MUTED = "muted"
    RESOLVED = "resolved"


class Severity(StrEnum):
    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class StepKind(StrEnum):
    """What happened to an incident: one row each, in the order it happened."""

    OPENED = "opened"
    STILL = "still"
    ACKNOWLEDGED = "acknowledged"
    MUTED = "muted"
    UNMUTED = "unmuted"  # by somebody, or because the mute ended
    RESOLVED = "resolved"
    REOPENED = "reopened"  # the same trouble within REOPENS of its end


class NotificationKind(StrEnum):
    """`still`: a mute ended and it is failing still. Further failures change the incident and send nothing."""

    OPENED = "opened"
    STILL = "still"
    RESOLVED = "resolved"
    DIGEST = "digest"
    TEST = "test"


class NotificationState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


REOPENS = timedelta(days=1)  # trouble that returns sooner reopens its incident instead of opening another
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class AlreadyOver(ValueError):
    """The incident is resolved: nothing can be done to it any more."""


@dataclass(frozen=True, slots=True)
class RunFact:
    """One run as a rule sees it: its newest verdict, even while a re-run of it is under way.

    `excerpt` holds the failing lines as text, None when no log is kept. `url` is the provider's page. `signature` is
    the fingerprint of a failure, `signature_seen_at` when an earlier run of the pipeline was created that failed with
    the same one (None: none is known).
    """

    run_id: int
    number: int | None
    outcome: Outcome
    created_at: datetime
    completed_at: datetime | None = None
    started_at: datetime | None = None
    duration_s: float | None = None
    queue_s: float | None = None
    event: str | None = None
    sha: str | None = None
    branch: str | None = None
    actor: str | None = None
    title: str | None = None
    url: str | None = None
    failed_job: str | None = None
    failed_step: str | None = None
    signature: str | None = None
    signature_seen_at: datetime | None = None
    excerpt: str | None = None

    @property
    def ended_at(self) -> datetime:
        """When its verdict was known."""
        return self.completed_at or self.created_at


@dataclass(frozen=True, slots=True)
class WaitingJob:
    """A job that no runner has taken yet. `job` is "" where a run waits that has no jobs, as Jenkins' may."""

    run_id: int
    job: str
    since: datetime
    branch: str | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back and where a rule looks: its Facts hold this much, and no more is read.

    `runs` are the newest with a verdict; with `span` only those created within it before now. `scheduled` counts the
    newest runs that a schedule began.
    """

    runs: int = 0
    span: timedelta | None = None
    running: bool = False
    waiting: bool = False
    scheduled: int = 0
    changes: bool = False
    signatures: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What a rule may know of one pipeline, on one branch (`branch`; None: whatever counts as the default branch).

    `attempts` are runs with a verdict, newest first, `running` those that have started and not ended, `scheduled` when
    runs that a schedule began were created, all newest first; `waiting` are jobs, the longest wait first.
    `repo` is "owner/name" or the Jenkins folder, "" at Jenkins' root.
    """

    pipeline_id: int
    pipeline: str
    repo: str
    provider: str
    attempts: tuple[RunFact, ...] = ()
    now: datetime = LONG_AGO
    branch: str | None = None
    running: tuple[RunFact, ...] = ()
    waiting: tuple[WaitingJob, ...] = ()
    scheduled: tuple[datetime, ...] = ()
    changes: tuple[ChangePoint, ...] = ()

    @property
    def verdicts(self) -> tuple[RunFact, ...]:
        """The attempts that say something about the pipeline's health: not cancelled, skipped or unfinished."""
        return tuple(attempt for attempt in self.attempts if attempt.outcome.verdict)

    @property
    def name(self) -> str:
        """How people know the pipeline."""
        return f"{self.repo} » {self.pipeline}" if self.repo else self.pipeline
