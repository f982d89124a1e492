"""The sentence of the alerts page, its tabs and its filters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from cicd_health.model.alerts import IncidentState, NotificationState, Severity
from cicd_health.store.lists import Row
from cicd_health.ui import format as text
from cicd_health.ui import routes
from cicd_health.ui.alerts_view import words
from cicd_health.ui.routes import AskedAlerts
from cicd_health.ui.rows import PROVIDER_LABELS
from cicd_health.ui.view import Choice

COUNTED = 1000  # unresolved incidents that are looked at; beyond them it is "1,000 and more"
TABS = {
    "": "Incidents",
    "rules": "Rules",
    "channels": "Channels",
    "deliveries": "Deliveries",
    "silences": "Silences",
}
NOUNS = {
    Severity.CRITICAL: ("incident", "incidents"),
    Severity.WARNING: ("warning", "warnings"),
    Severity.INFO: ("note", "notes"),
}
INCIDENT_STATES = ("", *IncidentState)
MESSAGE_STATES = ("", NotificationState.QUEUED, NotificationState.SENT, NotificationState.FAILED)


@dataclass(frozen=True, slots=True)
class Head:
    """`troubles` are channels that need a look. The filters are those of the tab that is open."""

    tab: str = ""
    sentence: str = ""
    sub: str = ""
    troubles: list[str] = field(default_factory=list)
    tabs: list[Choice] = field(default_factory=list)
    states: list[Choice] = field(default_factory=list)
    severities: list[Choice] = field(default_factory=list)
    severity: str = ""
    providers: list[Choice] = field(default_factory=list)
    provider: str = ""
    rules: list[Choice] = field(default_factory=list)
    rule: str = ""
    channels: list[Choice] = field(default_factory=list)
    channel: str = ""
    q: str = ""
    everything: str = ""  # the address without filters; empty when there is none to clear
    zone: str = ""


def view(
    asked: AskedAlerts,
    unresolved: Sequence[Row],
    rules: Sequence[Row],
    channels: Sequence[Row],
    late: int,
    now: datetime,
    zone: tzinfo,
) -> Head:
    """`unresolved` are all that are not over, whatever the filters; at most COUNTED."""
    first = replace(asked, before="", incident="")
    filtered = bool(asked.state or asked.severity or asked.provider or asked.q or _narrows(asked))
    return Head(
        tab=asked.tab,
        sentence=sentence(unresolved, late),
        sub=_sub(rules, channels),
        troubles=[f"{row['name']} is switched off" for row in channels if row["enabled"] and row["switched_off_at"]],
        tabs=[Choice(tab, word, routes.alerts(AskedAlerts(tab=tab)), tab == asked.tab) for tab, word in TABS.items()],
        states=_states(first),
        severities=[Choice(value, word) for value, word in words.SEVERITIES.items()],
        severity=asked.severity,
        providers=[Choice(slug, label) for slug, label in PROVIDER_LABELS.items()],
        provider=asked.provider,
        rules=[Choice(str(row["id"]), row["name"]) for row in rules],
        rule=asked.rule if asked.tab == "" else "",
        channels=[Choice(str(row["id"]), row["name"]) for row in channels],
        channel=asked.channel if asked.tab == "deliveries" else "",
        q=asked.q,
        everything=routes.alerts(AskedAlerts(tab=asked.tab)) if filtered else "",
        zone=f"Times in {text.offset(now, zone)}",
    )


def _narrows(asked: AskedAlerts) -> bool:
    """Whether a rule or channel is a filter here and not what is open."""
    return bool((asked.rule and asked.tab == "") or (asked.channel and asked.tab == "deliveries"))


def _states(asked: AskedAlerts) -> list[Choice]:
    if asked.tab == "deliveries":
        labels = {state: state.capitalize() for state in MESSAGE_STATES}
    elif asked.tab == "":
        labels = {"": "", **words.STATES}
    else:
        return []
    return [
        Choice(state, label or "All", routes.alerts(replace(asked, state=state)), chosen=state == asked.state)
        for state, label in labels.items()
    ]


def sentence(unresolved: Sequence[Row], late: int) -> str:
    """`2 incidents and 3 warnings are open, 1 is muted, 1 message is late`."""
    loud = [row for row in unresolved if row["state"] != IncidentState.MUTED]
    counts = Counter(Severity(row["severity"]) for row in loud)
    named = [text.counted(counts[severity], *NOUNS[severity]) for severity in Severity if counts[severity]]
    parts = [_open(named, len(loud)) if loud else "Nothing is open" if not unresolved else "Nothing loud is open"]
    muted = len(unresolved) - len(loud)
    if muted:
        parts.append(f"{text.count(muted)} {'is' if muted == 1 else 'are'} muted")
    if late:
        parts.append(f"{text.counted(late, 'message')} {'is' if late == 1 else 'are'} late")
    return ", ".join(parts)


def _open(named: list[str], number: int) -> str:
    more = "more than " if number >= COUNTED else ""
    listed = " and ".join((", ".join(named[:-1]), named[-1]) if len(named) > 1 else named)
    return f"{more}{listed} {'is' if number == 1 else 'are'} open"


def _sub(rules: Sequence[Row], channels: Sequence[Row]) -> str:
    on = sum(bool(row["enabled"]) for row in rules)
    working = sum(bool(row["enabled"]) and row["switched_off_at"] is None for row in channels)
    return f"{text.counted(on, 'rule')} and {text.counted(working, 'channel')} at work"
