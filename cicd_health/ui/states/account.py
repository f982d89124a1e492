"""The viewer's own account: the password, and the browsers they are signed in with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import reflex as rx

from cicd_health import access
from cicd_health.ui import format as text
from cicd_health.ui import guard
from cicd_health.ui.settings_view.account import SessionRow
from cicd_health.ui.source_actions import number, typed_secret
from cicd_health.ui.told import Note, why_not

GONE = "This session is over already."


class AccountState(rx.State):
    """`notes` are by place: "password", "sessions". `turn` empties the form when it grows."""

    rows: rx.Field[list[SessionRow]] = rx.field(default_factory=list)
    notes: rx.Field[dict[str, Note]] = rx.field(default_factory=dict)
    turn: rx.Field[int] = rx.field(0)

    @rx.event
    @guard.needs("viewer")
    async def change_password(self, form: dict[str, Any]):
        person = await guard.person(self)
        note = await asyncio.to_thread(changed, form, person, _token(self))
        self.turn += note.done
        self.notes = {"password": note}

    @rx.event
    @guard.needs("viewer")
    async def revoke(self, session: str):
        """One of the viewer's own sessions; one of somebody else's is nobody's."""
        person = await guard.person(self)
        user_id = person.user_id if person else None
        end = partial(access.revoke_session, number(session), user_id=user_id or 0)
        self.notes = await asyncio.to_thread(_ended, end)

    @rx.event
    @guard.needs("viewer")
    async def revoke_others(self):
        person = await guard.person(self)
        end = partial(access.revoke_sessions, (person.user_id if person else None) or 0, but_token=_token(self))
        self.notes = await asyncio.to_thread(_ended, end)


def _token(state: rx.State) -> str:
    return access.session_token(state.router.headers.cookie) or ""


def changed(form: dict[str, Any], person: access.Person | None, token: str) -> Note:
    """What came of a new password. Slow: it is hashed."""
    if person is None or person.user_id is None:
        return Note("Sign in first.", "fail")
    old, new, again = (typed_secret(form, name) for name in ("old", "new", "again"))
    if new != again:
        return Note("The new password was typed in two different ways.", "fail")
    try:
        access.change_password(person.user_id, old, new, datetime.now(UTC), keep_token=token)
    except access.TooManyAttempts as error:
        return Note(f"Too many attempts. Wait {text.span(error.retry_after_s)}.", "fail")
    except Exception as error:  # whatever it was, it is said where the button is
        return why_not(error, "This account is not there any more.")
    return Note("Changed. Every other session of yours has ended.", "ok", done=True)


def _ended(end: Callable[..., Any]) -> dict[str, Note]:
    try:
        end(now=datetime.now(UTC))
    except Exception as error:  # whatever it was, it is said where the button is
        return {"sessions": why_not(error, GONE)}
    return {}
