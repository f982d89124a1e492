"""Incidents: those that are not over, worst first, and those that are, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from cicd_health.model.alerts import IncidentState, Severity
from cicd_health.store.lists import Row
from cicd_health.ui import cursor, routes
from cicd_health.ui import format as text
from cicd_health.ui.alerts_view import words
from cicd_health.ui.routes import AskedAlerts
from cicd_health.ui.rows import Mark

OPEN_ROWS = 50
PAGE = 25
OPEN_STATES = (IncidentState.OPEN, IncidentState.ACKNOWLEDGED, IncidentState.MUTED)
WORST = {severity: rank for rank, severity in enumerate(Severity)}
NOT_KNOWN = "not on record"


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """`state` is the incident's own word, `said` the words for people. `count` is "×4"."""

    key: str
    mark: Mark
    name: str
    where: str
    href: str
    rule: str
    since: str
    exact: str
    count: str
    state: str
    said: str
    why: str
    told: str
    lasted: str = ""  # of one that is over


@dataclass(frozen=True, slots=True)
class Incidents:
    """`open` and `past` are the lists; a list that is not asked for is empty and has no title."""

    open: list[IncidentRow] = field(default_factory=list)
    lasting: dict[str, str] = field(default_factory=dict)  # by key: for how long by now
    past: list[IncidentRow] = field(default_factory=list)
    open_sub: str = ""
    calm: str = ""
    calm_hint: str = ""
    past_sub: str = ""
    past_nothing: str = ""
    older: str = ""
    newest: str = ""


def view(
    unresolved: Sequence[Row],
    past: Sequence[Row],
    told: Mapping[int, Sequence[Row]],
    asked: AskedAlerts,
    now: datetime,
    zone: tzinfo,
) -> Incidents:
    """`past` holds one more than a page when there are older ones; `told` are the messages of each incident."""
    listed = worst_first(unresolved)[:OPEN_ROWS]
    ended = past[:PAGE]
    last = ended[-1] if len(past) > PAGE else None
    narrowed = is_narrowed(asked)
    return Incidents(
        open=[row_of(row, told.get(row["id"], ()), asked, now, zone) for row in listed],
        lasting={str(row["id"]): lasted(row, now) for row in listed},
        past=[row_of(row, told.get(row["id"], ()), asked, now, zone) for row in ended],
        open_sub=_open_sub(len(listed), len(unresolved)),
        calm="" if listed else "No open incident matches" if narrowed else "Nothing is open",
        calm_hint="" if listed else "Clear the filters to see all of them." if narrowed else _what_opens_one(),
        past_sub="newest first",
        past_nothing="" if ended else "None of those asked for." if narrowed else "No incident has ended yet.",
        older=_page(asked, cursor.encode(last["opened_at"], last["id"])) if last else "",
        newest=_page(asked, "") if asked.before else "",
    )


def worst_first(rows: Sequence[Row]) -> list[Row]:
    """The graver first, of these what nobody has taken, then the older; muted ones come last."""
    return sorted(rows, key=_badness)


def _badness(row: Row) -> tuple[bool, int, bool, datetime, int]:
    muted, taken = row["state"] == IncidentState.MUTED, row["state"] == IncidentState.ACKNOWLEDGED
    return muted, WORST[Severity(row["severity"])], taken, row["opened_at"], row["id"]


def is_narrowed(asked: AskedAlerts) -> bool:
    return bool(asked.state or asked.severity or asked.provider or asked.rule or asked.q)


def _open_sub(listed: int, number: int) -> str:
    if not number:
        return ""
    return f"{number}, worst first" if listed == number else f"{listed} of {text.count(number)}, worst first"


def _what_opens_one() -> str:
    return "An incident opens when a rule fires, and ends by itself."


def _page(asked: AskedAlerts, before: str) -> str:
    return routes.alerts(replace(asked, before=before, incident=""))


def row_of(row: Row, told: Sequence[Row], asked: AskedAlerts, now: datetime, zone: tzinfo) -> IncidentRow:
    return IncidentRow(
        key=str(row["id"]),
        mark=mark_of(row),
        name=row["pipeline"] or row["title"],
        where=words.place(row),
        href=routes.alerts(replace(asked, incident=str(row["id"]))),
        rule=row["rule_name"],
        since=text.moment(row["opened_at"], now, zone),
        exact=text.exact(row["opened_at"], zone),
        count=f"×{text.count(row['failures'])}" if row["failures"] > 1 else "",
        state=row["state"],
        said=state_words(row, now, zone),
        why=row["title"],
        told=told_words(told),
        lasted=lasted(row, now) if row["resolved_at"] else "",
    )


def mark_of(row: Row) -> Mark:
    """What has ended is quiet."""
    mark = words.kind_mark(row["kind"], row["severity"])
    return replace(mark, tone="off") if row["state"] == IncidentState.RESOLVED else mark


def lasted(row: Row, now: datetime) -> str:
    return text.duration(max(0.0, ((row["resolved_at"] or now) - row["opened_at"]).total_seconds()))


def state_words(row: Row, now: datetime, zone: tzinfo) -> str:
    """`Open again`, `Acknowledged, wren 08:10`, `Muted until 14:30`, `Resolved 09:54`."""
    state = IncidentState(row["state"])
    if state is IncidentState.ACKNOWLEDGED and row["acknowledged_at"]:
        return f"Acknowledged, {words.who(row['acknowledged_by'])} {text.moment(row['acknowledged_at'], now, zone)}"
    if state is IncidentState.MUTED:
        until = row["muted_until"]
        return f"Muted until {words.ahead(until, now, zone)}" if until else "Muted until fixed"
    if state is IncidentState.RESOLVED and row["resolved_at"]:
        return f"Resolved {text.moment(row['resolved_at'], now, zone)}"
    return "Open again" if row["turn"] > 1 else words.STATES[state]


def told_words(messages: Sequence[Row]) -> str:
    """The channels that took a message of it; of the others, why not."""
    said: dict[str, str] = {}
    for message in messages:
        state = {"sent": "", "failed": " (failed)"}.get(message["state"], " (waits)")
        if said.get(message["channel_name"]) != "":
            said[message["channel_name"]] = state
    return ", ".join(f"{name}{state}" for name, state in said.items()) or "nobody"
