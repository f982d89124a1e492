"""Keys for machines. Of a key only its SHA-256 comes here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from cicd_health.store.tables import ApiKeyRow, UserRow


def add(session: Session, row: ApiKeyRow) -> ApiKeyRow:
    """The same row with its id."""
    session.add(row)
    session.flush()
    return row


def find(session: Session, key_hash: str, now: datetime) -> ApiKeyRow | None:
    """The key with this hash, unless expired or revoked."""
    return session.exec(
        select(ApiKeyRow).where(
            ApiKeyRow.key_hash == key_hash,
            col(ApiKeyRow.revoked_at).is_(None),
            sa.or_(col(ApiKeyRow.expires_at).is_(None), col(ApiKeyRow.expires_at) > now),
        )
    ).one_or_none()


def get(session: Session, key_id: int) -> ApiKeyRow:
    """Raises LookupError."""
    row = session.get(ApiKeyRow, key_id)
    if row is None:
        raise LookupError(f"There is no key {key_id}.")
    return row


def every(session: Session) -> Sequence[ApiKeyRow]:
    """All of them, also those that do not hold any more, the newest first."""
    return session.exec(select(ApiKeyRow).order_by(col(ApiKeyRow.created_at).desc(), col(ApiKeyRow.id).desc())).all()


def of_disabled_makers(session: Session) -> set[int]:
    """The keys that were made by somebody who was disabled since."""
    disabled = sa.select(col(UserRow.id)).where(col(UserRow.disabled_at).is_not(None))
    return set(session.execute(sa.select(col(ApiKeyRow.id)).where(col(ApiKeyRow.created_by).in_(disabled))).scalars())


def note_use(session: Session, key_id: int, address: str, now: datetime) -> None:
    used = {"last_used_at": now, "last_used_from": address[:200] or None}
    session.connection().execute(sa.update(ApiKeyRow).where(col(ApiKeyRow.id) == key_id).values(used))


def revoke(session: Session, key_id: int, now: datetime) -> bool:
    """End it for good; False when it was revoked before."""
    held = sa.and_(col(ApiKeyRow.id) == key_id, col(ApiKeyRow.revoked_at).is_(None))
    return session.connection().execute(sa.update(ApiKeyRow).where(held).values(revoked_at=now)).rowcount == 1
