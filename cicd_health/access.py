"""Who may do what: sign-in, sessions, one-time links and keys. It writes its own tables; all else goes through flow.

Tokens are random; the database keeps their SHA-256 only. What was looked up is remembered for a few seconds per
process, so that a busy page asks the database once; signing out forgets at once here, elsewhere within `REMEMBER`.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Generic, TypeVar

import limits
import structlog
from limits.storage import Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter
from pwdlib import PasswordHash
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from cicd_health import settings
from cicd_health.store import access as store
from cicd_health.store import engine

log = structlog.get_logger(__name__)

COOKIE = "cicd_session"
SESSION_LASTS = timedelta(days=30)  # since it was last used
LINK_LASTS = timedelta(hours=24)
REMEMBER = timedelta(seconds=5)
NOTE_USE_EVERY = timedelta(minutes=10)  # how exact "last seen" is
ATTEMPTS = limits.parse("5/minute")  # of one address for one user
T = TypeVar("T")
SCOPES = frozenset({"read", "ingest", "admin"})
SCOPES_OF_ROLE = {"visitor": {"read"}, "viewer": {"read"}, "operator": {"read"}, "admin": SCOPES}


class TooManyAttempts(Exception):
    """This address tried this user too often; `retry_after_s` says when it may again."""

    retry_after_s = 60


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who looks at the pages. A visitor, under PUBLIC_READ, has no id."""

    user_id: int | None
    email: str
    role: str

    @property
    def scopes(self) -> frozenset[str]:
        return frozenset(SCOPES_OF_ROLE.get(self.role, ()))


VISITOR = Person(None, "", "visitor")


class Recent(Generic[T]):
    """What was looked up a moment ago, by key."""

    def __init__(self, size: int = 10_000) -> None:
        self._size = size
        self._kept: dict[str, tuple[datetime, T]] = {}

    def get(self, key: str, now: datetime) -> T | None:
        at, value = self._kept.get(key, (None, None))
        return value if at is not None and abs(now - at) <= REMEMBER else None

    def put(self, key: str, value: T, now: datetime) -> None:
        if len(self._kept) >= self._size:
            self._kept.clear()
        self._kept[key] = (now, value)

    def forget(self, key: str) -> None:
        self._kept.pop(key, None)

    def clear(self) -> None:
        self._kept.clear()


_people: Recent[Person] = Recent()
_keys: Recent[frozenset[str]] = Recent()


