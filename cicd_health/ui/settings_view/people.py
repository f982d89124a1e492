"""The people who may sign in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from cicd_health.access import User
from cicd_health.ui import format as text
from cicd_health.ui.rows import Mark

ROLES = {"viewer": "Viewer", "operator": "Operator", "admin": "Administrator"}
MAY = {
    "viewer": "Looks at everything, changes nothing.",
    "operator": "Looks, and acknowledges, mutes, replays and polls.",
    "admin": "Does everything, also with sources, people and keys.",
}
STATES = {
    "active": Mark("success", "Active", "ok"),
    "invited": Mark("waiting", "Invited", "hold"),
    "disabled": Mark("cancelled", "Disabled", "off"),
}


@dataclass(frozen=True, slots=True)
class PersonRow:
    key: str
    mark: Mark
    state: str
    email: str
    name: str
    role: str
    role_word: str
    signs_in: str
    seen: str
    exact: str
    sessions: str


def listed(users: Sequence[User], now: datetime, zone: tzinfo) -> list[PersonRow]:
    return [_row(user, now, zone) for user in users]


def _row(user: User, now: datetime, zone: tzinfo) -> PersonRow:
    return PersonRow(
        key=str(user.id),
        mark=STATES.get(user.state, STATES["disabled"]),
        state=user.state,
        email=user.email,
        name=user.name or "",
        role=user.role,
        role_word=ROLES.get(user.role, user.role),
        signs_in="Single sign-on" if user.sso else "Password or link",
        seen=text.age(user.last_seen_at, now) if user.last_seen_at else "never",
        exact=text.exact(user.last_seen_at, zone),
        sessions=text.count(user.sessions) if user.sessions else text.NOTHING,
    )


def sentence(users: Sequence[User]) -> str:
    """`7 people, 2 of them administrators`."""
    active = [user for user in users if user.state == "active"]
    admins = sum(user.role == "admin" for user in active)
    people = text.counted(len(active), "person", "people")
    if len(active) < 2:
        return f"{people} may sign in"
    return (
        f"{people} may sign in, {text.count(admins)} of them {'an administrator' if admins == 1 else 'administrators'}"
    )


def sub(users: Sequence[User]) -> str:
    """`1 invited, 2 disabled`; empty when all are active."""
    counts = {state: sum(user.state == state for user in users) for state in ("invited", "disabled")}
    return ", ".join(f"{text.count(number)} {state}" for state, number in counts.items() if number)
