"""The viewer's own account: who they are, and the browsers they are signed in with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from cicd_health.access import Person, SessionLine
from cicd_health.ui import format as text
from cicd_health.ui.settings_view.people import MAY, ROLES

METHODS = {"password": "password", "link": "one-time link", "sso": "single sign-on"}
BROWSERS = (  # the first that is found in a User-Agent: most of them also name others
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class SessionRow:
    """`here` is the one that looks at the page."""

    key: str
    browser: str
    agent: str
    address: str
    method: str
    began: str
    began_exact: str
    seen: str
    seen_exact: str
    here: bool


def listed(lines: Sequence[SessionLine], here: int | None, now: datetime, zone: tzinfo) -> list[SessionRow]:
    """This one first."""
    rows = (_row(line, now, zone, here=line.id == here) for line in lines)
    return sorted(rows, key=lambda row: not row.here)


def _row(line: SessionLine, now: datetime, zone: tzinfo, *, here: bool) -> SessionRow:
    return SessionRow(
        key=str(line.id),
        browser=browser(line.user_agent or ""),
        agent=line.user_agent or "",
        address=line.address or text.NOTHING,
        method=METHODS.get(line.method, line.method),
        began=text.moment(line.created_at, now, zone),
        began_exact=text.exact(line.created_at, zone),
        seen="now" if here else text.age(line.last_seen_at, now),
        seen_exact=text.exact(line.last_seen_at, zone),
        here=here,
    )


def browser(agent: str) -> str:
    """`Firefox on Linux`; what cannot be told is left out."""
    name = next((word for part, word in BROWSERS if re.search(rf"{part}\w*/", agent)), "A browser")
    system = next((word for part, word in SYSTEMS if part in agent), "")
    return f"{name} on {system}" if system else name


def sentence(person: Person) -> str:
    return f"You are {person.email}"


def sub(person: Person) -> str:
    return f"{ROLES.get(person.role, person.role)}. {MAY.get(person.role, '')}".strip()
