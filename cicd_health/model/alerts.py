"""The words of alerting. Values are stored: never rename one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

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


class NotificationKind(StrEnum):
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


@dataclass(frozen=True, slots=True)
class RunFact:
    """One run as a rule sees it: its newest verdict, even while a re-run of it is under way.

    `excerpt` holds the failing lines as text, None when no log is kept. `url` is the provider's page.
    """

    run_id: int
    number: int | None
    outcome: Outcome
    created_at: datetime
    completed_at: datetime | None = None
    sha: str | None = None
    branch: str | None = None
    actor: str | None = None
    title: str | None = None
    url: str | None = None
    failed_job: str | None = None
    failed_step: str | None = None
    excerpt: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a rule may know of one pipeline. `attempts` are runs on its default branch, newest first.

    `repo` is "owner/name" or the Jenkins folder, "" at Jenkins' root.
    """

    pipeline_id: int
    pipeline: str
    repo: str
    provider: str
    attempts: tuple[RunFact, ...] = ()

    @property
    def verdicts(self) -> tuple[RunFact, ...]:
        """The attempts that say something about the pipeline's health: not cancelled, skipped or unfinished."""
        return tuple(attempt for attempt in self.attempts if attempt.outcome.verdict)

    @property
    def name(self) -> str:
        """How people know the pipeline."""
        return f"{self.repo} » {self.pipeline}" if self.repo else self.pipeline


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One queued message and where it goes. `channel_url` is still encrypted; None for a channel from the settings.

    `attempts` counts the tries so far, this one included once it is claimed.
    """

    id: int
    kind: NotificationKind
    state: NotificationState
    title: str
    body: str
    attempts: int
    created_at: datetime
    channel_id: int
    channel_slug: str
    channel_kind: str
    channel_url: str | None
