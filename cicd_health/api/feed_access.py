"""Who may read a feed or a badge: programs that can send no header of their own put their key elsewhere."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated

from fastapi import Query, Request
from starlette.exceptions import HTTPException

from cicd_health import access
from cicd_health.api import auth, limits
from cicd_health.api.client_address import client_address
from cicd_health.api.clock import Now
from cicd_health.api.words import Word

CHALLENGE = {"WWW-Authenticate": 'Basic realm="CI/CD Health", charset="UTF-8"'}
READ = "read"
Token = Annotated[
    Word | None, Query(description="A key whose only scope is read, for programs that can send no header.")
]


def password(headers: Mapping[str, str]) -> str | None:
    """The password of an `Authorization: Basic` header, whatever the user."""
    kind, _, encoded = headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[2] or None
    except (binascii.Error, ValueError):
        return None


async def feed_reader(request: Request, now: Now, token: Token = None) -> None:
    """Lets pass who may read: as everywhere, or by a key as Basic password or in the address.

    An address is seen by many: a key in it may do nothing but read.
    """
    key = password(request.headers) or token
    if key is None:
        found = await auth.caller(request, now)
        scopes = found.scopes
    else:
        scopes = await _scopes_of(key, request, now)
        if key == token and scopes != {READ}:
            raise HTTPException(403, "A key in an address must have the scope read, and no other.")
    if READ not in scopes:
        raise HTTPException(403, "This needs the scope read.")


async def _scopes_of(key: str, request: Request, now: Now) -> frozenset[str]:
    address = client_address(request.scope)
    found = await access.admit_key(key, address, now)
    if found is None:
        await limits.failed(address)
        raise HTTPException(401, "This key is not valid: unknown, expired or revoked.", CHALLENGE)
    await limits.caller_asks(f"key {found.id or found.name}")
    return found.scopes
