"""On whose behalf something is done just now: what the audit log writes down beside every change."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum


class Via(StrEnum):
    """The way in."""

    PAGE = "page"
    API = "api"
    COMMAND = "command"
    SIGN_IN = "sign_in"
    SERVER = "server"  # nobody asked: jobs, settings


@dataclass(frozen=True, slots=True)
class Actor:
    """`who` is an e-mail address, "key NAME", or what the server calls itself; `address` is where it came from."""

    who: str
    via: Via
    address: str = ""
    user_id: int | None = None


SERVER = Actor("the server", Via.SERVER)
_actor: ContextVar[Actor] = ContextVar("actor", default=SERVER)


def current() -> Actor:
    return _actor.get()


def by_somebody() -> bool:
    """Whether a person or a key asked for this, not the server itself."""
    return _actor.get().via is not Via.SERVER


def act_as(actor: Actor) -> None:
    """For the rest of this request, event or command; threads that it starts through asyncio or anyio know it too."""
    _actor.set(actor)


@contextmanager
def acting(actor: Actor) -> Generator[None]:
    """For the length of the block."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)
