"""Channels, messages and silences on the alerts page: what their forms and buttons do.

An address that is typed comes with the event that sends the form, and stays nowhere but sealed in the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import reflex as rx

from cicd_health import flow
from cicd_health.store import alert_lists, engine
from cicd_health.ui import guard, routes, zone
from cicd_health.ui.alerts_view import channels, silences
from cicd_health.ui.alerts_view.channels import ChannelRow, Form
from cicd_health.ui.routes import NEW, AskedAlerts
from cicd_health.ui.source_actions import field, number
from cicd_health.ui.states.alert_rules import attempted
from cicd_health.ui.states.following import assign
from cicd_health.ui.told import Note, why_not

TOOK_IT = "It took a test message"


class ChannelsState(rx.State):
    """The list, and the one that is open. `notes` are by place: "form", "channel:3"; `busy` is such a place."""

    rows: rx.Field[list[ChannelRow]] = rx.field(default_factory=list)
    form: rx.Field[Form] = rx.field(default_factory=Form)
    turn: rx.Field[int] = rx.field(0)
    busy: rx.Field[str] = rx.field("")
    asking: rx.Field[bool] = rx.field(False)
    notes: rx.Field[dict[str, Note]] = rx.field(default_factory=dict)

    async def _begin(self, channel: str, viewer: ZoneInfo) -> None:
        """Open this channel, "new", or none; what is being typed into it stays."""
        if channel == self.form.key:
            return
        self.turn += 1
        form = await asyncio.to_thread(form_of, channel, viewer) if channel else Form()
        assign(self, form=form, asking=False, notes={})

    @rx.event(background=True)
    @guard.needs("admin")
    async def save(self, typed: dict[str, Any]):
        """A new address is tried first: a channel that takes nothing is stored only when that is wanted."""
        channel = self.form.key
        if not channel or not await self._take("form"):
            return
        saved, note = await asyncio.to_thread(stored, typed, channel)
        viewer = zone.of_viewer(self.router.headers.cookie)
        async with self:
            self._end("form", note)
            if not saved:
                return
            form = await asyncio.to_thread(form_of, str(saved), viewer)
            self.turn += 1
            assign(self, form=form)
        yield rx.redirect(routes.alerts(AskedAlerts(tab="channels", channel=str(saved))), replace=True)

    @rx.event(background=True)
    @guard.needs("admin")
    async def test(self, channel: str):
        place = f"channel:{number(channel)}"
        if await self._take(place):
            note = await asyncio.to_thread(tested, number(channel))
            async with self:
                self._end(place, note)

    @rx.event
    @guard.needs("admin")
    async def switch(self, channel: str, on: bool):
        note = await asyncio.to_thread(attempted, lambda now: flow.switch_channel(number(channel), on, now))
        self.notes = {f"channel:{number(channel)}": note} if note else {}

    @rx.event
    async def ask(self):
        self.asking = True

    @rx.event
    async def keep(self):
        self.asking = False

    @rx.event
    @guard.needs("admin")
    async def delete(self):
        note = await asyncio.to_thread(attempted, lambda now: flow.forget_channel(number(self.form.key), now))
        assign(self, asking=False, notes={"form": note} if note else {})
        return None if note else rx.redirect(routes.alerts(AskedAlerts(tab="channels")))

    async def _take(self, place: str) -> bool:
        """Take the one thing that may run at a time in this tab; False when something does."""
        async with self:
            if self.busy:
                return False
            assign(self, busy=place, notes={})
            return True

    def _end(self, place: str, note: Note) -> None:
        assign(self, busy="", notes={place: note})


class OutboxState(rx.State):
    """Sending a message now that waits, or that was given up. `notes` are by the message's key."""

    notes: rx.Field[dict[str, Note]] = rx.field(default_factory=dict)

    @rx.event
    @guard.needs("operator")
    async def send(self, message: str):
        note = await asyncio.to_thread(attempted, lambda now: flow.send_again(number(message), now))
        self.notes = {"page": note} if note else {}


class SilencingState(rx.State):
    """`turn` empties the form when it grows."""

    turn: rx.Field[int] = rx.field(0)
    notes: rx.Field[dict[str, Note]] = rx.field(default_factory=dict)

    @rx.event
    @guard.needs("operator")
    async def add(self, typed: dict[str, Any]):
        person = await guard.person(self)
        note = await asyncio.to_thread(silenced, typed, person.email if person else "")
        self.turn += note.done
        self.notes = {"form": note}

    @rx.event
    @guard.needs("operator")
    async def end(self, silence: str):
        person = await guard.person(self)
        who = person.email if person else ""
        note = await asyncio.to_thread(attempted, lambda now: flow.end_silence(number(silence), who, now))
        self.notes = {"page": note} if note else {}


def form_of(channel: str, viewer: ZoneInfo) -> Form:
    if channel == NEW:
        return channels.new_form(viewer.key)
    with engine.reading() as session:
        row = alert_lists.of_id(alert_lists.channels(session, datetime.now(UTC)), number(channel))
    return channels.form_of(row) if row is not None else channels.missing(channel)


def stored(typed: Mapping[str, Any], channel: str) -> tuple[int, Note]:
    """The id of the channel that was stored, 0 for none, and what to say. Slow: it may send a message."""
    fields = {str(name): field(dict(typed), str(name)) for name in typed}
    try:
        draft = channels.draft_of(fields)
        if channel == NEW and draft.url is None:
            raise ValueError("An address is needed: where are its messages to go?")
        tried = flow.try_address(draft.url, datetime.now(UTC)) if draft.url else None
        if tried is not None and not tried.ok and not fields.get("anyway"):
            return 0, Note("Not saved: it did not take a test message.", "fail", [tried.error or "It gave no reason."])
        id = flow.save_channel(draft, datetime.now(UTC), None if channel == NEW else number(channel))
    except Exception as error:  # whatever it was, it is said where the button is
        return 0, why_not(error, "This channel is not there any more.")
    if tried is None:
        return id, Note("Saved.", "ok", done=True)
    if tried.ok:
        return id, Note(f"Saved. {TOOK_IT} within {tried.seconds:.1f} s.", "ok", done=True)
    return id, Note("Saved, although it did not take a test message.", "warn", [tried.error or ""], done=True)


def tested(channel_id: int) -> Note:
    """What came of sending a test message. Slow: it calls out."""
    try:
        tried = flow.try_channel(channel_id, datetime.now(UTC))
    except Exception as error:  # whatever it was, it is said where the button is
        return why_not(error, "This channel is not there any more.")
    if tried.ok:
        return Note(f"{TOOK_IT} within {tried.seconds:.1f} s.", "ok")
    return Note("It did not take a test message.", "fail", [tried.error or "It gave no reason."])


def silenced(typed: Mapping[str, Any], who: str) -> Note:
    fields = {str(name): field(dict(typed), str(name)) for name in typed}
    now = datetime.now(UTC)
    try:
        until = silences.until_of(fields.get("length", ""), now)
        if until is None:
            raise ValueError("Choose for how long.")
        rule_id = number(fields.get("rule", "")) or None
        flow.silence(silences.scope_of(fields), who, now, until, fields.get("reason", "")[:500], rule_id=rule_id)
    except Exception as error:  # whatever it was, it is said where the button is
        return why_not(error, "This rule is not there any more.")
    return Note("Silenced. What opens meanwhile is kept, and shown as muted.", "ok", done=True)
