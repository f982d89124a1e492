"""Who may send events. Sessions end while sockets live, so every event asks again."""

from datetime import UTC, datetime

import reflex as rx
import structlog
from reflex.state import BaseState, StateUpdate
from reflex_base.event import Event, EventSpec

from cicd_health import access
from cicd_health.ui import routes

log = structlog.get_logger(__name__)


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


def report(exception: Exception) -> None:
    """A handler failed: said in the log; the page keeps what it shows."""
    log.error("event handler failed", exc_info=exception)
