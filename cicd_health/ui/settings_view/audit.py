"""The audit log: who changed what, when, and from where."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import Any

from cicd_health.store.audit import Entry
from cicd_health.ui import cursor, routes
from cicd_health.ui import format as text
from cicd_health.ui.routes import AskedSettings

PAGE = 50
LONGEST_DETAIL = 300
MOMENT = re.compile(r"\b(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)[\d:.+Z-]*")  # to the minute
# The first part of every action, as the filter offers it.
THINGS = (
    "alert",
    "channel",
    "data",
    "delivery",
    "key",
    "poll",
    "repo",
    "rule",
    "secrets",
    "session",
    "settings",
    "sign_in",
    "silence",
    "source",
    "tallies",
    "user",
)
WAYS = {"page": "", "api": "API", "command": "command line", "sign_in": "sign-in page", "server": "the server itself"}


@dataclass(frozen=True, slots=True)
class AuditRow:
    key: str
    when: str
    exact: str
    who: str
    where: str
    action: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    rows: list[AuditRow] = field(default_factory=list)
    nothing: str = ""
    hint: str = ""
    older: str = ""
    newest: str = ""


def view(entries: Sequence[Entry], asked: AskedSettings, now: datetime, zone: tzinfo) -> AuditPage:
    """`entries` are one more than a page has, when there are more."""
    shown = entries[:PAGE]
    last = shown[-1] if len(entries) > PAGE else None
    narrowed = bool(asked.action or asked.q)
    return AuditPage(
        rows=[_row(entry, now, zone) for entry in shown],
        nothing="" if shown else "No entry matches" if narrowed else "Nothing has been changed yet",
        hint="" if shown else _hint(narrowed=narrowed),
        older=_page(asked, cursor.encode(last["at"], last["id"])) if last else "",
        newest=_page(asked, "") if asked.before else "",
    )


def _hint(*, narrowed: bool) -> str:
    if narrowed:
        return "Clear the filters to see all of them."
    return "Each change that somebody makes is written down here, with who, when and from where."


def _page(asked: AskedSettings, before: str) -> str:
    return routes.settings(replace(asked, tab="audit", before=before))


def _row(entry: Entry, now: datetime, zone: tzinfo) -> AuditRow:
    return AuditRow(
        key=str(entry["id"]),
        when=_when(entry["at"], now, zone),
        exact=text.exact(entry["at"], zone),
        who=entry["who"],
        where=" · ".join(part for part in (WAYS.get(entry["via"], entry["via"]), entry["address"] or "") if part),
        action=words(entry["action"]),
        subject=entry["subject"],
        detail=detail(entry["detail"]),
    )


def _when(at: datetime, now: datetime, zone: tzinfo) -> str:
    """With the time also when it is long ago."""
    local = at.astimezone(zone)
    if local.date() == now.astimezone(zone).date():
        return f"{local:%H:%M:%S}"
    return f"{text.date(at, zone)} {local:%H:%M}"


def words(action: str) -> str:
    """`user.password_changed` → `User: password changed`."""
    thing, _, done = action.partition(".")
    return f"{thing.replace('_', ' ').capitalize()}: {done.replace('_', ' ')}" if done else thing


def detail(said: Mapping[str, Any]) -> str:
    """`role viewer → admin, name Wren`."""
    parts = (f"{name.replace('_', ' ')} {_value(value)}" for name, value in said.items() if value not in (None, ""))
    joined = ", ".join(parts)
    return joined if len(joined) <= LONGEST_DETAIL else f"{joined[:LONGEST_DETAIL]}…"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_value(part) for part in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_value(part)}" for name, part in value.items())
    return MOMENT.sub(r"\1 \2", str(value))
