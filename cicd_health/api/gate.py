"""The outermost layer: nobody sees a page or opens the page's socket without signing in, unless PUBLIC_READ.

The API asks for itself. The page's files hold no secrets and no numbers. Every answer gets its headers here, every
request its bounds, and no error leaves with more than it may say.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, quote

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cicd_health import access, settings
from cicd_health.api import bounds, foreign_pages, limits, origin, security_headers
from cicd_health.api.auth import bearer
from cicd_health.api.client_address import client_address
from cicd_health.api.foreign_pages import Pairs
from cicd_health.api.limits import Places
from cicd_health.api.problems import problem

log = structlog.get_logger(__name__)

# First parts of the paths that the API answers, and nobody else. They say themselves who may ask.
API = frozenset({"api", "badge", "builds", "ingest", "login", "metrics", "webhook", "webhooks"})
API_PATHS = frozenset({"/cctray.xml", "/docs", "/health", "/logout", "/openapi.json", "/ready", "/ws"})
EVENTS = "/_event"
FILE = re.compile(r"/(assets|docs|fonts)/.*|/[^/]*\.(css|js|svg|png|ico|woff2|txt|webmanifest)|/ping")
BADGE = "/badge/"
STREAM = "/api/v1/stream"
# Of the API, what a browser goes to by itself: pages of other origins have no business there.
OURS_ALONE = frozenset({"docs", "login", "logout"})  # by the first part of the path
# Of the API, what answers to whom it may concern; all else asks who it is, and counts it.
FOR_ANYBODY = frozenset({"docs", "login", "logout", "openapi.json", "ready"})
REFUSED = 4401
FULL = 4429
NOWHERE = 4404
TOO_MANY = "Too many connections are open. Close some, or try again in a minute."


def is_api(path: str) -> bool:
    """True for what the API answers, also with "there is nothing here"."""
    return path in API_PATHS or _first(path) in API


def _first(path: str) -> str:
    return path.removeprefix("/").partition("/")[0]


def _is_for_foreign_pages(path: str) -> bool:
    return is_api(path) and _first(path) not in OURS_ALONE


def is_open(path: str) -> bool:
    """True for what the gate lets everybody ask."""
    return is_api(path) or FILE.fullmatch(path) is not None


class Gate:
    """Wraps the whole application."""

    def __init__(
        self, app: ASGIApp, places: Places | None = None, room: bounds.Room | None = None, *, pages: bool = True
    ) -> None:
        """Without `pages` there is nothing behind it but the API."""
        self.app = app
        self._pages = pages
        self._places = places or Places()
        self._room = room or bounds.Room()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        outgoing = Outgoing(scope, receive, send, headers)
        if scope["method"] not in bounds.WITH_BODY:
            return await self._answer(scope, receive, outgoing, headers)
        with self._room.body(bounds.in_time(receive)) as bounded:
            return await self._answer(scope, bounded, outgoing, headers)

    async def _answer(self, scope: Scope, receive: Receive, outgoing: Outgoing, headers: Headers) -> None:
        try:
            answer = bounds.refusal(scope) or self._nothing(scope["path"]) or await _refusal(scope, headers)
            if answer is None and scope["path"] == STREAM:
                await self._stream(scope, receive, outgoing.send, headers)
            else:
                await (answer or self.app)(scope, receive, outgoing.send)
        except ClientDisconnect:
            return
        except HTTPException as error:
            await outgoing.instead(problem(error.status_code, str(error.detail), dict(error.headers or {})), error)
        except Exception as error:
            await outgoing.instead(problem(500, "Something went wrong here. It has been logged."), error)

    def _nothing(self, path: str) -> Response | None:
        return None if self._pages or is_api(path) else problem(404, "This server has no pages: it serves the API.")

    async def _stream(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        with self._places.place(await _whose(scope, headers)) as free:
            await (self.app if free else problem(429, TOO_MANY, {"Retry-After": "60"}))(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if self._nothing(scope["path"]):
            await _close(receive, send, NOWHERE)
            return
        if not await _may_connect(scope, headers):
            await _close(receive, send, REFUSED)
            return
        whose = await _whose(scope, headers)
        try:
            await limits.opens_socket(whose)
        except HTTPException:
            await _close(receive, send, FULL)
            return
        with self._places.place(whose) as free:
            await (self.app(scope, receive, send) if free else _close(receive, send, FULL))


async def _close(receive: Receive, send: Send, code: int) -> None:
    await receive()
    await send({"type": "websocket.close", "code": code})


async def _may_connect(scope: Scope, headers: Headers) -> bool:
    if bounds.refusal(scope) is not None:
        return False
    if not scope["path"].startswith(EVENTS):
        return True
    if not origin.is_own(headers):
        return False
    try:
        return await access.admit(headers.get("cookie"), datetime.now(UTC)) is not None
    except SQLAlchemyError:
        return False


async def _whose(scope: Scope, headers: Headers) -> str:
    """Whose connection it is: that of a key or a person, else of an address: what is made up is nobody of its own."""
    address, now = client_address(scope), datetime.now(UTC)
    try:
        if key := _key(scope, headers):
            caller = await access.admit_key(key, address, now)
            name = None if caller is None else f"key {caller.id or caller.name}"
        else:
            person = await access.admit(headers.get("cookie"), now)
            name = None if person is None or person.user_id is None else f"user {person.user_id}"
    except SQLAlchemyError:
        name = None
    return name or f"address {access.network_of(address)}"


def _key(scope: Scope, headers: Headers) -> str | None:
    """The key it comes with; the page's own socket takes none."""
    if scope["path"].startswith(EVENTS):
        return None
    query = parse_qs(scope.get("query_string", b"").decode("latin-1")) if scope["path"] == "/ws" else {}
    return bearer(headers) or query.get("token", [None])[0]