def fingerprint(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


@cache
def hasher() -> PasswordHash:
    """Argon2id with the library's present parameters: about 0.1 s and 64 MB for each password."""
    return PasswordHash.recommended()


@cache
def _hash_of_nobody() -> str:
    return hasher().hash(secrets.token_urlsafe(16))


@lru_cache(maxsize=4)
def _limiter(redis_url: str | None) -> MovingWindowRateLimiter:
    storage = storage_from_string(redis_url or "memory://")
    assert isinstance(storage, Storage)
    return MovingWindowRateLimiter(storage)


def forget_attempts() -> None:
    """Let everybody try again at once."""
    _limiter(settings.get().redis_url).storage.reset()


def ensure_admin(email: str, password: str, now: datetime) -> None:
    """Make the first user, or give that user this password (and sign them out) when it is another one."""
    try:
        _ensure_admin(email, password, now)
    except IntegrityError:  # another process made the user at the same moment
        _ensure_admin(email, password, now)


def _ensure_admin(email: str, password: str, now: datetime) -> None:
    with engine.reading() as session:
        user = store.find_user(session, email)
    if user is not None and user.password and hasher().verify(password, user.password):
        return
    hashed = hasher().hash(password)
    with engine.writing() as session:
        if user is None or user.id is None:
            store.add_user(session, email, "admin", hashed, now)
            return
        store.set_password(session, user.id, hashed)
        store.revoke_sessions_of(session, user.id, now)
    _people.clear()


def sign_in(email: str, password: str, address: str, user_agent: str, now: datetime) -> str | None:
    """The token of a new session; None when e-mail or password is wrong. Raises TooManyAttempts.

    It takes as long for an unknown user as for a known one. Only the address that tries too often has to wait.
    """
    limiter = _limiter(settings.get().redis_url)
    who_tries = (address, email.strip().lower()[:200])
    if not limiter.hit(ATTEMPTS, "sign-in", *who_tries):
        raise TooManyAttempts
    with engine.reading() as session:
        user = store.find_user(session, email)
    kept = user.password if user is not None else None
    right, better = hasher().verify_and_update(password, kept or _hash_of_nobody())
    if user is None or user.id is None or kept is None or not right:
        return None
    limiter.clear(ATTEMPTS, "sign-in", *who_tries)
    token = _new_session(user.id, address, user_agent, now)
    if better:
        with engine.writing() as session:
            store.set_password(session, user.id, better)
    return token


def _new_session(user_id: int, address: str, user_agent: str, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    with engine.writing() as session:
        store.prune(session, now - timedelta(days=1))
        store.add_session(session, user_id, fingerprint(token), now, now + SESSION_LASTS, address, user_agent)
    return token


def new_link(now: datetime) -> str:
    """The token of a link that signs the first administrator in, once, within a day. Raises LookupError without one."""
    token = secrets.token_urlsafe(24)
    with engine.writing() as session:
        admin = store.first_admin(session)
        if admin is None or admin.id is None:
            raise LookupError("there is no administrator")
        store.add_link(session, admin.id, fingerprint(token), now, now + LINK_LASTS)
    return token


def use_link(token: str, address: str, user_agent: str, now: datetime) -> str | None:
    """The token of a new session for a link's token, which is used up; None when it is not good any more."""
    with engine.writing() as session:
        user_id = store.take_link(session, fingerprint(token), now)
    return None if user_id is None else _new_session(user_id, address, user_agent, now)


def who(token: str, now: datetime) -> Person | None:
    """Who signed in with this token; using a session makes it last longer."""
    key = fingerprint(token)
    person = _people.get(key, now)
    if person is not None:
        return person
    with engine.reading() as session:
        found = store.find_session(session, key, now)
    if found is None:
        return None
    if now - found.last_seen_at > NOTE_USE_EVERY:
        _extend(found.session_id, now)
    person = Person(found.user_id, found.email, found.role)
    _people.put(key, person, now)
    return person


def _extend(session_id: int, now: datetime) -> None:
    try:
        with engine.writing() as session:
            store.extend_session(session, session_id, now, now + SESSION_LASTS)
    except SQLAlchemyError as error:  # a full disk must not sign people out
        log.warning("session not extended", error=str(error))


def sign_out(token: str, now: datetime) -> None:
    """End the session."""
    key = fingerprint(token)
    with engine.writing() as session:
        store.revoke_session(session, key, now)
    _people.forget(key)


def session_token(cookie_header: str | None) -> str | None:
    """Our cookie's value in a Cookie header."""
    for part in (cookie_header or "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE and value:
            return value
    return None


def may_use(cookie_header: str | None, now: datetime) -> Person | None:
    """Who sent this Cookie header: a user, under PUBLIC_READ at least the visitor, else None."""
    token = session_token(cookie_header)
    person = who(token, now) if token else None
    return person or (VISITOR if settings.get().public_read else None)


async def admit(cookie_header: str | None, now: datetime) -> Person | None:
    """The same as `may_use`, for the event loop: it leaves the loop only when the database has to be asked."""
    token = session_token(cookie_header)
    if token is None:
        return VISITOR if settings.get().public_read else None
    return _people.get(fingerprint(token), now) or await asyncio.to_thread(may_use, cookie_header, now)


def key_scopes(key: str, now: datetime) -> frozenset[str]:
    """What a key may do; empty when it is not a key, or one that has expired or was revoked."""
    hashed = fingerprint(key)
    scopes = _scopes_of_settings(hashed) or _keys.get(hashed, now)
    if not scopes:
        scopes = _scopes_of_row(hashed, now)
        _keys.put(hashed, scopes, now)
    return scopes


def _scopes_of_settings(hashed: str) -> frozenset[str]:
    chosen = settings.get()
    if _is_one_of(hashed, several(chosen.api_key)):
        return SCOPES
    return frozenset({"ingest"}) if _is_one_of(hashed, several(chosen.ingest_token)) else frozenset()


def _is_one_of(hashed: str, secret_texts: Iterable[str]) -> bool:
    return any([hmac.compare_digest(hashed, fingerprint(secret)) for secret in secret_texts])


def _scopes_of_row(hashed: str, now: datetime) -> frozenset[str]:
    with engine.reading() as session:
        row = store.find_key(session, hashed, now)
    if row is None or row.id is None:
        return frozenset()
    if row.last_used_at is None or now - row.last_used_at > NOTE_USE_EVERY:
        with engine.writing() as session:
            store.note_key_use(session, row.id, now)
    scopes = frozenset(row.scopes.split(",")) & SCOPES
    return SCOPES if "admin" in scopes else scopes


def key_owner(key: str, now: datetime) -> str:
    """What people call this key, for the record of who did something; "" when it is none."""
    hashed = fingerprint(key)
    if _scopes_of_settings(hashed):
        return "API_KEY"
    with engine.reading() as session:
        row = store.find_key(session, hashed, now)
    return "" if row is None else f"key {row.name}"


def several(secret: str | None) -> tuple[str, ...]:
    """The values of a secret that may be a comma list: while one is being replaced, both hold."""
    return tuple(part.strip() for part in (secret or "").split(",") if part.strip())


def create_key(name: str, scopes: Iterable[str], now: datetime) -> str:
    """A new key, shown this once. Raises ValueError for an unknown scope."""
    wanted = sorted(set(scopes))
    unknown = set(wanted) - SCOPES
    if unknown or not wanted:
        raise ValueError(f"scopes are some of {', '.join(sorted(SCOPES))}, not {', '.join(sorted(unknown)) or 'none'}")
    key = "cicd_" + secrets.token_urlsafe(32)
    with engine.writing() as session:
        store.add_key(session, name, key[:10], fingerprint(key), ",".join(wanted), now)
    return key
