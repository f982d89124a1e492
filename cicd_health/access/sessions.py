"""Sessions: browsers that are signed in."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import structlog
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from cicd_health import settings
from cicd_health.access.roles import VISITOR, Person
from cicd_health.access.tokens import Recent, fingerprint
from cicd_health.model.acting import Actor, Via, acting
from cicd_health.store import audit, engine, people
from cicd_health.store import sessions as store

log = structlog.get_logger(__name__)

COOKIE = "cicd_session"
TOPIC = "access"  # announced when somebody may do less, or other things, than a moment ago
SESSION_LASTS = timedelta(days=30)  # since it was last used
SSO_LASTS = timedelta(days=7)  # since it began: then the provider is asked again whether there still is such a person
NOTE_USE_EVERY = timedelta(minutes=10)  # how exact "last seen" is
Method = Literal["password", "link", "sso"]
_people: Recent[Person] = Recent()


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session that holds, as its owner and administrators see it."""

    id: int
    created_at: datetime
    last_seen_at: datetime
    address: str | None
    user_agent: str | None
    method: str


def begin_session(
    session: Session, user_id: int, email: str, method: Method, address: str, user_agent: str, now: datetime
) -> str:
    """The token of a new session, in the transaction in which it was seen that they may come in."""
    token = secrets.token_urlsafe(32)
    expires_at = now + (SSO_LASTS if method == "sso" else SESSION_LASTS)
    store.prune(session, now - timedelta(days=1))
    store.add_session(session, user_id, fingerprint(token), method, now, expires_at, address, user_agent)
    people.note_seen(session, user_id, now)
    with acting(Actor(email, Via.SIGN_IN, address, user_id)):
        audit.note(session, "session.started", email, now, method=method)
    return token


def who(token: str, now: datetime) -> Person | None:
    """Who signed in with this token; using a session makes it last longer."""
    key = fingerprint(token)
    person = _people.get(key, now)
    if person is not None:
        return person
    forgotten = _people.forgotten
    with engine.reading() as session:
        found = store.find_session(session, key, now)
    if found is None:
        return None
    if now - found.last_seen_at > NOTE_USE_EVERY:
        _note_use(found, now)
    person = Person(found.user_id, found.email, found.role, found.session_id)
    _people.put(key, person, now, forgotten)
    return person


def _note_use(found: store.SignedIn, now: datetime) -> None:
    try:
        with engine.writing() as session:
            store.note_use(session, found.session_id, now, None if found.method == "sso" else now + SESSION_LASTS)
            people.note_seen(session, found.user_id, now)
    except SQLAlchemyError as error:  # a full disk must not sign people out
        log.warning("session not extended", error=str(error))


def sessions_of(user_id: int, now: datetime) -> list[SessionLine]:
    """The sessions of a user that hold, the one used last first."""
    with engine.reading() as session:
        return [SessionLine(**row) for row in store.sessions_of(session, user_id, now)]


def sign_out(token: str, now: datetime) -> None:
    """End the session of this token."""
    with engine.reading() as session:
        found = store.find_session(session, fingerprint(token), now)
    if found is not None:
        with engine.writing() as session:
            _revoke(session, found.session_id, found.email, now, signed_out=True)


def revoke_session(session_id: int, now: datetime, user_id: int | None = None) -> None:
    """End a session, if `user_id` is given one of this user. LookupError when there is none that holds."""
    with engine.writing() as session:
        owner = store.owner_of(session, session_id, now)
        if owner is None or user_id not in (None, owner[0]):
            raise LookupError(f"There is no session {session_id}.")
        _revoke(session, session_id, owner[1], now)


def _revoke(session: Session, session_id: int, email: str, now: datetime, **detail: object) -> None:
    store.revoke_session(session, session_id, now)
    audit.note(session, "session.revoked", email, now, session_id=session_id, **detail)
    say_changed(session)


def revoke_sessions(user_id: int, now: datetime, but_token: str = "") -> int:
    """Sign a user out everywhere, but for the session of this token; how many that were. Raises LookupError."""
    with engine.writing() as session:
        user = people.get(session, user_id)
        ended = end_sessions(session, user_id, now, but_token)
        if ended:
            audit.note(session, "session.revoked", user.email, now, sessions=ended)
    return ended


def end_sessions(session: Session, user_id: int, now: datetime, but_token: str = "") -> int:
    """As part of a greater change, which is noted by whoever makes it."""
    say_changed(session)
    return store.revoke_sessions_of(session, user_id, now, fingerprint(but_token) if but_token else "")


def say_changed(session: Session) -> None:
    """When this transaction commits, nothing remembered of people counts any more: here before others are told."""
    event.listen(session, "after_commit", lambda _session: forget_people(), once=True, insert=True)
    engine.announce(session, TOPIC)


def forget_people() -> None:
    """Ask the database again about everybody."""
    _people.clear()


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
