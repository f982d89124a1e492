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
from reflex_base.registry import RegistrationContext

from cicd_health import access
from cicd_health.model.acting import Actor, Via, act_as
from cicd_health.ui import routes

log = structlog.get_logger(__name__)
ROLES = ("visitor", "viewer", "operator", "admin")  # each may do what those before it may
VISITOR = ROLES[0]
NEEDED = "needed_role"  # what `needs` writes on a handler


def to_sign_in() -> EventSpec:
    """Leave the page for the sign-in form, with a full load: the form is not part of the app."""
    return rx.call_script(f"window.location.assign('{routes.LOGIN}')")


class EventGuard(rx.Middleware):
    """No handler runs for somebody who may not look, and none that changes something for somebody of a lesser role."""

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:
        headers = state.router_data.get("headers", {})
        who = await access.admit(headers.get("cookie"), datetime.now(UTC))
        if who is None:
            return StateUpdate(events=Event.from_event_type(to_sign_in()))
        registered = RegistrationContext.get().event_handlers.get(event.name)
        needed = role_of(registered.handler.fn) if registered else VISITOR
        return None if _may_as(who, needed, event.name) else StateUpdate()


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

            return _with_role(stepwise, role)

        @functools.wraps(handler)
        async def once(self: BaseState, *args: Any, **kwargs: Any) -> Any:
            return await handler(self, *args, **kwargs) if await _may(self, role, handler) else None

        return _with_role(once, role)

    return guarded


def _with_role(handler: Callable[..., Any], role: str) -> Callable[..., Any]:
    setattr(handler, NEEDED, role)
    return handler


def role_of(handler: Callable[..., Any]) -> str:
    """The least role that may call this handler: a visitor, unless `needs` says otherwise."""
    return getattr(handler, NEEDED, VISITOR)


async def _may(state: BaseState, role: str, handler: Callable[..., Any]) -> bool:
    """Asked again where the handler runs; what it does is done on behalf of this person."""
    who = await person(state)
    if not _may_as(who, role, getattr(handler, "__qualname__", "")):
        return False
    assert who is not None
    act_as(Actor(who.email, Via.PAGE, _address(state), who.user_id))
    return True


def _may_as(who: access.Person | None, needed: str, handler: str) -> bool:
    if who is not None and is_at_least(who.role, needed):
        return True
    log.warning("refused", handler=handler, role=who.role if who else None, needed=needed)
    return False


def _address(state: BaseState) -> str:
    """Of the person's own machine, also behind proxies that are trusted."""
    headers = state.router_data.get("headers", {})
    return access.address_behind(state.router.session.client_ip, headers.get("x-forwarded-for"))


def report(exception: Exception) -> None:
    """A handler failed: said in the log; the page keeps what it shows."""
    log.error("event handler failed", exc_info=exception)
