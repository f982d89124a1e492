"""The tabs of the settings page and its first sentence."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from cicd_health.ui import format as text
from cicd_health.ui import routes
from cicd_health.ui.routes import AskedSettings
from cicd_health.ui.view import Choice

TABS = {"people": "People", "keys": "Keys", "you": "You", "audit": "Audit", "server": "Server"}
OWN = "you"  # the tab of everybody who has signed in
VISITOR = "visitor"  # instead of a tab: nobody has signed in, and visitors may look


@dataclass(frozen=True, slots=True)
class Head:
    """`tab` is the one that is shown, or VISITOR; `actions` and `q` are the filters of the audit log."""

    tab: str = ""
    sentence: str = ""
    sub: str = ""
    tabs: list[Choice] = field(default_factory=list)
    actions: list[Choice] = field(default_factory=list)
    action: str = ""
    q: str = ""
    everything: str = ""  # the address without filters; empty when there is none to clear
    zone: str = ""


def tab_of(asked: AskedSettings, role: str) -> str:
    """The tab that is shown to somebody of this role, whatever the address says."""
    if role == "visitor":
        return VISITOR
    if role != "admin":
        return OWN
    return asked.tab or next(iter(TABS))


def view(
    asked: AskedSettings,
    tab: str,
    sentence: str,
    sub: str,
    now: datetime,
    zone: tzinfo,
    *,
    admin: bool,
    actions: tuple[str, ...] = (),
) -> Head:
    filtered = tab == "audit" and bool(asked.action or asked.q)
    return Head(
        tab=tab,
        sentence=sentence,
        sub=sub,
        tabs=tabs(tab) if admin else [],
        actions=[Choice(action, action.replace("_", " ").capitalize()) for action in actions],
        action=asked.action,
        q=asked.q,
        everything=routes.settings(AskedSettings(tab="audit")) if filtered else "",
        zone=f"Times in {text.offset(now, zone)}",
    )


def tabs(chosen: str) -> list[Choice]:
    return [
        Choice(tab, word, routes.settings(AskedSettings(tab=tab)), chosen=tab == chosen) for tab, word in TABS.items()
    ]
