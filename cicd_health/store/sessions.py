"""Sessions and one-time links. Of a token only its SHA-256 comes here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from cicd_health.store.lists import Rows, read
from cicd_health.store.tables import SessionRow, SignInLinkRow, UserRow

SESSION = SQLModel.metadata.tables["sessions"]
SHOWN = ("id", "created_at", "last_seen_at", "address", "user_agent", "method")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that holds, and whose it is."""

    session_id: int
    user_id: int
    email: str
    role: str
    method: str
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """A one-time link that holds. `has_password`: of its user."""

    user_id: int
    email: str
    purpose: str
    has_password: bool


def _changed(session: Session, statement: Any) -> int:
    return cast("sa.CursorResult[Any]", session.connection().execute(statement)).rowcount


def add_session(
    session: Session,
    user_id: int,
    token_hash: str,
    method: str,
    now: datetime,
    expires_at: datetime,
    address: str,
    user_agent: str,
) -> None:
    session.add(
        SessionRow(
            user_id=user_id,
            token_hash=token_hash,
            created_at=now,
            last_seen_at=now,
            expires_at=expires_at,
            address=address[:200],
            user_agent=user_agent[:500],
            method=method,
        )
    )


def find_session(session: Session, token_hash: str, now: datetime) -> SignedIn | None:
    """Who signed in with this token; None when it is unknown, expired, revoked, or its user disabled."""
    query = (
        select(SessionRow, UserRow)
        .join(UserRow, col(UserRow.id) == col(SessionRow.user_id))
        .where(
            SessionRow.token_hash == token_hash,
            col(SessionRow.revoked_at).is_(None),
            col(SessionRow.expires_at) > now,
            col(UserRow.disabled_at).is_(None),
        )
    )
    found = session.exec(query).one_or_none()
    if found is None:
        return None
    row, user = found
    assert row.id is not None
    assert user.id is not None
    return SignedIn(row.id, user.id, user.email, user.role, row.method, row.last_seen_at)


def sessions_of(session: Session, user_id: int, now: datetime) -> Rows:
    """The sessions of a user that hold, the one used last first."""
    query = (
        sa.select(
            *(SESSION.c[name] for name in ("id", "created_at", "last_seen_at", "address", "user_agent", "method"))
        )
        .where(SESSION.c.user_id == user_id, SESSION.c.revoked_at.is_(None), SESSION.c.expires_at > now)
        .order_by(SESSION.c.last_seen_at.desc(), SESSION.c.id.desc())
    )
    return read(session, query)


def owner_of(session: Session, session_id: int, now: datetime) -> tuple[int, str] | None:
    """Id and e-mail address of whom a session that holds belongs to."""
    query = (
        select(UserRow.id, UserRow.email)
        .join(SessionRow, col(SessionRow.user_id) == col(UserRow.id))
        .where(SessionRow.id == session_id, col(SessionRow.revoked_at).is_(None), col(SessionRow.expires_at) > now)
    )
    found = session.exec(query).one_or_none()
    return None if found is None or found[0] is None else (found[0], found[1])


def has_come_from(session: Session, email: str, address: str) -> bool:
    """True when the user of this e-mail address has signed in from there, as long as that is remembered."""
    query = (
        select(SessionRow.id)
        .join(UserRow, col(UserRow.id) == col(SessionRow.user_id))
        .where(sa.func.lower(UserRow.email) == email.strip().lower(), SessionRow.address == address[:200])
        .limit(1)
    )
    return session.exec(query).one_or_none() is not None


def note_use(session: Session, session_id: int, now: datetime, expires_at: datetime | None = None) -> None:
    """Note that it was used, and let it last longer if it may."""
    used = {"last_seen_at": now} if expires_at is None else {"last_seen_at": now, "expires_at": expires_at}
    session.connection().execute(sa.update(SessionRow).where(col(SessionRow.id) == session_id).values(used))


def revoke_session(session: Session, session_id: int, now: datetime) -> None:
    session.connection().execute(
        sa.update(SessionRow)
        .where(col(SessionRow.id) == session_id, col(SessionRow.revoked_at).is_(None))
        .values(revoked_at=now)
    )


def revoke_sessions_of(session: Session, user_id: int, now: datetime, but_token_hash: str = "") -> int:
    """Sign a user out everywhere, but for the session of this token; how many sessions that were."""
    return _changed(
        session,
        sa.update(SessionRow)
        .where(
            col(SessionRow.user_id) == user_id,
            col(SessionRow.token_hash) != but_token_hash,
            col(SessionRow.revoked_at).is_(None),
            col(SessionRow.expires_at) > now,
        )
        .values(revoked_at=now),
    )


def add_link(
    session: Session, user_id: int, token_hash: str, purpose: str, now: datetime, expires_at: datetime
) -> None:
    session.add(
        SignInLinkRow(user_id=user_id, token_hash=token_hash, purpose=purpose, created_at=now, expires_at=expires_at)
    )


def find_link(session: Session, token_hash: str, now: datetime) -> Link | None:
    """What a link is for; None when it is unknown, expired, used, or its user disabled."""
    query = (
        select(UserRow, SignInLinkRow.purpose)
        .join(SignInLinkRow, col(SignInLinkRow.user_id) == col(UserRow.id))
        .where(SignInLinkRow.token_hash == token_hash, col(UserRow.disabled_at).is_(None))
        .where(col(SignInLinkRow.used_at).is_(None), col(SignInLinkRow.expires_at) > now)
    )
    found = session.exec(query).one_or_none()
    if found is None:
        return None
    user, purpose = found
    assert user.id is not None
    return Link(user.id, user.email, purpose, user.password is not None)


def take_link(session: Session, token_hash: str, now: datetime) -> Link | None:
    """Use up a link: what it was for, or None as `find_link`. Of two who come at once, one gets it."""
    found = find_link(session, token_hash, now)
    used = _changed(
        session,
        sa.update(SignInLinkRow)
        .where(
            col(SignInLinkRow.token_hash) == token_hash,
            col(SignInLinkRow.used_at).is_(None),
            col(SignInLinkRow.expires_at) > now,
        )
        .values(used_at=now),
    )
    return found if used else None


def end_links_of(session: Session, user_id: int, now: datetime) -> None:
    """From now on none of the links of this user is good."""
    session.connection().execute(
        sa.update(SignInLinkRow)
        .where(col(SignInLinkRow.user_id) == user_id, col(SignInLinkRow.used_at).is_(None))
        .values(used_at=now)
    )


def prune(session: Session, before: datetime) -> None:
    """Forget sessions and links that ended before this moment."""
    session.connection().execute(sa.delete(SessionRow).where(col(SessionRow.expires_at) < before))
    session.connection().execute(sa.delete(SignInLinkRow).where(col(SignInLinkRow.expires_at) < before))