async def _refusal(scope: Scope, headers: Headers) -> Response | None:
    """What to answer instead of the application; None when it may answer. Raises HTTPException (429)."""
    path = scope["path"]
    if _is_for_foreign_pages(path) and (answer := foreign_pages.preflight(scope["method"], headers)):
        return answer
    if _first(path) in FOR_ANYBODY and FILE.fullmatch(path) is None:
        await limits.stranger_asks(client_address(scope))
    return None if is_open(path) else await _page_refusal(scope, headers)


async def _page_refusal(scope: Scope, headers: Headers) -> Response | None:
    """What to answer instead of the page; None when the visitor may see it."""
    if scope["path"].startswith(EVENTS) and not origin.is_own(headers):
        return problem(403, "A page of another origin may not do this.")
    cookie = headers.get("cookie")
    try:
        person = await access.admit(cookie, datetime.now(UTC))
    except SQLAlchemyError:
        return PlainTextResponse("The database cannot be reached at the moment.", 503, {"Retry-After": "5"})
    if person is not None:
        return None
    if access.session_token(cookie) is not None:
        await limits.failed(client_address(scope))
    if scope["method"] not in ("GET", "HEAD") or scope["path"].startswith(EVENTS):
        return problem(401, "Signing in is needed.")
    query = scope.get("query_string", b"").decode("latin-1")
    asked = scope["path"] + (f"?{query}" if query else "")
    return RedirectResponse("/login" if asked == "/" else f"/login?next={quote(asked, safe='/')}", 303)


class Outgoing:
    """One answer on its way out: it gets our headers, and errors of the layers below become problems."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        self._scope, self._receive, self._send, self._asked = scope, receive, send, headers
        self._path: str = scope["path"]
        self._is_api = is_api(self._path)
        self._started = self._replaced = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            said = list(message.get("headers", ()))
            if self._is_api and message["status"] >= 400 and _is_plain(said):
                self._replaced = True
                await problem(message["status"], "")(self._scope, self._receive, self._start)
                return
            await self._start(message)
        elif not self._replaced:
            await self._send(message)

    async def _start(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._started = True
            message["headers"] = self._headers(list(message.get("headers", ())), message["status"])
        await self._send(message)

    async def instead(self, answer: Response, error: Exception) -> None:
        """Answer so, unless an answer has begun: then the server ends the connection, and logs why."""
        if self._started:
            raise error
        if not isinstance(error, HTTPException):
            log.exception("request failed", path=self._path)
        await answer(self._scope, self._receive, self.send)

    def _headers(self, said: Pairs, status: int) -> Pairs:
        page = self._asked.get("origin")
        if page is not None:
            said = foreign_pages.tell(said, page, may=_is_for_foreign_pages(self._path))
        said = security_headers.without_our_address(said, self._asked.get("host", ""))
        names = {name.lower() for name, _ in said}
        https = settings.get().public_url.startswith("https:")
        is_built, is_badge = self._path.startswith(security_headers.BUILT), self._path.startswith(BADGE)
        ours = security_headers.of_answer(
            self._asked.get("host", ""), is_api=self._is_api, is_built=is_built, is_badge=is_badge, https=https
        )
        caching = (b"cache-control", security_headers.caching(self._path, status, is_api=self._is_api))
        return said + [pair for pair in (*ours, caching) if pair[0] not in names]


def _is_plain(said: Pairs) -> bool:
    kinds = [value for name, value in said if name.lower() == b"content-type"]
    return not kinds or kinds[0].startswith(b"text/plain")
