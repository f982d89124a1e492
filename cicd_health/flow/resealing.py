"""Stored secrets under the first key of SECRET_KEY: the second half of changing it."""

from __future__ import annotations

from datetime import datetime

import structlog

from cicd_health import vault
from cicd_health.store import audit, engine, sealed
from cicd_health.store.sealed import Sealed

log = structlog.get_logger(__name__)
ONE = {"sources": "source", "watches": "watch", "channels": "channel"}


def reseal(now: datetime) -> int:
    """Seal every stored secret anew; how many those are. What cannot be opened stays as it is, and is said in the log.

    A server may run meanwhile: it opens both, and what it changes in between is left alone.
    """
    count = sum(_reseal(table) for table in sealed.PLACES)
    with engine.writing() as session:
        audit.note(session, "secrets.resealed", f"{count} secrets", now)
    return count


def _reseal(table: str) -> int:
    count = 0
    with engine.writing() as session:
        for secret in sealed.of_table(session, table):
            try:
                count += sealed.put(session, secret, vault.reseal(secret.text))
            except vault.WrongKey:
                log.warning("a secret cannot be opened", secret=_words(secret))
    return count


def unreadable_secrets() -> list[str]:
    """What is stored and cannot be opened with SECRET_KEY as it is, in words: it must be entered again."""
    with engine.reading() as session:
        found = [secret for table in sealed.PLACES for secret in sealed.of_table(session, table)]
    return [_words(secret) for secret in found if not vault.opens(secret.text)]


def _words(secret: Sealed) -> str:
    words = secret.column.replace("_", " ")
    return f"the {words} of {ONE[secret.table]} {secret.id} ({secret.owner or 'all'})"
