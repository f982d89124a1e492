"""Users: who they are, what they may, and how they sign in."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from cicd_health.store.lists import Rows, read
from cicd_health.store.tables import UserRow

USER, SESSION = (SQLModel.metadata.tables[name] for name in ("users", "sessions"))


def users(session: Session, now: datetime) -> Rows:
    """All users by e-mail address: {id, email, name, role, has_password, has_subject, …, sessions that hold}."""
    open_sessions = (
        sa.select(sa.func.count())
        .where(SESSION.c.user_id == USER.c.id, SESSION.c.revoked_at.is_(None), SESSION.c.expires_at > now)
        .scalar_subquery()
    )
    shown = (USER.c.id, USER.c.email, USER.c.name, USER.c.role, USER.c.disabled_at, USER.c.last_seen_at)
    query = sa.select(
        *shown,
        USER.c.created_at,
        USER.c.password.is_not(None).label("has_password"),
        USER.c.subject.is_not(None).label("has_subject"),
        open_sessions.label("sessions"),
    )
    return read(session, query.order_by(USER.c.email))


def find_user(session: Session, email: str) -> UserRow | None:
    """The user of this address, whatever its case, unless disabled."""
    user = of_email(session, email)
    return user if user is not None and user.disabled_at is None else None


def of_email(session: Session, email: str) -> UserRow | None:
    """The same, also when disabled."""
    return session.exec(select(UserRow).where(sa.func.lower(UserRow.email) == email.strip().lower())).one_or_none()


def of_subject(session: Session, subject: str) -> UserRow | None:
    """Whom single sign-on calls this, also when disabled."""
    return session.exec(select(UserRow).where(UserRow.subject == subject)).one_or_none()


def get(session: Session, user_id: int) -> UserRow:
    """Raises LookupError."""
    return _there(session.get(UserRow, user_id), user_id)


def get_to_change(session: Session, user_id: int) -> UserRow:
    """The same; others who want to change it wait. Raises LookupError."""
    return _there(session.exec(select(UserRow).where(UserRow.id == user_id).with_for_update()).one_or_none(), user_id)


def _there(user: UserRow | None, user_id: int) -> UserRow:
    if user is None:
        raise LookupError(f"There is no user {user_id}.")
    return user


def first_admin(session: Session) -> UserRow | None:
    """The oldest administrator who is not disabled."""
    admins = select(UserRow).where(UserRow.role == "admin", col(UserRow.disabled_at).is_(None))
    return session.exec(admins.order_by(col(UserRow.id)).limit(1)).one_or_none()


def active_admins(session: Session, *, lock: bool = False) -> set[int]:
    """The ids of the administrators who can sign in; `lock`: who changes one of them waits, so that two leave one."""
    can_sign_in = sa.or_(col(UserRow.password).is_not(None), col(UserRow.subject).is_not(None))
    admins = select(UserRow.id).where(UserRow.role == "admin", col(UserRow.disabled_at).is_(None), can_sign_in)
    query = admins.order_by(col(UserRow.id))
    return {id for id in session.exec(query.with_for_update() if lock else query) if id is not None}


def add_user(
    session: Session,
    email: str,
    role: str,
    password: str | None,
    now: datetime,
    name: str = "",
    subject: str | None = None,
) -> UserRow:
    """A new user; `password` is its hash."""
    row = UserRow(
        email=email.strip().lower(), name=name or None, role=role, password=password, subject=subject, created_at=now
    )
    session.add(row)
    session.flush()
    return row


def set_password(session: Session, user_id: int, password: str) -> None:
    """Keep the hash of a new password."""
    session.connection().execute(sa.update(UserRow).where(col(UserRow.id) == user_id).values(password=password))


def note_seen(session: Session, user_id: int, now: datetime) -> None:
    session.connection().execute(sa.update(UserRow).where(col(UserRow.id) == user_id).values(last_seen_at=now))
