"""Who may send events. Sessions end while sockets live, so every event asks again."""

import functools
import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import reflex as rx
import structlog
from reflex.state import BaseState, StateUpdate
from reflex_base.event import Event, EventSpec

from cicd_health import access
from cicd_health.ui import routes

log = structlog.get_logger(__name__)
ROLES = ("visitor", "viewer", "operator", "admin")  # each may do what those before it may


def to_sign_in() -> EventSpec:
    """Leave the page for the sign-in form, with a full load: the form is not part of the app."""
    return rx.call_script(f"window.location.assign('{routes.LOGIN}')")


class EventGuard(rx.Middleware):
    """No handler runs for somebody who may not look."""

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:
        cookie = state.router_data.get("headers", {}).get("cookie")
        if await access.admit(cookie, datetime.now(UTC)) is None:
            return StateUpdate(events=Event.from_event_type(to_sign_in()))
        return None


async def person(state: BaseState) -> access.Person | None:
    """Who sent the event that this state handles: its cookie, which only the server sees, is asked again."""
    return await access.admit(state.router.headers.cookie, datetime.now(UTC))


def is_at_least(role: str, needed: str) -> bool:
    return role in ROLES and ROLES.index(role) >= ROLES.index(needed)


def needs(role: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """For handlers that change something: nothing happens when a person of a lesser role sends the event.

    Stands under `@rx.event`, also over background handlers and those that yield; the handler is `async`.
    """
    assert role in ROLES, role

    def guarded(handler: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.isasyncgenfunction(handler):

            @functools.wraps(handler)
            async def stepwise(self: BaseState, *args: Any, **kwargs: Any):
                if await _may(self, role, handler):
                    async for event in handler(self, *args, **kwargs):
                        yield event

            return stepwise

        @functools.wraps(handler)
        async def once(self: BaseState, *args: Any, **kwargs: Any) -> Any:
            return await handler(self, *args, **kwargs) if await _may(self, role, handler) else None

        return once

    return guarded


async def _may(state: BaseState, role: str, handler: Callable[..., Any]) -> bool:
    who = await person(state)
    if who is not None and is_at_least(who.role, role):
        return True
    log.warning("refused", handler=getattr(handler, "__qualname__", ""), role=who.role if who else None, needed=role)
    return False


def report(exception: Exception) -> None:
    """A handler failed: said in the log; the page keeps what it shows."""
    log.error("event handler failed", exc_info=exception)
