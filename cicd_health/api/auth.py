"""Who calls the API: a key, a signed-in browser, or under PUBLIC_READ anybody who only looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException

from cicd_health import access
from cicd_health.api import origin
from cicd_health.api.clock import Now

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="CI/CD Health"'}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
scheme = HTTPBearer(auto_error=False, description="An API key, or the session cookie of a browser that is signed in.")


def bearer(headers: Mapping[str, str]) -> str | None:
    """The token of an `Authorization: Bearer` header."""
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() or None if kind.lower() == "bearer" else None


def scopes_of(key: str | None, cookie: str | None, now: datetime) -> frozenset[str]:
    """What a caller with this key, else with this Cookie header, may do; empty for a wrong key."""
    if key is not None:
        return access.key_scopes(key, now)
    person = access.may_use(cookie, now)
    return person.scopes if person is not None else frozenset()


def caller(request: Request, now: Now, _shown_in_docs: Annotated[object, Depends(scheme)] = None) -> frozenset[str]:
    """The scopes of who is asking. 401 when that is nobody, 403 for a foreign page that uses somebody's cookie."""
    key = bearer(request.headers)
    scopes = scopes_of(key, request.headers.get("cookie"), now)
    if not scopes:
        wrong = "This key is not valid: unknown, expired or revoked." if key else "An API key or signing in is needed."
        raise HTTPException(401, wrong, CHALLENGE)
    if key is None and request.method not in SAFE_METHODS and not origin.is_own(request.headers):
        raise HTTPException(403, "A page of another origin may not do this.")
    return scopes


def needs(scope: str) -> Callable[[frozenset[str]], None]:
    """A dependency that lets only callers with this scope pass."""

    def check(scopes: Annotated[frozenset[str], Depends(caller)]) -> None:
        if scope not in scopes:
            raise HTTPException(403, f"This needs the scope {scope}.")

    return check


def who(request: Request, now: Now) -> str:
    """Who is asking, for the record: a person's e-mail address, or the name of a key."""
    key = bearer(request.headers)
    if key is not None:
        return access.key_owner(key, now)
    person = access.may_use(request.headers.get("cookie"), now)
    return person.email if person is not None else ""


Who = Annotated[str, Depends(who)]
READER, INGESTER, ADMIN = (Depends(needs(scope)) for scope in ("read", "ingest", "admin"))
