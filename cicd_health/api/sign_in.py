"""Signing in and out: plain pages and forms, so that the page's socket opens with the cookie already set."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import parse_qs

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from cicd_health import access
from cicd_health.access import TooManyAttempts
from cicd_health.api import bodies, origin, sign_in_page
from cicd_health.api.client_address import client_address
from cicd_health.api.clock import Now
from cicd_health.api.session_cookie import local, signed_in, signed_out

HASHES_AT_ONCE = 2  # each takes 64 MB and a core
LONGEST_FORM = 20_000
WRONG = "E-mail or password is wrong."
USED = "This link has been used, or is too old. Ask an administrator for another; the server prints one when it starts."
T = TypeVar("T")


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    hashing: list[CapacityLimiter] = []  # made in the loop that uses it

    async def hashed(work: Callable[..., T], *args: object) -> T:
        if not hashing:
            hashing.append(CapacityLimiter(HASHES_AT_ONCE))
        return await to_thread.run_sync(work, *args, limiter=hashing[0])

    @routes.get("/login")
    def login(request: Request, now: Now, next: str = "/") -> Response:
        """The form; who is signed in already goes on."""
        person = access.may_use(request.headers.get("cookie"), now)
        if person is not None and person.user_id is not None:
            return RedirectResponse(local(next), 303)
        return HTMLResponse(sign_in_page.page(local(next)))

    @routes.post("/login")
    async def sign_in(request: Request, now: Now) -> Response:
        _own(request)
        form = await _form(request)
        email, password, following = form.get("email", ""), form.get("password", ""), local(form.get("next", "/"))
        try:
            token = await hashed(access.sign_in, email, password, *_who(request), now)
        except TooManyAttempts as error:
            wait = {"Retry-After": str(error.retry_after_s)}
            sentence = f"Too many attempts. Wait {in_words(error.retry_after_s)}."
            return HTMLResponse(sign_in_page.page(following, email, sentence), 429, wait)
        if token is None:
            return HTMLResponse(sign_in_page.page(following, email, WRONG), 401)
        return signed_in(token, following)

    @routes.get("/login/link")
    def link(request: Request, now: Now, token: str = "") -> Response:
        """The link that is printed at the start signs in with one click; one for a person lets them choose a password.

        That one is used up by the choice only: programs that look into mails open what is in them.
        """
        found = access.look_at_link(token, now)
        if found is not None and found.purpose == access.INVITE:
            return HTMLResponse(sign_in_page.choose_password(token, found.email, known=found.has_password))
        session = access.use_link(token, *_who(request), now)
        return signed_in(session, "/") if session else _used()

    @routes.post("/login/link")
    async def choose(request: Request, now: Now) -> Response:
        """Come in by a link, with a password for the next time, or, where there is one, with that one kept."""
        _own(request)
        form = await _form(request)
        token, password = form.get("token", ""), form.get("password", "")
        found = await run_in_threadpool(access.look_at_link, token, now)
        if found is None or found.purpose != access.INVITE:
            return _used()
        try:
            if "keep" in form and found.has_password:
                session = await run_in_threadpool(access.use_link, token, *_who(request), now)
            else:
                session = await hashed(access.set_first_password, token, password, *_who(request), now)
        except ValueError as error:
            choice = sign_in_page.choose_password(token, found.email, known=found.has_password, error=str(error))
            return HTMLResponse(choice, 422)
        return signed_in(session, "/") if session else _used()

    @routes.post("/logout")
    async def sign_out(request: Request, now: Now) -> Response:
        _own(request)
        token = access.session_token(request.headers.get("cookie"))
        if token is not None:
            await run_in_threadpool(access.sign_out, token, now)
        return signed_out("/login")

    return routes


def in_words(seconds: int) -> str:
    """A time to wait: "40 seconds", "a minute", "3 hours"; rounded up."""
    for unit, size in (("hour", 3600), ("minute", 60)):
        if seconds > size * 0.9:
            count = -(-seconds // size)
            return f"{count} {unit}s" if count > 1 else f"{'an' if unit == 'hour' else 'a'} {unit}"
    return f"{seconds} second{'s' if seconds > 1 else ''}"


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
    return client_address(request.scope), request.headers.get("user-agent", "")


def _used() -> Response:
    return HTMLResponse(sign_in_page.page("/", error=USED), 410)
