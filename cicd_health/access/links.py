"""One-time links: the one that is printed at the start signs in at once, those for people lead to a new password."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlmodel import Session

from cicd_health.access import passwords
from cicd_health.access.sessions import begin_session, end_sessions
from cicd_health.access.tokens import fingerprint
from cicd_health.model.acting import Actor, Via, acting
from cicd_health.store import audit, engine, people
from cicd_health.store import sessions as store
from cicd_health.store.sessions import Link
from cicd_health.store.tables import UserRow

LINK_LASTS = timedelta(hours=24)
INVITATION_LASTS = timedelta(days=7)
SIGN_IN, INVITE = "sign_in", "invite"  # what a link is for: to come in at once, or to choose a password first


def new_link(now: datetime) -> str:
    """The token of a link that signs the first administrator in, once, within a day. Raises LookupError without one."""
    token = secrets.token_urlsafe(24)
    with engine.writing() as session:
        admin = people.first_admin(session)
        if admin is None or admin.id is None:
            raise LookupError("there is no administrator")
        store.add_link(session, admin.id, fingerprint(token), SIGN_IN, now, now + LINK_LASTS)
    return token


def new_link_for(user_id: int, now: datetime) -> str:
    """The token of a link for this user, within seven days; earlier ones are not good any more.

    It lets them choose a password, or, when they come by single sign-on, in at once. Raises LookupError; ValueError
    for somebody who is disabled.
    """
    with engine.writing() as session:
        user = people.get_to_change(session, user_id)
        if user.disabled_at is not None:
            raise ValueError(f"{user.email} is disabled.")
        audit.note(session, "user.invited", user.email, now, link="new")
        return add_link_for(session, user, now)


def add_link_for(session: Session, user: UserRow, now: datetime) -> str:
    """As part of a greater change."""
    assert user.id is not None
    token = secrets.token_urlsafe(24)
    purpose = SIGN_IN if user.subject is not None and user.password is None else INVITE
    store.end_links_of(session, user.id, now)
    store.add_link(session, user.id, fingerprint(token), purpose, now, now + INVITATION_LASTS)
    return token


def look_at_link(token: str, now: datetime) -> Link | None:
    """What a link is for, without using it up; None when it is not good any more."""
    with engine.reading() as session:
        return store.find_link(session, fingerprint(token), now)


def use_link(token: str, address: str, user_agent: str, now: datetime) -> str | None:
    """The token of a new session for a link's token, which is used up; None when it is not good any more."""
    with engine.writing() as session:
        link = store.take_link(session, fingerprint(token), now)
        if link is None:
            return None
        return begin_session(session, link.user_id, link.email, "link", address, user_agent, now)


def set_first_password(token: str, password: str, address: str, user_agent: str, now: datetime) -> str | None:
    """Use a link up to choose a password: the token of a new session, the only one of the user from now on.

    None when the link is not good any more; ValueError, and the link stays good, for a password that is not.
    """
    link = look_at_link(token, now)
    if link is None or link.purpose != INVITE:
        return None
    passwords.check(password, link.email)
    hashed = passwords.hashed(password)
    with acting(Actor(link.email, Via.SIGN_IN, address, link.user_id)), engine.writing() as session:
        if store.take_link(session, fingerprint(token), now) is None:
            return None
        people.set_password(session, link.user_id, hashed)
        store.end_links_of(session, link.user_id, now)
        end_sessions(session, link.user_id, now)
        audit.note(session, "user.password_changed", link.email, now, by="link")
        return begin_session(session, link.user_id, link.email, "link", address, user_agent, now)
