"""What every page that is kept up to date does: show, wait for a change, show again. And the number in its menu."""

from __future__ import annotations

from collections.abc import AsyncIterator

import reflex as rx

from cicd_health import access
from cicd_health.live import hub
from cicd_health.ui import guard
from cicd_health.ui.states.session import SessionState, open_alerts

HEARTBEAT_S = 60.0  # also keeps the page's state from expiring


async def changes(state: rx.State) -> AsyncIterator[access.Person | None]:
    """Who looks: at once, and again after each change and each heartbeat. None, and the end, once nobody may."""
    told = ""
    while True:
        person = await guard.person(state)
        seen = hub.version
        if person is None:
            yield person
            return
        told = await tell_open_alerts(state, told)
        yield person
        await hub.wait(seen, timeout=HEARTBEAT_S)


async def tell_open_alerts(state: rx.State, told: str) -> str:
    """Bring the number in the menu up to date, `told` being what it was. It is no reason for a page to fail."""
    number = await open_alerts()
    if number not in (told, None):
        async with state:
            assign(await state.get_state(SessionState), open_alerts=number)
    return told if number is None else number


def assign(state: rx.State, **values: object) -> None:
    """Set what changed only: a variable that is set is sent, even when it is the same."""
    for name, value in values.items():
        if getattr(state, name) != value:
            setattr(state, name, value)
