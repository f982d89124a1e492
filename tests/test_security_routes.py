"""Every route, asked as everybody: what is answered is what docs/security.md says."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from cicd_health import access, flow, settings
from cicd_health.api import app as api
from cicd_health.api.gate import Gate
from cicd_health.live import Hub
from cicd_health.store import engine
from cicd_health.ui.pages import PAGES
from tests import security_tables
from tests.conftest import use

HOST = b"testserver"
SECRETS = {
    "GITHUB_WEBHOOK_SECRET": "hook secret",
    "JENKINS_WEBHOOK_TOKEN": "jenkins-token",
    "INGEST_TOKEN": "ingest-token",
    "ADMIN_EMAIL": "admin@kestrel.example",
    "ADMIN_PASSWORD": "correct horse",
}
PEOPLE = ("viewer", "operator", "admin")
WHO = ("nobody", "visitor", *PEOPLE, "key read", "key ingest", "key admin")
BODIES = {"/api/v1/me/password": b'{"old": "not it", "new": "a long enough one"}'}  # without one, nobody is asked
LAST = {"POST /logout"}  # it ends the session that the others are asked with
_addresses = (f"10.{a}.{b}.{c}" for a, b, c in itertools.product(range(250), range(250), range(1, 250)))


@pytest.fixture
def prepared(sqlite_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, dict[str, str]]]:
    """The headers of everybody who may ask."""
    for name, value in {**SECRETS, "DATA_DIR": str(tmp_path / "data")}.items():
        monkeypatch.setenv(name, value)
    use(sqlite_url, monkeypatch)
    now = datetime.now(UTC)
    access.ensure_admin(SECRETS["ADMIN_EMAIL"], SECRETS["ADMIN_PASSWORD"], now)
    flow.start(now)
    yield {"nobody": {}, "visitor": {}, **{role: person(role, now) for role in PEOPLE}, **dict(keys(now))}
    engine.engine_for(sqlite_url).dispose()
    engine.engine_for.cache_clear()
    settings.get.cache_clear()


def person(role: str, now: datetime) -> dict[str, str]:
    token = access.new_link(now) if role == "admin" else access.invite(f"{role}@kestrel.example", role, now).token
    session = access.use_link(token, "127.0.0.1", "a browser", now)
    if session is None:
        session = access.set_first_password(token, "a long enough password", "127.0.0.1", "a browser", now)
    return {"cookie": f"{access.COOKIE}={session}", "origin": "http://testserver"}


def keys(now: datetime) -> Iterator[tuple[str, dict[str, str]]]:
    for scope in ("read", "ingest", "admin"):
        made = access.create_key(f"of {scope}", [scope], now)
        yield f"key {scope}", {"authorization": f"Bearer {made.key}"}


def everything() -> tuple[FastAPI, ASGIApp]:
    """The API alone, to read its routes, and the whole of it behind the gate, with a stand-in for the pages."""
    root = api.build(Hub(), lambda: None)
    [door] = root.routes
    root.mount("", Starlette(routes=[Route("/{path:path}", lambda _request: PlainTextResponse("a page"))]))
    assert isinstance(door, api.Door)
    assert isinstance(door.app, FastAPI)
    return door.app, Gate(root)


def flat(given: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """FastAPI keeps the routers that were included as they are."""
    for route in given:
        router = getattr(route, "original_router", None)
        if router is None:
            yield route
        else:
            yield from flat(router.routes)


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """Each as method and path; the pages too, which the gate alone protects."""
    found = []
    for route in flat(app.routes):
        if isinstance(route, APIRoute):
            found += [(method, route.path) for method in sorted(route.methods or ())]
        elif isinstance(route, APIWebSocketRoute):
            found.append(("WS", route.path))
        elif isinstance(route, Route):
            found += [(method, route.path) for method in sorted((route.methods or {"GET"}) - {"HEAD"})]
        else:
            raise AssertionError(f"a route of an unknown kind: {route}")
    pages = [("GET", page.route) for page in PAGES]
    return sorted({*found, *pages}, key=lambda route: (" ".join(route) in LAST, route[1], route[0]))


def body(method: str, path: str) -> bytes:
    return b"" if method in ("GET", "WS") else BODIES.get(path, b"{}")


def address(path: str) -> str:
    return re.sub(r"[{\[][^}\]]+[}\]]", "999999", path)


async def ask(app: ASGIApp, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
    """The status of an answer, and where it leads. What streams is left as soon as it begins."""
    told: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
    messages = iter([{"type": "http.request", "body": body(method, path)}])

    async def receive() -> dict[str, Any]:
        return next(messages, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start" and not told.done():
            said = {name.lower(): value for name, value in message["headers"]}
            told.set_result((message["status"], said.get(b"location", b"").decode()))

    task = asyncio.ensure_future(app(scope(method, path, headers), receive, send))
    await asyncio.wait({task, told}, return_when=asyncio.FIRST_COMPLETED, timeout=20)
    assert told.done(), f"{method} {path} did not answer: {task.exception() if task.done() else 'it hangs'}"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return told.result()


async def listen(app: ASGIApp, path: str, headers: dict[str, str]) -> bool:
    """Whether a websocket is opened."""
    answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    messages = iter([{"type": "websocket.connect"}])

    async def receive() -> dict[str, Any]:
        return next(messages, {"type": "websocket.disconnect", "code": 1000})

    async def send(message: Any) -> None:
        if not answer.done():
            answer.set_result(message["type"])

    task = asyncio.ensure_future(app(scope("WS", path, headers), receive, send))
    opened = await asyncio.wait_for(answer, timeout=20) == "websocket.accept"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return opened


def scope(method: str, path: str, headers: dict[str, str]) -> dict[str, Any]:
    """From an address of its own each time: how often one may ask is not what this is about."""
    said = [(b"host", HOST), *((name.encode(), value.encode()) for name, value in headers.items())]
    if method not in ("GET", "WS"):
        said += [(b"content-type", b"application/json"), (b"content-length", str(len(body(method, path))).encode())]
    common: dict[str, Any] = {
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": said,
    }
    common |= {"client": (next(_addresses), 1), "server": ("testserver", 80), "state": {}}
    if method == "WS":
        return {"type": "websocket", "scheme": "ws", "subprotocols": [], **common}
    return {"type": "http", "http_version": "1.1", "method": method, "scheme": "http", **common}


async def answer(app: ASGIApp, method: str, path: str, headers: dict[str, str]) -> str:
    """How it is answered: yes, 401, 403, or that it leads to the sign-in form."""
    if method == "WS":
        return "yes" if await listen(app, address(path), headers) else "401"
    status, leads_to = await ask(app, method, address(path), headers)
    assert status < 500 or path == "/ready", f"{method} {path} answered {status}"
    assert status not in (405, 429), f"{method} {path} answered {status}"
    if status in (401, 403):
        return str(status)
    leads_to_form = leads_to.startswith("/login?next=") or (path == "/" and leads_to == "/login")
    return "sign in" if status == 303 and leads_to_form else "yes"


async def walk(
    app: FastAPI, door: ASGIApp, headers: dict[str, dict[str, str]], public: Any
) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {f"{method} {path}": {} for method, path in routes(app)}
    for who in WHO:
        with public(who == "visitor"):
            for name, answers in found.items():
                method, _, path = name.partition(" ")
                answers[who] = await answer(door, method, path, headers[who])
    return found


async def test_every_route_answers_everybody_as_the_table_says(prepared, monkeypatch: pytest.MonkeyPatch):
    @contextmanager
    def public(yes: bool) -> Iterator[None]:
        with monkeypatch.context() as patch:
            patch.setenv("PUBLIC_READ", str(yes).lower())
            settings.get.cache_clear()
            yield
        settings.get.cache_clear()

    app, door = everything()
    found = await walk(app, door, prepared, public)
    written = security_tables.table(security_tables.ROUTES)
    differing = {name: answers for name, answers in found.items() if written.get(name) != answers}
    assert differing == {}, "docs/security.md should say:\n" + security_tables.markdown(WHO, differing, "route")
    assert written.keys() - found.keys() == set()
