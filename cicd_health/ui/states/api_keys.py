"""The keys of the settings page. A new one is in the state while its dialog is open, and nowhere afterwards."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import reflex as rx

from cicd_health import access
from cicd_health.ui import guard
from cicd_health.ui.settings_view import keys
from cicd_health.ui.settings_view.keys import SCOPES, KeyRow
from cicd_health.ui.source_actions import field, number
from cicd_health.ui.states.following import assign
from cicd_health.ui.told import why_not

GONE = "This key is not there any more."


class KeysState(rx.State):
    """`asking` is the dialog that is open: "new", "shown", "revoke". `chosen` and `name` are the key it is about."""

    rows: rx.Field[list[KeyRow]] = rx.field(default_factory=list)
    asking: rx.Field[str] = rx.field("")
    chosen: rx.Field[str] = rx.field("")
    name: rx.Field[str] = rx.field("")
    key: rx.Field[str] = rx.field("")
    said: rx.Field[str] = rx.field("")

    def _begin(self) -> None:
        assign(self, asking="", chosen="", name="", key="", said="")

    @rx.event
    @guard.needs("admin")
    async def ask_new(self):
        self._begin()
        self.asking = "new"

    @rx.event
    @guard.needs("admin")
    async def ask_revoke(self, key: str):
        self._begin()
        row = next((row for row in self.rows if row.key == key), None)
        if row is not None:
            assign(self, asking="revoke", chosen=row.key, name=row.name)

    @rx.event
    async def leave(self):
        self._begin()

    @rx.event
    @guard.needs("admin")
    async def create(self, form: dict[str, Any]):
        key, said = await asyncio.to_thread(created, form)
        if said:
            self.said = said
        else:
            assign(self, asking="shown", name=field(form, "name"), key=key, said="")

    @rx.event
    @guard.needs("admin")
    async def revoke(self):
        said = await asyncio.to_thread(revoked, number(self.chosen))
        if said:
            self.said = said
        else:
            self._begin()


def created(form: dict[str, Any]) -> tuple[str, str]:
    """The new key, or why there is none."""
    now = datetime.now(UTC)
    scopes = [scope for scope in SCOPES if field(form, f"scope.{scope}")]
    try:
        if not scopes:
            raise ValueError("Choose at least one thing that it may do.")
        ends_at = keys.ends_at(field(form, "lasts"), now)
        return access.create_key(field(form, "name"), scopes, now, expires_at=ends_at).key, ""
    except Exception as error:  # whatever it was, it is said where the button is
        return "", why_not(error, GONE).text


def revoked(key_id: int) -> str:
    """Why it could not be revoked; empty when it was."""
    try:
        access.revoke_key(key_id, datetime.now(UTC))
    except Exception as error:  # whatever it was, it is said where the button is
        return why_not(error, GONE).text
    return ""
