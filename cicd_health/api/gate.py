"""The outermost layer: nobody sees a page or opens the page's socket without signing in, unless PUBLIC_READ.

The API asks for itself. The page's files hold no secrets and no numbers. Every answer gets its security headers here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote

from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cicd_health import access
from cicd_health.api import origin
from cicd_health.api.problems import problem

# First parts of the paths that the API answers, and nobody else. They say themselves who may ask.
API = frozenset({"api", "builds", "ingest", "metrics", "webhook", "webhooks"})
API_PATHS = frozenset({"/docs", "/health", "/login", "/login/link", "/logout", "/openapi.json", "/ready", "/ws"})
EVENTS = "/_event"
FILE = re.compile(r"/(assets|docs|fonts)/.*|/[^/]*\.(css|js|svg|png|ico|woff2|txt|webmanifest)|/ping")
HOST = re.compile(r"[\w.\-:\[\]]{1,255}")
REFUSED = 4401
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def is_api(path: str) -> bool:
    """True for what the API answers, also with "there is nothing here"."""
    return path in API_PATHS or path.removeprefix("/").partition("/")[0] in API


def is_open(path: str) -> bool:
    """True for what the gate lets everybody ask."""
    return is_api(path) or FILE.fullmatch(path) is not None


def content_security_policy(host: str) -> str:
    """What a page may load: our own files and sockets. Reflex's toasts and scripts need `unsafe-eval`."""
    sockets = f" ws://{host} wss://{host}" if HOST.fullmatch(host) else ""
    return (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' data:; font-src 'self'; connect-src 'self'{sockets}; object-src 'none'; "
        "frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
    )


class Gate:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket" and not await self._may_connect(scope):
            await receive()
            await send({"type": "websocket.close", "code": REFUSED})
        else:
            await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        answer = None if is_open(scope["path"]) else await _refusal(scope, headers)
        await (answer or self.app)(scope, receive, _with_headers(send, scope["path"], headers.get("host", "")))

    async def _may_connect(self, scope: Scope) -> bool:
        if not scope["path"].startswith(EVENTS):
            return True
        headers = Headers(scope=scope)
        if not origin.is_own(headers):
            return False
        try:
            return await access.admit(headers.get("cookie"), datetime.now(UTC)) is not None
        except SQLAlchemyError:
            return False


async def _refusal(scope: Scope, headers: Headers) -> Response | None:
    """What to answer instead of the page; None when the visitor may see it."""
    if scope["path"].startswith(EVENTS) and not origin.is_own(headers):
        return problem(403, "A page of another origin may not do this.")
    try:
        person = await access.admit(headers.get("cookie"), datetime.now(UTC))
    except SQLAlchemyError:
        return PlainTextResponse("The database cannot be reached at the moment.", 503, {"Retry-After": "5"})
    if person is not None:
        return None
    if scope["method"] not in ("GET", "HEAD") or scope["path"].startswith(EVENTS):
        return problem(401, "Signing in is needed.")
    query = scope.get("query_string", b"").decode("latin-1")
    asked = scope["path"] + (f"?{query}" if query else "")
    return RedirectResponse("/login" if asked == "/" else f"/login?next={quote(asked, safe='/')}", 303)


def _with_headers(send: Send, path: str, host: str) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            said = list(message.get("headers", ()))
            names = {name.lower() for name, _ in said}
            ours = (*_headers_for(host), (b"cache-control", _caching(path, message["status"])))
            message["headers"] = said + [pair for pair in ours if pair[0] not in names]
        await send(message)

    return send_with_headers


@lru_cache(maxsize=100)
def _headers_for(host: str) -> tuple[tuple[bytes, bytes], ...]:
    headers = HEADERS | {"Content-Security-Policy": content_security_policy(host)}
    return tuple((name.lower().encode(), value.encode()) for name, value in headers.items())


def _caching(path: str, status: int) -> bytes:
    """Built files have a hash in their name; answers of the API are nobody's to keep; all else is asked again."""
    if path.startswith("/assets/") and status in (200, 206, 304):
        return b"public, max-age=31536000, immutable"
    return b"no-store" if is_api(path) else b"no-cache"
