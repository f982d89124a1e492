"""Signing in with a password."""

from __future__ import annotations

from datetime import datetime

from cicd_health.access import passwords, throttle
from cicd_health.access.sessions import begin_session
from cicd_health.access.throttle import TooManyAttempts
from cicd_health.model.acting import Actor, Via, acting
from cicd_health.store import audit, engine, people
from cicd_health.store import sessions as store


def sign_in(email: str, password: str, address: str, user_agent: str, now: datetime) -> str | None:
    """The token of a new session; None when e-mail or password is wrong. Raises TooManyAttempts.

    It takes as long for an unknown user as for a known one.
    """
    with engine.reading() as session:
        user = people.find_user(session, email)
        known = store.has_come_from(session, email, address)
    _count(email, address, now, known=known)
    right, better = passwords.matches(password, user.password if user is not None else None)
    if user is None or user.id is None or not right:
        throttle.failed(address, email)
        return None
    throttle.succeeded(address, email)
    with engine.writing() as session:
        present = people.get_to_change(session, user.id)
        if present.password != user.password or present.disabled_at is not None:
            return None  # changed while we looked: all sessions of then have ended, and so must this one
        if better:
            people.set_password(session, user.id, better)
        return begin_session(session, user.id, user.email, "password", address, user_agent, now)


def _count(email: str, address: str, now: datetime, *, known: bool) -> None:
    try:
        throttle.attempt(address, email, known=known)
    except TooManyAttempts as error:
        if error.first:
            with acting(Actor("nobody", Via.SIGN_IN, address)), engine.writing() as session:
                audit.note(session, "sign_in.refused", email, now, retry_after_s=error.retry_after_s)
        raise
