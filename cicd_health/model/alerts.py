"""The words of alerting. Values are stored: never rename one."""

from __future__ import annotations

from enum import StrEnum


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
