"""Who is looking."""

from datetime import UTC, datetime

import reflex as rx

from cicd_health import access


class SessionState(rx.State):
    """`known` is False until it has been asked, so that "Sign in" does not flash up."""

    known: rx.Field[bool] = rx.field(False)
    email: rx.Field[str] = rx.field("")
    initials: rx.Field[str] = rx.field("")

    @rx.event
    async def load(self):
        person = await access.admit(self.router.headers.cookie, datetime.now(UTC))
        self.email = person.email if person else ""
        self.known = True
        self.initials = _initials(self.email)


def _initials(email: str) -> str:
    """`wren.reed@kestrel.dev` → WR."""
    parts = email.partition("@")[0].replace("-", ".").replace("_", ".").split(".")
    return "".join(part[:1] for part in parts if part)[:2].upper()
