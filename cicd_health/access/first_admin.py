"""The user of ADMIN_EMAIL."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from cicd_health.access import passwords
from cicd_health.access.sessions import end_sessions, say_changed
from cicd_health.store import audit, engine, people
from cicd_health.store.tables import UserRow


def ensure_admin(email: str, password: str, now: datetime, *, replace: bool = True) -> None:
    """Make the first user; when nobody administers any more, make the user of this address an administrator again.

    A user who has a password keeps it, unless `replace`: then they get this one, and are signed out if it is another.
    Somebody who is disabled or has a lesser role, while others administer, stays so.
    """
    try:
        _ensure_admin(email, password, now, replace=replace)
    except IntegrityError:  # another process made the user at the same moment
        _ensure_admin(email, password, now, replace=replace)


def _ensure_admin(email: str, password: str, now: datetime, *, replace: bool) -> None:
    with engine.reading() as session:
        user, admins = people.of_email(session, email), people.active_admins(session)
    hashed = passwords.hashed(password) if _needs(user, password, replace=replace) else None
    if user is None or hashed is not None or not admins:
        with engine.writing() as session:
            _set_admin(session, user, email, hashed, now)


def _set_admin(session: Session, user: UserRow | None, email: str, hashed: str | None, now: datetime) -> None:
    if user is None or user.id is None:
        people.add_user(session, email, "admin", hashed, now)
        return audit.note(session, "user.invited", email, now, role="admin")
    if not people.active_admins(session, lock=True):
        row = people.get_to_change(session, user.id)
        row.role, row.disabled_at = "admin", None
        audit.note(session, "user.changed", email, now, role="admin", why="nobody administered")
    if hashed is not None:
        people.set_password(session, user.id, hashed)
        end_sessions(session, user.id, now)
        audit.note(session, "user.password_changed", email, now, by="ADMIN_PASSWORD")
    return say_changed(session)


def _needs(user: UserRow | None, password: str, *, replace: bool) -> bool:
    """Whether the user is to get this password."""
    if user is None:
        return True
    if user.password is None:
        return replace or user.subject is None
    return replace and not passwords.matches(password, user.password)[0]
