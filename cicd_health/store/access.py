"""Users, their sessions and one-time links, and API keys. Of a token only its SHA-256 comes here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlmodel import Session, col, select

from cicd_health.store.tables import ApiKeyRow, SessionRow, SignInLinkRow, UserRow


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that holds, and whose it is."""

    session_id: int
    user_id: int
    email: str
    role: str
    last_seen_at: datetime


def _changed(session: Session, statement: Any) -> int:
    return cast("sa.CursorResult[Any]", session.connection().execute(statement)).rowcount


def find_user(session: Session, email: str) -> UserRow | None:
    """The user of this address, whatever its case, unless disabled."""
    return session.exec(
        select(UserRow).where(sa.func.lower(UserRow.email) == email.strip().lower(), col(UserRow.disabled_at).is_(None))
    ).one_or_none()


def first_admin(session: Session) -> UserRow | None:
    """The oldest administrator who is not disabled."""
    admins = select(UserRow).where(UserRow.role == "admin", col(UserRow.disabled_at).is_(None))
    return session.exec(admins.order_by(col(UserRow.id)).limit(1)).one_or_none()


def add_user(session: Session, email: str, role: str, password: str | None, now: datetime) -> UserRow:
    """A new user; `password` is its hash."""
    row = UserRow(email=email.strip().lower(), role=role, password=password, created_at=now)
    session.add(row)
    session.flush()
    return row


def set_password(session: Session, user_id: int, password: str) -> None:
    """Keep the hash of a new password."""
    session.connection().execute(sa.update(UserRow).where(col(UserRow.id) == user_id).values(password=password))


def add_session(
    session: Session, user_id: int, token_hash: str, now: datetime, expires_at: datetime, address: str, user_agent: str
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
    return SignedIn(row.id, user.id, user.email, user.role, row.last_seen_at)


def extend_session(session: Session, session_id: int, now: datetime, expires_at: datetime) -> None:
    """Note that it was used, and let it last longer."""
    session.connection().execute(
        sa.update(SessionRow).where(col(SessionRow.id) == session_id).values(last_seen_at=now, expires_at=expires_at)
    )


def revoke_session(session: Session, token_hash: str, now: datetime) -> None:
    session.connection().execute(
        sa.update(SessionRow)
        .where(col(SessionRow.token_hash) == token_hash, col(SessionRow.revoked_at).is_(None))
        .values(revoked_at=now)
    )


def revoke_sessions_of(session: Session, user_id: int, now: datetime) -> None:
    """Sign a user out everywhere."""
    session.connection().execute(
        sa.update(SessionRow)
        .where(col(SessionRow.user_id) == user_id, col(SessionRow.revoked_at).is_(None))
        .values(revoked_at=now)
    )


def add_link(session: Session, user_id: int, token_hash: str, now: datetime, expires_at: datetime) -> None:
    session.add(SignInLinkRow(user_id=user_id, token_hash=token_hash, created_at=now, expires_at=expires_at))


def take_link(session: Session, token_hash: str, now: datetime) -> int | None:
    """Use up a link: the id of its user, or None when it is unknown, expired, used, or its user disabled.

    Of two who come at once, one gets it.
    """
    query = (
        select(SignInLinkRow.user_id)
        .join(UserRow, col(UserRow.id) == col(SignInLinkRow.user_id))
        .where(SignInLinkRow.token_hash == token_hash, col(UserRow.disabled_at).is_(None))
    )
    user_id = session.exec(query).one_or_none()
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
    return user_id if used else None


def add_key(session: Session, name: str, prefix: str, key_hash: str, scopes: str, now: datetime) -> ApiKeyRow:
    row = ApiKeyRow(name=name, prefix=prefix, key_hash=key_hash, scopes=scopes, created_at=now)
    session.add(row)
    session.flush()
    return row


def find_key(session: Session, key_hash: str, now: datetime) -> ApiKeyRow | None:
    """The key with this hash, unless expired or revoked."""
    return session.exec(
        select(ApiKeyRow).where(
            ApiKeyRow.key_hash == key_hash,
            col(ApiKeyRow.revoked_at).is_(None),
            sa.or_(col(ApiKeyRow.expires_at).is_(None), col(ApiKeyRow.expires_at) > now),
        )
    ).one_or_none()


def note_key_use(session: Session, key_id: int, now: datetime) -> None:
    session.connection().execute(sa.update(ApiKeyRow).where(col(ApiKeyRow.id) == key_id).values(last_used_at=now))


def prune(session: Session, before: datetime) -> None:
    """Forget sessions and links that ended before this moment."""
    session.connection().execute(sa.delete(SessionRow).where(col(SessionRow.expires_at) < before))
    session.connection().execute(sa.delete(SignInLinkRow).where(col(SignInLinkRow.expires_at) < before))
