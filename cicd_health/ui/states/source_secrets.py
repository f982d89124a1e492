"""A new webhook secret for a source. It is in the state while its dialog is open, and nowhere in clear afterwards."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import reflex as rx

from cicd_health import flow
from cicd_health.ui import guard
from cicd_health.ui.source_actions import number
from cicd_health.ui.states.following import assign
from cicd_health.ui.told import why_not


class RotationState(rx.State):
    """`asking` is the dialog that is open: "sure", "shown". `source` and `name` are the source it is about."""

    asking: rx.Field[str] = rx.field("")
    source: rx.Field[str] = rx.field("")
    name: rx.Field[str] = rx.field("")
    secret: rx.Field[str] = rx.field("")
    said: rx.Field[str] = rx.field("")

    def _begin(self) -> None:
        assign(self, asking="", source="", name="", secret="", said="")

    @rx.event
    @guard.needs("admin")
    async def ask(self, source: str, name: str):
        self._begin()
        assign(self, asking="sure", source=str(number(source)), name=name[:200])

    @rx.event
    async def leave(self):
        self._begin()

    @rx.event
    @guard.needs("admin")
    async def rotate(self):
        secret, said = await asyncio.to_thread(rotated, number(self.source))
        assign(self, asking="sure" if said else "shown", secret=secret, said=said)


def rotated(source_id: int) -> tuple[str, str]:
    """The new secret, or why there is none."""
    try:
        return flow.set_webhook_secret(source_id, datetime.now(UTC)), ""
    except Exception as error:  # whatever it was, it is said where the button is
        return "", why_not(error, "This source is not there any more.").text
