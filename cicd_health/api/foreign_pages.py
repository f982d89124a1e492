"""Pages of other origins (ALLOW_ORIGINS) that call the API from a browser: with a key, never with a cookie."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import Response

from cicd_health import settings

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
SENT = "Authorization, Content-Type, If-None-Match, Last-Event-ID"
SHOWN = "ETag, Retry-After, RateLimit, RateLimit-Policy, Content-Disposition"
ASKED_AGAIN_S = 600

Pairs = list[tuple[bytes, bytes]]


def allowed(origin: str | None) -> bool:
    return origin is not None and origin.lower() in settings.get().allow_origins


def preflight(method: str, headers: Headers) -> Response | None:
    """The answer to a browser that asks what a foreign page may do; None for any other request."""
    if method != "OPTIONS" or "access-control-request-method" not in headers or "origin" not in headers:
        return None
    if not allowed(headers["origin"]):
        return Response(status_code=403)
    may = {
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": SENT,
        "Access-Control-Max-Age": str(ASKED_AGAIN_S),
    }
    return Response(status_code=204, headers=may)


def tell(said: Pairs, origin: str, *, may: bool) -> Pairs:
    """The headers of an answer with our word on who may read it, instead of the page framework's."""
    kept = [pair for pair in said if not pair[0].lower().startswith(b"access-control-allow-origin")]
    kept = [pair for pair in kept if pair[0].lower() != b"access-control-allow-credentials"]
    if may and allowed(origin):
        kept += [(b"access-control-allow-origin", origin.encode("latin-1", "replace"))]
        kept += [(b"access-control-expose-headers", SHOWN.encode()), (b"vary", b"Origin")]
    return kept
