"""Who calls the API: a key, a signed-in browser, or under PUBLIC_READ anybody who only looks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, NoReturn

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException

from cicd_health import access
from cicd_health.api import limits, origin
from cicd_health.api.client_address import client_address
from cicd_health.api.clock import Now
from cicd_health.model.acting import Actor, Via, act_as

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="CI/CD Health"'}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
scheme = HTTPBearer(auto_error=False, description="An API key, or the session cookie of a browser that is signed in.")


def bearer(headers: Mapping[str, str]) -> str | None:
    """The token of an `Authorization: Bearer` header."""
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() or None if kind.lower() == "bearer" else None


def scopes_of(key: str | None, cookie: str | None, now: datetime, address: str = "") -> frozenset[str]:
    """What a caller with this key, else with this Cookie header, may do; empty for a wrong key."""
    if key is not None:
        found = access.key_caller(key, address, now)
        return found.scopes if found is not None else frozenset()
    person = access.may_use(cookie, now)
    return person.scopes if person is not None else frozenset()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking, by a key or as a person; what they may do."""

    who: str
    scopes: frozenset[str]
    user_id: int | None = None
    address: str = ""
    key_id: int | None = None

    @property
    def actor(self) -> Actor:
        return Actor(self.who, Via.API, self.address, self.user_id)


async def caller(request: Request, now: Now, _shown_in_docs: Annotated[object, Depends(scheme)] = None) -> Caller:
    """Who is asking. 401 when that is nobody, 403 for a foreign page that uses somebody's cookie, 429 for too often."""
    key, cookie = bearer(request.headers), request.headers.get("cookie")
    address = client_address(request.scope)
    found = await (_by_key(key, address, now) if key is not None else _by_cookie(cookie, now))
    if found is None:
        await _refuse(key, cookie, address)
    if key is None and request.method not in SAFE_METHODS and not origin.is_own(request.headers):
        raise HTTPException(403, "A page of another origin may not do this.")
    await _count(found, key, address)
    return replace(found, address=address)


async def _by_key(key: str, address: str, now: datetime) -> Caller | None:
    found = await access.admit_key(key, address, now)
    return None if found is None else Caller(found.name, found.scopes, key_id=found.id)


async def _by_cookie(cookie: str | None, now: datetime) -> Caller | None:
    person = await access.admit(cookie, now)
    return None if person is None else Caller(person.email, person.scopes, person.user_id)


async def _refuse(key: str | None, cookie: str | None, address: str) -> NoReturn:
    """401, or 429 when this address was wrong too often."""
    if key is None and access.session_token(cookie) is None:
        await limits.stranger_asks(address)
        raise HTTPException(401, "An API key or signing in is needed.", CHALLENGE)
    await limits.failed(address)
    wrong = "This key is not valid: unknown, expired or revoked." if key else "This session has ended: sign in again."
    raise HTTPException(401, wrong, CHALLENGE)


async def _count(found: Caller, key: str | None, address: str) -> None:
    if found.user_id is not None:
        await limits.caller_asks(f"user {found.user_id}")
    elif key is not None:
        await limits.caller_asks(f"key {found.key_id or found.who}")
    else:
        await limits.stranger_asks(address)


async def admitted(found: Annotated[Caller, Depends(caller)]) -> Caller:
    """The same; what is done from here on is done on their behalf. Async, as what a thread sets ends with it."""
    act_as(found.actor)
    return found


Asking = Annotated[Caller, Depends(admitted)]


def needs(scope: str) -> Callable[[Caller], Awaitable[None]]:
    """A dependency that lets only callers with this scope pass."""

    async def check(asking: Asking) -> None:
        if scope not in asking.scopes:
            raise HTTPException(403, f"This needs the scope {scope}.")

    return check


async def _who(asking: Asking) -> str:
    return asking.who


Who = Annotated[str, Depends(_who)]  # for the record: a person's e-mail address, or the name of a key
READER, INGESTER, OPERATOR, ADMIN = (
    Security(needs(scope), scopes=[scope])  # named, so that the description of the API tells them
    for scope in ("read", "ingest", access.OPERATE, "admin")
)
