"""What people and keys may do."""

from __future__ import annotations

from dataclasses import dataclass

SCOPES = frozenset({"read", "ingest", "admin"})  # that a key may have
OPERATE = "operate"  # acknowledge, mute, replay, poll: what operators may too
EVERYTHING = SCOPES | {OPERATE}
ROLES = ("viewer", "operator", "admin")  # that a user may have, each more than the one before
SCOPES_OF_ROLE = {"visitor": {"read"}, "viewer": {"read"}, "operator": {"read", OPERATE}, "admin": EVERYTHING}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who looks at the pages. A visitor, under PUBLIC_READ, has no id."""

    user_id: int | None
    email: str
    role: str
    session_id: int | None = None

    @property
    def scopes(self) -> frozenset[str]:
        return frozenset(SCOPES_OF_ROLE.get(self.role, ()))


VISITOR = Person(None, "", "visitor")
