"""What every page that is kept up to date does: show, wait for a change, show again. And the number in its menu."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import reflex as rx
import structlog
from sqlalchemy.exc import SQLAlchemyError

from cicd_health import access
from cicd_health.live import hub
from cicd_health.ui import guard, zone
from cicd_health.ui.notices import Notice, notices
from cicd_health.ui.states.session import SessionState, open_alerts, troubles

log = structlog.get_logger(__name__)
ANSWER_S, AGAIN_S = 5.0, 5.0
HEARTBEAT_S = 60.0  # also keeps the page's state from expiring


async def changes(
    state: rx.State, again_s: Callable[[], float] = lambda: HEARTBEAT_S
) -> AsyncIterator[access.Person | None]:
    """Who looks: at once, and again after each change and each heartbeat. None, and the end, once nobody may.

    `again_s` says how long until the next heartbeat. While the database is away and that cannot be asked, the page
    stays as it is and says so.
    """
    told, wrong = "", list[Notice]()
    while True:
        seen = hub.version
        try:
            async with asyncio.timeout(ANSWER_S):
                person = await guard.person(state)
        except (SQLAlchemyError, TimeoutError) as error:
            log.warning("a page waits for the database", error=type(error).__name__)
            wrong = await tell_troubles(state, wrong)
            await hub.wait(seen, timeout=AGAIN_S)
            continue
        if person is None:
            yield person
            return
        wrong = await tell_troubles(state, wrong)
        told = await tell_open_alerts(state, told)
        yield person
        await hub.wait(seen, timeout=again_s())


async def tell_troubles(state: rx.State, told: list[Notice]) -> list[Notice]:
    """Say above the page what is wrong, and no longer what is not; `told` is what stands there."""
    found = await troubles()
    if found is None:
        return told
    said = notices(found, datetime.now(UTC), zone.of_viewer(state.router.headers.cookie))
    if said != told:
        async with state:
            assign(await state.get_state(SessionState), notices=said)
    return said


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
