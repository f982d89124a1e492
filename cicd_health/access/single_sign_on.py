"""Signing in as whom a provider of single sign-on says somebody is. What it says has been verified before.

Whose account it is, is decided by the provider's own name for the person (issuer and subject), which nobody can choose.
The e-mail address only counts the first time, and never takes over an account that has a password: that its owner
connects, by signing in by single sign-on while signed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from cicd_health.access.people import ADDRESS, LONGEST_ADDRESS, LONGEST_NAME
from cicd_health.access.sessions import begin_session, end_sessions, say_changed
from cicd_health.model.acting import Actor, Via, acting
from cicd_health.store import audit, engine, people
from cicd_health.store import sessions as stored_sessions
from cicd_health.store.tables import UserRow

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is, by the provider. `verified` is None when it does not say whether the address is theirs.

    `role` is what their groups give them, None when they have none of those that matter; `role_rules` is False when
    no claim was set to decide on roles: then `role` is for new accounts only.
    """

    issuer: str
    subject: str
    email: str
    verified: bool | None
    name: str
    role: str | None
    role_rules: bool

    @property
    def known_as(self) -> str:
        return f"{self.issuer} {self.subject}"


class NotAdmitted(Exception):
    """They may not come in; the message is a sentence for them."""


def sign_in_as(identity: Identity, signed_in: int | None, address: str, user_agent: str, now: datetime) -> str:
    """The token of a new session. `signed_in` is the user who is signed in at that browser. Raises NotAdmitted."""
    with acting(Actor(identity.email, Via.SIGN_IN, address)):
        try:
            return _sign_in(identity, signed_in, address, user_agent, now)
        except IntegrityError:  # the same person came twice at once
            return _sign_in(identity, signed_in, address, user_agent, now)


def _sign_in(identity: Identity, signed_in: int | None, address: str, user_agent: str, now: datetime) -> str:
    with engine.writing() as session:
        admins = people.active_admins(session, lock=True)
        user = people.of_subject(session, identity.known_as) or _first_time(session, identity, signed_in, now)
        assert user.id is not None
        if user.disabled_at is not None:
            raise NotAdmitted("This account is disabled.")
        if _follow_role(session, user, user.id, identity, now, last=admins == {user.id}):
            return begin_session(session, user.id, user.email, "sso", address, user_agent, now)
    # said after the commit: what they still had open has ended
    raise NotAdmitted("Your account has none of the groups that may come in here.")


def _follow_role(
    session: Session, user: UserRow, user_id: int, identity: Identity, now: datetime, *, last: bool
) -> bool:
    """Give the user the role that the provider says, unless nobody would be left who administers.

    False when the provider gives them none any more.
    """
    role = identity.role
    if not identity.role_rules or role == user.role:
        return True
    if last:
        log.warning("the last administrator keeps the role", user=user.email, provider_says=role)
        return True
    if role is None:
        end_sessions(session, user_id, now)
        return False
    audit.note(session, "user.changed", user.email, now, role=[user.role, role], by="single sign-on")
    user.role = role
    say_changed(session)
    return True


def _first_time(session: Session, identity: Identity, signed_in: int | None, now: datetime) -> UserRow:
    """The account of somebody who has not come by single sign-on before: one that waits for them, or a new one."""
    email = identity.email.strip().lower()
    if not ADDRESS.fullmatch(email) or len(email) > LONGEST_ADDRESS or not email.isprintable():
        raise NotAdmitted("The provider did not say your e-mail address.")
    if identity.verified is False:
        raise NotAdmitted("The provider says that your e-mail address is not verified.")
    user = people.of_email(session, email)
    if user is not None:
        return _connect(session, user, identity, signed_in, now)
    if identity.role is None:
        raise NotAdmitted("There is no account for you here. Ask an administrator to invite you.")
    name = " ".join(identity.name.split())[:LONGEST_NAME]
    row = people.add_user(
        session, email, identity.role, None, now, name if name.isprintable() else "", identity.known_as
    )
    audit.note(session, "user.invited", email, now, role=identity.role, by="single sign-on")
    return row


def _connect(session: Session, user: UserRow, identity: Identity, signed_in: int | None, now: datetime) -> UserRow:
    if user.subject is not None:
        raise NotAdmitted("This e-mail address belongs to another account of the provider.")
    if user.password is not None and user.id != signed_in:
        raise NotAdmitted(
            "There is an account of this e-mail address that has a password. Sign in with it, and then open "
            "/login/sso in the same browser, once, to connect the two."
        )
    user.subject = identity.known_as
    assert user.id is not None
    stored_sessions.end_links_of(session, user.id, now)
    audit.note(session, "user.changed", user.email, now, single_sign_on="connected")
    say_changed(session)
    return user
