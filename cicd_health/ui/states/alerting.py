"""What is done with an incident, on whichever page it is shown: acknowledge, mute, resolve. And how many are open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import reflex as rx

from cicd_health import flow
from cicd_health.ui import guard
from cicd_health.ui.alerts_view import silences
from cicd_health.ui.source_actions import field, number
from cicd_health.ui.states.following import assign
from cicd_health.ui.told import why_not

LONGEST_NOTE = 500


class AlertingState(rx.State):
    """`asking` is "mute" or "resolve" while the dialog is open, `incident` and `about` what it is of.

    `said` is why something was not done; the rows themselves show what was.
    """

    asking: rx.Field[str] = rx.field("")
    incident: rx.Field[str] = rx.field("")
    about: rx.Field[str] = rx.field("")
    said: rx.Field[str] = rx.field("")

    @rx.event
    @guard.needs("operator")
    async def ask_mute(self, incident: str, about: str):
        self._ask("mute", incident, about)

    @rx.event
    @guard.needs("operator")
    async def ask_resolve(self, incident: str, about: str):
        self._ask("resolve", incident, about)

    def _ask(self, what: str, incident: str, about: str) -> None:
        assign(self, asking=what, incident=str(number(incident)), about=str(about)[:200], said="")

    @rx.event
    async def leave(self):
        assign(self, asking="", said="")

    @rx.event
    @guard.needs("operator")
    async def acknowledge(self, incident: str):
        await self._do(partial(flow.acknowledge_alert, number(incident)))

    @rx.event
    @guard.needs("operator")
    async def unmute(self, incident: str):
        await self._do(partial(flow.unmute_alert, number(incident)))

    @rx.event
    @guard.needs("operator")
    async def mute_until_fixed(self, incidents: str):
        """Several in one go; their ids with commas between, as for `unmute_all`."""
        await self._do(partial(flow.mute_alerts_until_fixed, _numbers(incidents)))

    @rx.event
    @guard.needs("operator")
    async def unmute_all(self, incidents: str):
        await self._do(partial(flow.unmute_alerts, _numbers(incidents)))

    @rx.event
    @guard.needs("operator")
    async def mute(self, form: dict[str, Any]):
        reason = field(form, "reason")[:LONGEST_NOTE]
        try:
            until = silences.until_of(field(form, "length"), datetime.now(UTC))
        except ValueError as error:
            assign(self, said=str(error))
            return
        await self._do(partial(flow.mute_alert, number(self.incident), until=until, reason=reason))

    @rx.event
    @guard.needs("operator")
    async def resolve(self, form: dict[str, Any]):
        note = field(form, "reason")[:LONGEST_NOTE]
        await self._do(partial(flow.resolve_alert, number(self.incident), note=note))

    async def _do(self, change: Callable[..., Any]) -> None:
        """The dialog stays open when it was not done."""
        person = await guard.person(self)
        said = await asyncio.to_thread(done, change, person.email if person else "")
        assign(self, asking=self.asking if said else "", said=said)


def _numbers(ids: str) -> frozenset[int]:
    return frozenset(number(id) for id in ids.split(","))


def done(change: Callable[..., Any], who: str) -> str:
    """Why it could not be done, in a sentence; empty when it was."""
    try:
        change(who=who, now=datetime.now(UTC))
    except Exception as error:  # whatever it was, it is said where the button is
        return why_not(error, "There is no such incident any more.").text
    return ""
