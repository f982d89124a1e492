"""A webhook secret of one source or one repository, and putting another in its place without losing a delivery."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta

from sqlmodel import Session

from cicd_health import vault
from cicd_health.store import audit, engine, own_secrets, watches
from cicd_health.store.tables import SourceRow, WatchRow

BOTH_HOLD = timedelta(hours=24)
LONGEST = 1000


def set_webhook_secret(
    source_id: int | None, now: datetime, secret: str | None = None, *, watch_id: int | None = None
) -> str:
    """Give a source, or with `watch_id` a repository, its own secret; None makes one. The secret, shown this once.

    The one before holds for another day. Raises LookupError, ValueError with a sentence.
    """
    chosen = secrets.token_urlsafe(32) if secret is None else secret
    if not 0 < len(chosen) <= LONGEST or re.search(r"[\x00-\x1f]", chosen) or chosen != chosen.strip():
        raise ValueError(f"a secret has 1 to {LONGEST} characters, without line breaks and blanks around")
    with engine.writing() as session:
        row, subject = _place(session, source_id, watch_id)
        until = own_secrets.replace(row, vault.seal(chosen), now + BOTH_HOLD)
        session.add(row)
        audit.note(session, "source.secret_rotated", subject, now, before_until=until)
        engine.announce(session, "sources")
    return chosen


def end_secret_before(source_id: int | None, now: datetime, *, watch_id: int | None = None) -> None:
    """Let the secret before the present one prove nothing any more. Raises LookupError."""
    with engine.writing() as session:
        row, subject = _place(session, source_id, watch_id)
        if own_secrets.end_before(row):
            session.add(row)
            audit.note(session, "source.secret_rotated", subject, now, before_until=now)
            engine.announce(session, "sources")


def secret_before_until(source_id: int | None, *, watch_id: int | None = None) -> datetime | None:
    """Until when the secret before the present one holds; None when there is none. Raises LookupError."""
    with engine.reading() as session:
        return _place(session, source_id, watch_id)[0].webhook_secret_before_until


def _place(session: Session, source_id: int | None, watch_id: int | None) -> tuple[SourceRow | WatchRow, str]:
    """Whose secret it is, and that in words."""
    if watch_id is not None:
        watch = watches.watch(session, watch_id)
        return watch, f"repository {watch.name}"
    if source_id is None:
        raise LookupError("There is neither a source nor a repository to give a secret to.")
    source = watches.source(session, source_id)
    return source, f"source {source_id} ({source.host})"
