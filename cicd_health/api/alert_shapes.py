"""What the API answers with on alerting. Names are literal, clients rely on them; addresses of channels are masked."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel
from sqlmodel import Session

from cicd_health.model import backtest
from cicd_health.store import alert_lists
from cicd_health.store.lists import Row

MASKED = "••••"


class Notification(BaseModel):
    """One message of an alert to one channel. `held` says why it waits until `next_try_at`."""

    id: int
    channel: str
    kind: str
    state: str
    attempts: int
    error: str | None
    held: str | None
    next_try_at: datetime | None
    sent_at: datetime | None


class LoggedNotification(Notification):
    """A line of the delivery log. `sent_with` is the message that several left as one with; a test has no alert."""

    alert_id: int | None
    channel_name: str
    severity: str
    title: str
    turn: int
    created_at: datetime
    sent_with: int | None

    @classmethod
    def of(cls, row: Row) -> LoggedNotification:
        return cls(**row, alert_id=row["incident_id"])


class AlertScope(BaseModel):
    """What an alert is about; null means all."""

    provider: str | None
    repo: str | None
    pipeline: str | None
    pipeline_id: int | None
    branch: str | None


class Alert(BaseModel):
    """One rule firing for one scope, from opened to resolved. `turn` counts how often it opened."""

    id: int
    rule: str
    kind: str
    severity: str
    state: str
    scope: AlertScope
    title: str
    reason: str
    opened_at: datetime
    last_failed_at: datetime | None
    reopened_at: datetime | None
    resolved_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    muted_until: datetime | None
    failures: int
    turn: int
    run_id: int | None
    last_run_id: int | None
    recovered_run_id: int | None
    notifications: list[Notification]


class StepOfAlert(BaseModel):
    """One thing that happened to an alert; `actor` null: by itself."""

    at: datetime
    kind: str
    actor: str | None
    note: str
    failures: int
    run_id: int | None


class AlertDetail(Alert):
    """An alert with all that happened to it, in order."""

    steps: list[StepOfAlert]


def read_alerts(session: Session, rows: Sequence[Row]) -> list[Alert]:
    """Incidents with their messages."""
    by_incident: defaultdict[int, list[Notification]] = defaultdict(list)
    for message in alert_lists.notifications_of(session, [row["id"] for row in rows]):
        by_incident[message["incident_id"]].append(Notification(**message))
    return [Alert(**row, scope=AlertScope(**row), notifications=by_incident[row["id"]]) for row in rows]


def read_alert(session: Session, alert_id: int) -> AlertDetail:
    """One of them with its steps. LookupError when it is not there."""
    row = alert_lists.incident(session, alert_id)
    if row is None:
        raise LookupError(f"There is no alert {alert_id}.")
    steps = [StepOfAlert(**step) for step in alert_lists.steps(session, [alert_id])]
    return AlertDetail(**read_alerts(session, [row])[0].model_dump(), steps=steps)


class Scope(BaseModel):
    """Globs, of which one of each kind must match; an empty list means all, of a rule's branches the default one."""

    providers: list[str] = []
    repos: list[str] = []
    pipelines: list[str] = []
    branches: list[str] = []


class Rule(BaseModel):
    """An alert rule: its kind, and what is chosen for it. `channels` are slugs; none means all that it concerns."""

    id: int
    slug: str
    kind: str
    name: str
    enabled: bool
    severity: str
    params: dict[str, Any]
    scope: Scope
    channels: list[str]
    builtin: bool
    created_at: datetime
    updated_at: datetime | None
    open: int
    last_opened_at: datetime | None

    @classmethod
    def of(cls, row: Row) -> Rule:
        read = {name: json.loads(row[name] or "{}") for name in ("params", "scope")}
        return cls(**{**row, **read, "channels": json.loads(row["channels"] or "[]")})


class Kind(BaseModel):
    """A kind of rule. `params` is the JSON schema of its parameters."""

    slug: str
    label: str
    about: str
    params: dict[str, Any]


class Quiet(BaseModel):
    start: str
    end: str
    days: list[int]
    except_critical: bool


class Day(BaseModel):
    """Messages of the last 24 hours."""

    sent: int
    failed: int
    waiting: int


class Channel(BaseModel):
    """Where messages go. `url` is the address without its secrets: what was given is never shown again."""

    id: int
    slug: str
    name: str
    kind: str
    origin: str
    enabled: bool
    url: str
    scope: Scope
    min_severity: str
    zone: str
    quiet: Quiet | None
    digest_at: str | None
    per_hour: int | None
    error: str | None
    switched_off_at: datetime | None
    sent_at: datetime | None
    last_24h: Day

    @classmethod
    def of(cls, row: Row) -> Channel:
        read: dict[str, Any] = {
            "scope": json.loads(row["scope"] or "{}"),
            "quiet": json.loads(row["quiet"]) if row["quiet"] else None,
            "url": row["address"] or MASKED,
            "last_24h": Day(**row),
        }
        return cls(**{**row, **read})


class Silence(BaseModel):
    """A time without messages, for one alert or for a scope. `ends_at` null: until fixed. `ended_at`: it is over."""

    id: int
    alert_id: int | None
    rule: str | None
    scope: Scope
    reason: str
    created_by: str
    created_at: datetime
    ends_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None

    @classmethod
    def of(cls, row: Row) -> Silence:
        return cls(**{**row, "scope": json.loads(row["scope"] or "{}"), "alert_id": row["incident_id"]})


class TestResult(BaseModel):
    """Whether a channel took the test message; `error` says why not."""

    channel: str
    ok: bool
    error: str | None
    seconds: float


class Fired(BaseModel):
    """An alert that would have opened. `told_at` is when the rule fired, `by_itself`: over within 10 minutes of it."""

    pipeline_id: int
    pipeline: str
    repo: str
    provider: str
    branch: str | None
    opened_at: datetime
    told_at: datetime
    resolved_at: datetime | None
    failures: int
    reason: str
    run_id: int | None
    recovered_run_id: int | None
    reopened: int
    by_itself: bool

    @classmethod
    def of(cls, fired: backtest.Fired) -> Fired:
        return cls(**{name: getattr(fired, name) for name in cls.model_fields})


class TestedDay(BaseModel):
    day: date
    passed: int
    failed: int


class Backtest(BaseModel):
    """What a rule would have done in [start, end). `messages` is what each channel would have got.

    `cut`: more verdicts lie in the window than were looked at, so that `start` is later than asked.
    """

    start: datetime
    end: datetime
    pipelines: int
    verdicts: int
    failed: int
    incidents: int
    open: int
    messages: int
    median_s: float | None
    by_itself: int
    cut: bool
    seconds: float
    fired: list[Fired]
    days: list[TestedDay]

    @classmethod
    def of(cls, tested: backtest.Backtest) -> Backtest:
        plain = (
            "start",
            "end",
            "pipelines",
            "verdicts",
            "failed",
            "messages",
            "median_s",
            "by_itself",
            "cut",
            "seconds",
        )
        return cls(
            **{name: getattr(tested, name) for name in plain},
            incidents=len(tested.fired),
            open=sum(fired.resolved_at is None for fired in tested.fired),
            fired=[Fired.of(fired) for fired in tested.fired],
            days=[TestedDay(day=day.day, passed=day.passed, failed=day.failed) for day in tested.days],
        )
