"""Who is looking, and what the frame around every page says."""

from datetime import UTC, datetime

import reflex as rx
import structlog

from cicd_health import access
from cicd_health.live import hub
from cicd_health.model.troubles import Trouble
from cicd_health.store import alert_lists, engine
from cicd_health.ui import guard
from cicd_health.ui.format import count
from cicd_health.ui.notices import LOOKOUT, Notice

log = structlog.get_logger(__name__)


class SessionState(rx.State):
    """`known` is False until it has been asked, so that "Sign in" does not flash up.

    `open_alerts` stands beside "Alerts" in the menu: how many incidents nobody has taken or muted, empty for none.
    `notices`: what is wrong with the dashboard itself.
    `operator` and `admin`: which buttons are there. Whoever presses one is asked again (guard.py).
    """

    known: rx.Field[bool] = rx.field(False)
    email: rx.Field[str] = rx.field("")
    initials: rx.Field[str] = rx.field("")
    operator: rx.Field[bool] = rx.field(False)
    admin: rx.Field[bool] = rx.field(False)
    open_alerts: rx.Field[str] = rx.field("")
    notices: rx.Field[list[Notice]] = rx.field(default_factory=list)

    @rx.event
    async def load(self):
        person = await access.admit(self.router.headers.cookie, datetime.now(UTC))
        self.email = person.email if person else ""
        self.known = True
        role = person.role if person else ""
        self.operator = guard.is_at_least(role, "operator")
        self.admin = guard.is_at_least(role, "admin")
        if person is not None:
            self.open_alerts = await open_alerts() or ""
        self.initials = _initials(self.email)


async def open_alerts() -> str | None:
    """Counted once per change for everybody; None when it cannot be."""
    try:
        return await hub.snapshot("open alerts", _count_open)
    except Exception:
        log.exception("open alerts cannot be counted")
        return None


async def troubles() -> list[Trouble] | None:
    """What is wrong, looked at once for everybody who asks; None when that cannot be said.

    Not a snapshot: a database that hangs changes nothing, and may hold up all threads that read.
    """
    try:
        return await LOOKOUT.troubles(datetime.now(UTC))
    except Exception:
        log.exception("troubles cannot be looked for")
        return None


def _count_open() -> str:
    with engine.reading() as session:
        number = alert_lists.untaken(session)
    return count(number) if number else ""


def _initials(email: str) -> str:
    """`wren.reed@kestrel.dev` → WR."""
    parts = email.partition("@")[0].replace("-", ".").replace("_", ".").split(".")
    return "".join(part[:1] for part in parts if part)[:2].upper()
