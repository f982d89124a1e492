"""Channels: the list of them, and one of them as a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from cicd_health.model.alert_drafts import ChannelDraft, Quiet
from cicd_health.model.alert_scope import Scope
from cicd_health.model.alerts import Severity
from cicd_health.store.lists import Row
from cicd_health.ui import format as text
from cicd_health.ui import routes
from cicd_health.ui.alerts_view import rules, words
from cicd_health.ui.routes import NEW, AskedAlerts
from cicd_health.ui.rows import Mark
from cicd_health.ui.view import Choice

WORKS = Mark("success", "Works", "ok")
UNTRIED = Mark("neutral", "Not used yet", "off")
OFF = Mark("cancelled", "Off", "off")
FAILING = Mark("unstable", "Failing", "warn")
SWITCHED_OFF = Mark("failure", "Switched off", "fail")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
ON = "on"
# For people who have never seen such an address. Each is made up.
EXAMPLES = (
    ("Slack", "https://hooks.slack.com/services/T000/B000/XXXX"),
    ("E-mail", "mailtos://user:password@mail.example.com?to=team@example.com"),
    ("Teams", "https://….webhook.office.com/workflows/… (a workflow's address)"),
    ("Discord", "https://discord.com/api/webhooks/ID/TOKEN"),
    ("PagerDuty", "pagerduty://INTEGRATION_KEY@API_KEY"),
    ("Any webhook", "jsons://example.com/hook"),
)


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """`trouble` is what is wrong and since when; `by_hand` is False for one of the settings."""

    key: str
    mark: Mark
    name: str
    kind: str
    address: str
    takes: str
    waits: str
    today: str
    last: str
    exact: str
    trouble: str
    switched_off: bool
    on: bool
    by_hand: bool
    href: str


@dataclass(frozen=True, slots=True)
class Form:
    """A channel as it is edited. `key` is its id, "new", or empty while none is open."""

    key: str = ""
    title: str = ""
    name: str = ""
    address: str = ""
    by_hand: bool = True
    severity: str = Severity.INFO
    provider: str = ""
    repos: str = ""
    pipelines: str = ""
    branches: str = ""
    zone: str = "UTC"
    quiet_start: str = ""
    quiet_end: str = ""
    days: list[Choice] = field(default_factory=list)
    except_critical: bool = True
    digest_at: str = ""
    per_hour: str = ""
    missing: str = ""


def listed(rows: Sequence[Row], now: datetime, zone: tzinfo) -> list[ChannelRow]:
    return [_row(row, now, zone) for row in rows]


def _row(row: Row, now: datetime, zone: tzinfo) -> ChannelRow:
    last = row["sent_at"]
    return ChannelRow(
        key=str(row["id"]),
        mark=mark_of(row),
        name=row["name"],
        kind={"slack": "Slack", "email": "E-mail"}.get(row["kind"], row["kind"].capitalize()),
        address=row["address"] or ("from the settings" if row["origin"] == "env" else text.NOTHING),
        takes=_takes(row),
        waits=_waits(row),
        today=_today(row),
        last=text.age(last, now) if last else "never",
        exact=text.exact(last, zone),
        trouble=_trouble(row, now, zone),
        switched_off=row["switched_off_at"] is not None,
        on=bool(row["enabled"]),
        by_hand=row["origin"] != "env",
        href=routes.alerts(AskedAlerts(tab="channels", channel=str(row["id"]))),
    )


def mark_of(row: Row) -> Mark:
    if not row["enabled"]:
        return OFF
    if row["switched_off_at"]:
        return SWITCHED_OFF
    if row["error"]:
        return FAILING
    return WORKS if row["sent_at"] else UNTRIED


def _trouble(row: Row, now: datetime, zone: tzinfo) -> str:
    if row["switched_off_at"]:
        since = text.moment(row["switched_off_at"], now, zone)
        return f"It refused a message for good, so it is sent none since {since}: {row['error'] or 'no reason given'}"
    return f"The last try failed: {row['error']}" if row["error"] else ""


def _takes(row: Row) -> str:
    """`kestrel/*, warnings and worse`; `everything`."""
    scope = words.scope_words(Scope.from_json(row["scope"]), "")
    least = {"critical": "only what is critical", "warning": "warnings and worse"}.get(row["min_severity"], "")
    return ", ".join(part for part in (scope, least) if part) or "everything"


def _waits(row: Row) -> str:
    """`quiet 22:00 to 07:00, digest at 09:00, at most 20 an hour`; empty when nothing waits."""
    quiet = Quiet.from_json(row["quiet"])
    parts = [
        f"quiet {quiet.start} to {quiet.end}" if quiet else "",
        f"digest at {row['digest_at']}" if row["digest_at"] else "",
        f"at most {row['per_hour']} an hour" if row["per_hour"] else "",
    ]
    said = ", ".join(part for part in parts if part)
    return f"{said} ({row['zone']})" if quiet or row["digest_at"] else said


def _today(row: Row) -> str:
    """`7 sent, 1 failed`, of the last 24 hours."""
    parts = [f"{text.count(row[name])} {name}" for name in ("sent", "waiting", "failed") if row[name]]
    return ", ".join(parts) or "none"


def form_of(row: Row) -> Form:
    scope, quiet = Scope.from_json(row["scope"]), Quiet.from_json(row["quiet"])
    return Form(
        key=str(row["id"]),
        title=f"Channel: {row['name']}",
        name=row["name"],
        address=row["address"],
        by_hand=row["origin"] != "env",
        severity=row["min_severity"],
        provider=",".join(scope.providers),
        repos=", ".join(scope.repos),
        pipelines=", ".join(scope.pipelines),
        branches=", ".join(scope.branches),
        zone=row["zone"],
        quiet_start=quiet.start if quiet else "",
        quiet_end=quiet.end if quiet else "",
        days=days(quiet.days if quiet else tuple(range(7))),
        except_critical=quiet.except_critical if quiet else True,
        digest_at=row["digest_at"] or "",
        per_hour=str(row["per_hour"] or ""),
    )


def new_form(zone: str) -> Form:
    return Form(key=NEW, title="New channel", zone=zone, days=days(tuple(range(7))))


def missing(key: str) -> Form:
    said = "It may have been deleted, or the address is mistyped."
    return Form(key=key, title="There is no such channel", missing=said)


def days(chosen: tuple[int, ...]) -> list[Choice]:
    return [Choice(f"day.{number}", name, chosen=number in chosen) for number, name in enumerate(DAYS)]


def draft_of(typed: Mapping[str, str], *, enabled: bool = True) -> ChannelDraft:
    """What was typed as a channel; without an address, the stored one is kept. Raises ValueError with a sentence."""
    severity = typed.get("severity", "")
    per_hour = typed.get("per_hour", "").strip()
    if per_hour and not (per_hour.isascii() and per_hour.isdigit() and 0 < int(per_hour[:9]) <= 10_000):
        raise ValueError("Messages an hour: a number from 1 to 10,000, or nothing for any number.")
    return ChannelDraft(
        name=typed.get("name", "").strip(),
        url=typed.get("url", "").strip() or None,
        scope=rules.scope_of(typed),
        min_severity=Severity(severity) if severity in set(Severity) else Severity.INFO,
        zone=typed.get("zone", "").strip() or "UTC",
        quiet=_quiet_of(typed),
        digest_at=typed.get("digest_at", "").strip()[:5] or None,
        per_hour=int(per_hour[:9]) if per_hour else None,
        enabled=enabled,
    )


def _quiet_of(typed: Mapping[str, str]) -> Quiet | None:
    start, end = (typed.get(name, "").strip()[:5] for name in ("quiet_start", "quiet_end"))
    if not start and not end:
        return None
    if not (start and end) or start == end:
        raise ValueError("Quiet hours need a beginning and another end.")
    chosen = tuple(number for number in range(7) if typed.get(f"day.{number}"))
    if not chosen:
        raise ValueError("Quiet hours need a day on which they begin.")
    return Quiet(start, end, chosen, except_critical=bool(typed.get("except_critical")))
