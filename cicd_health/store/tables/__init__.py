"""Every table, as SQLModel. Times are aware UTC, durations are seconds, words are those of `model`."""

from cicd_health.store.tables.alerts import (
    ChannelRow,
    IncidentRow,
    NotificationRow,
    RuleRow,
    SilenceRow,
    StepOfIncidentRow,
)
from cicd_health.store.tables.audit import AuditRow
from cicd_health.store.tables.columns import UtcDateTime
from cicd_health.store.tables.findings import ChangeRow, FlakeRow
from cicd_health.store.tables.inbox import DeliveryRow, RefusalRow
from cicd_health.store.tables.logs import LogChunkRow, LogObjectRow, LogPlaceRow, LogRow
from cicd_health.store.tables.people import ApiKeyRow, SessionRow, SignInLinkRow, UserRow
from cicd_health.store.tables.places import PipelineRow, RepositoryRow, SourceRow
from cicd_health.store.tables.processes import ProcessRow
from cicd_health.store.tables.runs import AttemptRow, JobRow, RunRow, StepRow
from cicd_health.store.tables.sums import EndingsRow, KeptSumsRow, TallyRow
from cicd_health.store.tables.watches import WatchRow

__all__ = [
    "ApiKeyRow",
    "AttemptRow",
    "AuditRow",
    "ChangeRow",
    "ChannelRow",
    "DeliveryRow",
    "EndingsRow",
    "FlakeRow",
    "IncidentRow",
    "JobRow",
    "KeptSumsRow",
    "LogChunkRow",
    "LogObjectRow",
    "LogPlaceRow",
    "LogRow",
    "NotificationRow",
    "PipelineRow",
    "ProcessRow",
    "RefusalRow",
    "RepositoryRow",
    "RuleRow",
    "RunRow",
    "SessionRow",
    "SignInLinkRow",
    "SilenceRow",
    "SourceRow",
    "StepOfIncidentRow",
    "StepRow",
    "TallyRow",
    "UserRow",
    "UtcDateTime",
    "WatchRow",
]
