"""Silences: those that hold and those that are over, and what was typed as a new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from cicd_health.model.alert_scope import Scope
from cicd_health.store.lists import Row
from cicd_health.ui import format as text
from cicd_health.ui import routes
from cicd_health.ui.alerts_view import words
from cicd_health.ui.routes import AskedAlerts
from cicd_health.ui.view import Choice

PAST = 50
LENGTHS = {"1h": timedelta(hours=1), "4h": timedelta(hours=4), "24h": timedelta(hours=24), "7d": timedelta(days=7)}
UNTIL_FIXED = "fixed"
MUTES = {"1h": "1 hour", "4h": "4 hours", "24h": "24 hours", "7d": "7 days", UNTIL_FIXED: "Until fixed"}


@dataclass(frozen=True, slots=True)
class SilenceRow:
    key: str
    about: str
    href: str
    rule: str
    reason: str
    by: str
    began: str
    exact: str
    until: str
    until_exact: str


@dataclass(frozen=True, slots=True)
class Silences:
    active: list[SilenceRow] = field(default_factory=list)
    past: list[SilenceRow] = field(default_factory=list)
    rules: list[Choice] = field(default_factory=list)


def view(active: Sequence[Row], past: Sequence[Row], rules: Sequence[Row], now: datetime, zone: tzinfo) -> Silences:
    return Silences(
        active=[_row(row, _until(row, now, zone), row["ends_at"], now, zone) for row in active],
        past=[_row(row, _ended(row, now, zone), row["ended_at"] or row["ends_at"], now, zone) for row in past],
        rules=[Choice(str(row["id"]), row["name"]) for row in rules],
    )


def _row(row: Row, until: str, until_at: datetime | None, now: datetime, zone: tzinfo) -> SilenceRow:
    one = row["incident_id"] is not None
    return SilenceRow(
        key=str(row["id"]),
        about=(row["incident"] or "one incident") if one else words.scope_words(Scope.from_json(row["scope"])),
        href=routes.alerts(AskedAlerts(tab="silences", incident=str(row["incident_id"]))) if one else "",
        rule=row["rule_name"] or ("" if one else "every rule"),
        reason=row["reason"],
        by=words.who(row["created_by"]),
        began=text.moment(row["created_at"], now, zone),
        exact=text.exact(row["created_at"], zone),
        until=until,
        until_exact=text.exact(until_at, zone),
    )


def _until(row: Row, now: datetime, zone: tzinfo) -> str:
    if row["ends_at"] is None:
        return "until fixed"
    return f"{words.ahead(row['ends_at'], now, zone)}, in {text.span((row['ends_at'] - now).total_seconds())}"


def _ended(row: Row, now: datetime, zone: tzinfo) -> str:
    at = row["ended_at"] or row["ends_at"]
    by = f" by {words.who(row['ended_by'])}" if row["ended_by"] else ""
    return f"{text.moment(at, now, zone)}{by}" if at else text.NOTHING


def until_of(length: str, now: datetime) -> datetime | None:
    """The end of a mute: None until fixed. Raises ValueError for a length that is not offered."""
    if length == UNTIL_FIXED:
        return None
    if length not in LENGTHS:
        raise ValueError("Choose for how long.")
    return now + LENGTHS[length]


def scope_of(typed: Mapping[str, str]) -> Scope:
    """What a silence is about. Raises ValueError when it names nothing: all of it is silenced only when asked for."""
    from_typed = {
        "providers": words.globs(typed.get("provider", "")),
        "repos": words.globs(typed.get("repos", "")),
        "pipelines": words.globs(typed.get("pipelines", "")),
        "branches": words.globs(typed.get("branches", "")),
    }
    scope = Scope(**from_typed)
    if scope == Scope() and not typed.get("rule"):
        raise ValueError("Name a repository, a pipeline, a branch or a rule; * in Repository silences everything.")
    return scope
