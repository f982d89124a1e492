"""The address of whoever asks, behind trusted proxies too."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import Scope

from cicd_health.access import address_behind


def client_address(scope: Scope) -> str:
    """For throttling, limits and the record; "" when the server does not know."""
    client = scope.get("client")
    if not client:
        return ""
    # A proxy may add its part as a header of its own: together they are one list.
    forwarded = ",".join(Headers(scope=scope).getlist("x-forwarded-for"))
    return address_behind(client[0], forwarded or None)
