"""What every page that is kept up to date does: show, wait for a change, show again."""

from __future__ import annotations

from collections.abc import AsyncIterator

import reflex as rx

from cicd_health import access
from cicd_health.live import hub
from cicd_health.ui import guard

HEARTBEAT_S = 60.0  # also keeps the page's state from expiring


async def changes(state: rx.State) -> AsyncIterator[access.Person | None]:
    """Who looks: at once, and again after each change and each heartbeat. None, and the end, once nobody may."""
    while True:
        person = await guard.person(state)
        seen = hub.version
        yield person
        if person is None:
            return
        await hub.wait(seen, timeout=HEARTBEAT_S)


def assign(state: rx.State, **values: object) -> None:
    """Set what changed only: a variable that is set is sent, even when it is the same."""
    for name, value in values.items():
        if getattr(state, name) != value:
            setattr(state, name, value)
