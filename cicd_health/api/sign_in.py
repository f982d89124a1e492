"""Signing in and out: plain pages and forms, so that the page's socket opens with the cookie already set."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from cicd_health import access, settings
from cicd_health.access import TooManyAttempts
from cicd_health.api import bodies, origin
from cicd_health.api.clock import Now
from cicd_health.api.sign_in_page import page

HASHES_AT_ONCE = 2  # each takes 64 MB and a core
COOKIE_LASTS_S = 400 * 24 * 3600  # the longest a browser allows; the server decides when a session ends
LONGEST_FORM = 20_000
WRONG = "E-mail or password is wrong."
USED = "This link has been used, or is older than a day. The server prints a new one when it starts."


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    hashing: list[CapacityLimiter] = []  # made in the loop that uses it

    @routes.get("/login")
    def login(request: Request, now: Now, next: str = "/") -> Response:
        """The form; who is signed in already goes on."""
        person = access.may_use(request.headers.get("cookie"), now)
        if person is not None and person.user_id is not None:
            return RedirectResponse(local(next), 303)
        return HTMLResponse(page(local(next)))

    @routes.post("/login")
    async def sign_in(request: Request, now: Now) -> Response:
        _own(request)
        form = await _form(request)
        email, password, following = form.get("email", ""), form.get("password", ""), local(form.get("next", "/"))
        if not hashing:
            hashing.append(CapacityLimiter(HASHES_AT_ONCE))
        try:
            token = await to_thread.run_sync(access.sign_in, email, password, *_who(request), now, limiter=hashing[0])
        except TooManyAttempts as error:
            wait = {"Retry-After": str(error.retry_after_s)}
            return HTMLResponse(page(following, email, "Too many attempts. Wait a minute."), 429, wait)
        if token is None:
            return HTMLResponse(page(following, email, WRONG), 401)
        return _signed_in(token, following)

    @routes.get("/login/link")
    def link(request: Request, now: Now, token: str = "") -> Response:
        """The link that is printed at the start: one use, one click."""
        session = access.use_link(token, *_who(request), now)
        return _signed_in(session, "/") if session else HTMLResponse(page("/", error=USED), 410)

    @routes.post("/logout")
    async def sign_out(request: Request, now: Now) -> Response:
        _own(request)
        token = access.session_token(request.headers.get("cookie"))
        if token is not None:
            await run_in_threadpool(access.sign_out, token, now)
        response = RedirectResponse("/login", 303)
        response.delete_cookie(access.COOKIE, path="/")
        return response

    return routes


def local(path: str) -> str:
    """The path when it is one of ours, else "/": a link to us must never lead on to somebody else."""
    try:
        parts = urlsplit(path)
    except ValueError:  # brackets that hold no address
        return "/"
    bad = parts.scheme or parts.netloc or not path.startswith("/") or path.startswith(("//", "/login"))
    return "/" if bad or "\\" in path or not path.isprintable() else path


def _own(request: Request) -> None:
    if not origin.is_own(request.headers):
        raise HTTPException(403, "A page of another origin may not do this.")


async def _form(request: Request) -> dict[str, str]:
    body = await bodies.read(request, LONGEST_FORM)
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise HTTPException(400, "The form cannot be read.") from None
    return {name: values[0].replace("\x00", "") for name, values in fields.items()}


def _who(request: Request) -> tuple[str, str]:
    """Address and browser."""
    return request.client.host if request.client else "", request.headers.get("user-agent", "")


def _signed_in(token: str, following: str) -> Response:
    response = RedirectResponse(following, 303)
    response.set_cookie(
        access.COOKIE,
        token,
        max_age=COOKIE_LASTS_S,
        path="/",
        secure=settings.get().public_url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return response
