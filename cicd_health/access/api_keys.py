"""Keys for machines: those of the database, and those of the settings."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from cicd_health import settings
from cicd_health.access.roles import EVERYTHING, SCOPES
from cicd_health.access.tokens import Recent, fingerprint, several
from cicd_health.model import acting
from cicd_health.store import api_keys, audit, engine
from cicd_health.store.tables import ApiKeyRow

log = structlog.get_logger(__name__)

NOTE_USE_EVERY = timedelta(minutes=1)  # how exact "last used" is
LONGEST_NAME = 80
SHOWN = 10  # characters of a key by which people recognise it


@dataclass(frozen=True, slots=True)
class KeyCaller:
    """Who asks by a key. `name` is for the record: "key NAME", or the setting it stands in, which has no id."""

    name: str
    scopes: frozenset[str]
    id: int | None = None


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A key as it may be shown. `made_by` is a person's e-mail address, or what made it.

    `maker_disabled`: that person may not sign in any more. The key goes on working until somebody revokes it.
    """

    id: int
    name: str
    prefix: str
    scopes: tuple[str, ...]
    made_by: str | None
    created_at: datetime
    last_used_at: datetime | None
    last_used_from: str | None
    expires_at: datetime | None
    revoked_at: datetime | None
    maker_disabled: bool = False

    def holds(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


@dataclass(frozen=True, slots=True)
class NewKey:
    """`key` is shown this once."""

    id: int
    key: str


@dataclass(frozen=True, slots=True)
class _Known:
    caller: KeyCaller
    expires_at: datetime | None


_known: Recent[_Known] = Recent()


def forget_keys() -> None:
    """Ask the database again: a key may have been revoked."""
    _known.clear()


def key_caller(key: str, address: str, now: datetime) -> KeyCaller | None:
    """Whose key this is; None when it is none, or one that has expired or was revoked."""
    hashed = fingerprint(key)
    return _of_settings(hashed) or _remembered(hashed, now) or _of_row(hashed, address, now)


async def admit_key(key: str, address: str, now: datetime) -> KeyCaller | None:
    """The same, for the event loop: it leaves the loop only when the database has to be asked."""
    hashed = fingerprint(key)
    known = _of_settings(hashed) or _remembered(hashed, now)
    return known or await asyncio.to_thread(_of_row, hashed, address, now)


def _of_settings(hashed: str) -> KeyCaller | None:
    chosen = settings.get()
    if _is_one_of(hashed, several(chosen.api_key)):
        return KeyCaller("API_KEY", EVERYTHING)
    if _is_one_of(hashed, several(chosen.ingest_token)):
        return KeyCaller("INGEST_TOKEN", frozenset({"ingest"}))
    return None


def _is_one_of(hashed: str, secret_texts: Iterable[str]) -> bool:
    return any([hmac.compare_digest(hashed, fingerprint(secret)) for secret in secret_texts])


def _remembered(hashed: str, now: datetime) -> KeyCaller | None:
    known = _known.get(hashed, now)
    if known is None or (known.expires_at is not None and known.expires_at <= now):
        return None
    return known.caller


def _of_row(hashed: str, address: str, now: datetime) -> KeyCaller | None:
    forgotten = _known.forgotten
    with engine.reading() as session:
        row = api_keys.find(session, hashed, now)
    if row is None or row.id is None:
        return None
    elsewhere = bool(address) and row.last_used_from != address
    if elsewhere or row.last_used_at is None or now - row.last_used_at > NOTE_USE_EVERY:
        _note_use(row.id, address, now)
    scopes = frozenset(row.scopes.split(",")) & SCOPES
    found = KeyCaller(f"key {row.name}", EVERYTHING if "admin" in scopes else scopes, row.id)
    _known.put(hashed, _Known(found, row.expires_at), now, forgotten)
    return found


def _note_use(key_id: int, address: str, now: datetime) -> None:
    try:
        with engine.writing() as session:
            api_keys.note_use(session, key_id, address, now)
            engine.announce(session, "keys")
    except SQLAlchemyError as error:  # a full disk must not stop what only reads
        log.warning("use of a key not noted", key=key_id, error=str(error))


def keys(now: datetime) -> list[KeyLine]:
    """Every key there was, the newest first; `holds(now)` says which may still be used."""
    with engine.reading() as session:
        gone = api_keys.of_disabled_makers(session)
        return [_line(row, gone) for row in api_keys.every(session)]


def key_line(key_id: int) -> KeyLine:
    """Raises LookupError."""
    with engine.reading() as session:
        return _line(api_keys.get(session, key_id), api_keys.of_disabled_makers(session))


def _line(row: ApiKeyRow, of_disabled: Collection[int]) -> KeyLine:
    assert row.id is not None
    return KeyLine(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        scopes=tuple(row.scopes.split(",")),
        made_by=row.made_by,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        last_used_from=row.last_used_from,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        maker_disabled=row.id in of_disabled,
    )


def create_key(name: str, scopes: Iterable[str], now: datetime, expires_at: datetime | None = None) -> NewKey:
    """A new key, on behalf of whoever acts. Raises ValueError with a sentence."""
    words, wanted = " ".join(name.split()), sorted(set(scopes))
    _check(words, wanted, now, expires_at)
    actor, secret = acting.current(), "cicd_" + secrets.token_urlsafe(32)
    row = ApiKeyRow(
        name=words,
        prefix=secret[:SHOWN],
        key_hash=fingerprint(secret),
        scopes=",".join(wanted),
        created_by=actor.user_id,
        made_by=actor.who,
        created_at=now,
        expires_at=expires_at,
    )
    with engine.writing() as session:
        id = api_keys.add(session, row).id
        assert id is not None
        audit.note(session, "key.created", f"key {id} ({words})", now, scopes=wanted, expires_at=expires_at)
    return NewKey(id, secret)


def _check(name: str, scopes: list[str], now: datetime, expires_at: datetime | None) -> None:
    unknown = set(scopes) - SCOPES
    if unknown or not scopes:
        raise ValueError(f"scopes are some of {', '.join(sorted(SCOPES))}, not {', '.join(sorted(unknown)) or 'none'}")
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise ValueError(f"the name has 1 to {LONGEST_NAME} characters")
    if expires_at is not None and expires_at <= now:
        raise ValueError("the key must expire in the future")


def revoke_key(key_id: int, now: datetime) -> None:
    """End a key at once, in every process; again: nothing. Raises LookupError."""
    with engine.writing() as session:
        row = api_keys.get(session, key_id)
        if api_keys.revoke(session, key_id, now):
            audit.note(session, "key.revoked", f"key {key_id} ({row.name})", now)
            engine.announce(session, "access")
    forget_keys()
