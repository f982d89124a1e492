"""The delivery log: each message to each channel, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from cicd_health.model.alerts import NotificationState
from cicd_health.store.lists import Row
from cicd_health.ui import cursor, routes
from cicd_health.ui import format as text
from cicd_health.ui.alerts_view import words
from cicd_health.ui.routes import AskedAlerts
from cicd_health.ui.rows import Mark

PAGE = 50
FEW = 6  # on the first tab
MARKS = {
    NotificationState.QUEUED: Mark("queued", "Queued", "off"),
    NotificationState.SENDING: Mark("running", "Sending", "run"),
    NotificationState.SENT: Mark("success", "Sent", "ok"),
    NotificationState.FAILED: Mark("failure", "Failed", "fail"),
}
RETRYING = Mark("queued", "Retrying", "warn")


@dataclass(frozen=True, slots=True)
class MessageRow:
    """`again` is whether it can be sent now; `bad` whether its note is about a failure."""

    key: str
    mark: Mark
    channel: str
    kind: str
    about: str
    href: str
    at: str
    exact: str
    tries: str
    note: str
    bad: bool
    again: bool


@dataclass(frozen=True, slots=True)
class Messages:
    rows: list[MessageRow] = field(default_factory=list)
    sub: str = ""
    nothing: str = ""
    hint: str = ""
    older: str = ""
    newest: str = ""
    more: str = ""  # where all of them are


def view(found: Sequence[Row], asked: AskedAlerts, now: datetime, zone: tzinfo) -> Messages:
    """`found` holds one more than a page when there are older ones."""
    listed = found[:PAGE]
    last = listed[-1] if len(found) > PAGE else None
    narrowed = bool(asked.state or asked.channel)
    return Messages(
        rows=[row_of(row, now, zone) for row in listed],
        sub="newest first",
        nothing="" if listed else "No message matches" if narrowed else "No message has been sent yet",
        hint="" if listed else _hint(narrowed=narrowed),
        older=_page(asked, cursor.encode(last["created_at"], last["id"])) if last else "",
        newest=_page(asked, "") if asked.before else "",
    )


def few(found: Sequence[Row], now: datetime, zone: tzinfo) -> Messages:
    """The newest of them, for the first tab."""
    more = routes.alerts(AskedAlerts(tab="deliveries"))
    return Messages(
        rows=[row_of(row, now, zone) for row in found[:FEW]],
        sub="newest first",
        nothing="" if found else "No message has been sent yet",
        hint="" if found else _hint(narrowed=False),
        more=more if found else "",
    )


def _hint(*, narrowed: bool) -> str:
    if narrowed:
        return "Clear the filters to see all of them."
    return "When an incident opens or ends, each channel gets one, and it is listed here with what became of it."


def _page(asked: AskedAlerts, before: str) -> str:
    return routes.alerts(replace(asked, before=before))


def row_of(row: Row, now: datetime, zone: tzinfo) -> MessageRow:
    state = NotificationState(row["state"])
    at = row["sent_at"] or row["created_at"]
    return MessageRow(
        key=str(row["id"]),
        mark=_mark(row, state),
        channel=row["channel_name"],
        kind=words.NOTIFICATIONS.get(row["kind"], row["kind"]),
        about=row["incident"] or row["title"],
        href=routes.alerts(AskedAlerts(incident=str(row["incident_id"]))) if row["incident_id"] else "",
        at=_when(at, now, zone),
        exact=text.exact(at, zone),
        tries=text.count(row["attempts"]),
        note=note(row, state, now, zone),
        bad=bool(row["error"]) and state is not NotificationState.SENT,
        again=state is NotificationState.FAILED or (state is NotificationState.QUEUED and _waits(row, now)),
    )


def _mark(row: Row, state: NotificationState) -> Mark:
    return RETRYING if state is NotificationState.QUEUED and row["error"] else MARKS[state]


def _waits(row: Row, now: datetime) -> bool:
    return row["next_try_at"] is not None and row["next_try_at"] > now


def _when(at: datetime, now: datetime, zone: tzinfo) -> str:
    """To the second on the same day."""
    local = at.astimezone(zone)
    return f"{local:%H:%M:%S}" if local.date() == now.astimezone(zone).date() else text.moment(at, now, zone)


def note(row: Row, state: NotificationState, now: datetime, zone: tzinfo) -> str:
    """Why it waits, failed or was not needed: `quiet hours until 07:00`, `HTTP 500 · next try 10:47:41`."""
    parts = [row["error"] if state is not NotificationState.SENT else "", row["held"] or ""]
    if state is NotificationState.QUEUED and row["error"] and _waits(row, now):
        parts.append(f"next try {_when(row['next_try_at'], now, zone)}")
    if state is NotificationState.SENT and row["sent_with"] not in (None, row["id"]):
        parts.append("together with others, in one message")
    return " · ".join(part for part in parts if part)
