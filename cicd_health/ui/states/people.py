"""The people of the settings page: inviting them, what they may do, signing them out.

A one-time link is in the state while its dialog is open, and nowhere afterwards.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import reflex as rx

from cicd_health import access, settings
from cicd_health.ui import guard, routes
from cicd_health.ui.settings_view.people import PersonRow
from cicd_health.ui.source_actions import field, number
from cicd_health.ui.states.following import assign
from cicd_health.ui.told import why_not

GONE = "This person is not there any more."


class PeopleState(rx.State):
    """`asking` is the dialog that is open: "invite", "change", "link". `user` is whom it is about.

    `said` is why something was not done.
    """

    rows: rx.Field[list[PersonRow]] = rx.field(default_factory=list)
    asking: rx.Field[str] = rx.field("")
    user: rx.Field[PersonRow | None] = rx.field(None)
    email: rx.Field[str] = rx.field("")
    link: rx.Field[str] = rx.field("")
    said: rx.Field[str] = rx.field("")

    def _begin(self) -> None:
        assign(self, asking="", user=None, email="", link="", said="")

    @rx.event
    @guard.needs("admin")
    async def ask_invite(self):
        self._begin()
        self.asking = "invite"

    @rx.event
    @guard.needs("admin")
    async def ask_change(self, user: str):
        self._begin()
        chosen = next((row for row in self.rows if row.key == user), None)
        if chosen is not None:
            assign(self, asking="change", user=chosen, email=chosen.email)

    @rx.event
    async def leave(self):
        self._begin()

    @rx.event
    @guard.needs("admin")
    async def invite(self, form: dict[str, Any]):
        email, role, name = (field(form, part) for part in ("email", "role", "name"))
        invite = partial(access.invite, email, role, name=name)
        await self._show_link(lambda now: invite(now=now).token, email)

    @rx.event
    @guard.needs("admin")
    async def new_link(self):
        user_id = self._user_id()
        await self._show_link(lambda now: access.new_link_for(user_id, now), self.email)

    async def _show_link(self, make: Callable[[datetime], str], email: str) -> None:
        token, said = await asyncio.to_thread(made, make)
        if said:
            self.said = said
        else:
            assign(self, asking="link", email=email, link=address_of(token), said="")

    @rx.event
    @guard.needs("admin")
    async def change(self, form: dict[str, Any]):
        role, name = field(form, "role"), field(form, "name")
        await self._do(partial(access.change_user, self._user_id(), role=role, name=name))

    @rx.event
    @guard.needs("admin")
    async def disable(self):
        await self._do(partial(access.change_user, self._user_id(), disabled=True))

    @rx.event
    @guard.needs("admin")
    async def enable(self):
        await self._do(partial(access.change_user, self._user_id(), disabled=False))

    @rx.event
    @guard.needs("admin")
    async def sign_out(self):
        """Out of every browser."""
        await self._do(partial(access.revoke_sessions, self._user_id()))

    async def _do(self, change: Callable[..., Any]) -> None:
        """The dialog stays open when it was not done."""
        _, said = await asyncio.to_thread(made, lambda now: change(now=now))
        if said:
            self.said = said
        else:
            self._begin()

    def _user_id(self) -> int:
        return number(self.user.key) if self.user else 0


def made(make: Callable[[datetime], Any]) -> tuple[Any, str]:
    """What was made, and why not, in a sentence."""
    try:
        return make(datetime.now(UTC)), ""
    except Exception as error:  # whatever it was, it is said where the button is
        return None, why_not(error, GONE).text


def address_of(token: str) -> str:
    return f"{settings.get().public_url}{routes.SIGN_IN_LINK}?token={token}"
