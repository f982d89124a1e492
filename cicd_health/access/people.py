"""Users: invited, changed, disabled; and their passwords."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from cicd_health.access import passwords, throttle
from cicd_health.access.links import add_link_for
from cicd_health.access.roles import ROLES
from cicd_health.access.sessions import end_sessions, say_changed
from cicd_health.store import audit, engine
from cicd_health.store import people as store
from cicd_health.store import sessions as stored_sessions
from cicd_health.store.tables import UserRow

ADDRESS = re.compile(r"[^@\s,]+@[^@\s,]+")
LONGEST_ADDRESS = 200
LONGEST_NAME = 100
State = Literal["active", "invited", "disabled"]


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in. Who is `invited` has not chosen a password yet, nor come by single sign-on (`sso`)."""

    id: int
    email: str
    name: str
    role: str
    state: State
    sso: bool
    created_at: datetime
    last_seen_at: datetime | None
    sessions: int


@dataclass(frozen=True, slots=True)
class Invitation:
    """`token` is of the link by which they come in; it is not kept."""

    user_id: int
    token: str


def users(now: datetime | None = None) -> list[User]:
    """All users, by e-mail address; `now`, else this moment, decides which of their sessions count."""
    with engine.reading() as session:
        return [_user(row) for row in store.users(session, now or datetime.now(UTC))]


def user(user_id: int, now: datetime) -> User:
    """Raises LookupError."""
    found = next((one for one in users(now) if one.id == user_id), None)
    if found is None:
        raise LookupError(f"There is no user {user_id}.")
    return found


def _user(row: Any) -> User:
    can_sign_in = row["has_password"] or row["has_subject"]
    return User(
        id=row["id"],
        email=row["email"],
        name=row["name"] or "",
        role=row["role"],
        state="disabled" if row["disabled_at"] else "active" if can_sign_in else "invited",
        sso=row["has_subject"],
        created_at=row["created_at"],
        last_seen_at=row["last_seen_at"],
        sessions=row["sessions"],
    )


def invite(email: str, role: str, now: datetime, name: str = "") -> Invitation:
    """A new user, and the link by which they choose a password, within seven days. Raises ValueError."""
    email = email.strip().lower()
    if not ADDRESS.fullmatch(email) or len(email) > LONGEST_ADDRESS or not email.isprintable():
        raise ValueError(f"{email[:LONGEST_ADDRESS]!r} is not an e-mail address.")
    _check_role(role)
    try:
        with engine.writing() as session:
            return _invite(session, email, role, now, _name(name))
    except IntegrityError:  # somebody else invited them at the same moment
        raise ValueError(f"There is a user {email} already.") from None


def _invite(session: Session, email: str, role: str, now: datetime, name: str) -> Invitation:
    known = store.of_email(session, email)
    if known is not None:
        raise ValueError(f"There is a user {email} already{', who is disabled' if known.disabled_at else ''}.")
    row = store.add_user(session, email, role, None, now, name)
    audit.note(session, "user.invited", email, now, role=role)
    say_changed(session)
    assert row.id is not None
    return Invitation(row.id, add_link_for(session, row, now))


def change_user(
    user_id: int, now: datetime, *, role: str | None = None, name: str | None = None, disabled: bool | None = None
) -> None:
    """Change what is given. Who is disabled is signed out everywhere, and links they have are not good any more.

    Raises LookupError; ValueError for an unknown role, and when nobody would be left who administers.
    """
    if role is not None:
        _check_role(role)
    with engine.writing() as session:
        admins = store.active_admins(session, lock=True)
        row = store.get_to_change(session, user_id)
        if admins == {user_id} and (disabled or role not in (None, "admin")):
            raise ValueError(f"{row.email} is the last administrator: make somebody else one first.")
        _change(session, row, now, role, None if name is None else _name(name), disabled)


def _change(
    session: Session, row: UserRow, now: datetime, role: str | None, name: str | None, disabled: bool | None
) -> None:
    assert row.id is not None
    before = {"role": row.role, "name": row.name or ""}
    wanted = {"role": role, "name": name}
    changed = {what: [before[what], to] for what, to in wanted.items() if to is not None and to != before[what]}
    if changed:
        row.role, row.name = role or row.role, row.name if name is None else name or None
        audit.note(session, "user.changed", row.email, now, **changed)
    if disabled is not None and disabled != (row.disabled_at is not None):
        row.disabled_at = now if disabled else None
        audit.note(session, "user.disabled" if disabled else "user.enabled", row.email, now)
        if disabled:
            stored_sessions.end_links_of(session, row.id, now)
            end_sessions(session, row.id, now)
    session.add(row)
    say_changed(session)


def change_password(user_id: int, old: str, new: str, now: datetime, keep_token: str = "") -> None:
    """Another password for somebody who knows the old one; all their sessions but the one of `keep_token` end.

    Raises LookupError; ValueError with a sentence; TooManyAttempts.
    """
    with engine.reading() as session:
        row = store.get(session, user_id)
    if row.password is None:
        raise ValueError("There is no password to change: this account comes by single sign-on, or by its first link.")
    passwords.check(new, row.email)
    throttle.attempt("password change", row.email, known=True)
    if not passwords.matches(old, row.password)[0]:
        raise ValueError("The old password is wrong.")
    throttle.succeeded("password change", row.email)
    _set_password(row, passwords.hashed(new), now, keep_token)


def reset_password(user_id: int, new: str, now: datetime) -> None:
    """Another password, on the word of an administrator; all sessions of the user end. LookupError; ValueError."""
    with engine.reading() as session:
        row = store.get(session, user_id)
    passwords.check(new, row.email)
    _set_password(row, passwords.hashed(new), now)


def _set_password(row: UserRow, hashed: str, now: datetime, keep_token: str = "") -> None:
    assert row.id is not None
    with engine.writing() as session:
        store.set_password(session, row.id, hashed)
        stored_sessions.end_links_of(session, row.id, now)
        end_sessions(session, row.id, now, keep_token)
        audit.note(session, "user.password_changed", row.email, now)


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise ValueError(f"A role is one of {', '.join(ROLES)}, not {role[:50]!r}.")


def _name(name: str) -> str:
    name = " ".join(name.split())
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise ValueError(f"A name has at most {LONGEST_NAME} characters, all of them printable.")
    return name
