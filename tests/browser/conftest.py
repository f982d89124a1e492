"""A real server and a real Chromium, signed in. Any error in the browser's log fails the test that saw it.

A machine may be slow: pages are used once they are live, and what is expected may take its time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect, sync_playwright

from cicd_health.cli import page_build
from tests import running
from tools import chromium

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 15_000
LIVE = "() => document.querySelector('main')?.getAttribute('aria-busy') !== 'true'"


@pytest.fixture(scope="session")
def built_page() -> None:
    """The page, built once and reused."""
    page_build.ensure()


@pytest.fixture(scope="module")
def server(built_page: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Server]:
    """The real server on a free port, with a SQLite database that is empty at the first test of a file."""
    started = running.start(tmp_path_factory.mktemp("server"))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not for the session: while Playwright runs, its thread cannot run the async tests of other modules."""
    path = chromium.find()
    assert path, chromium.HELP
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def problems(server: running.Server) -> Iterator[list[str]]:
    """Errors in the browser's log and requests to other hosts; a test that provokes some clears the list."""
    seen: list[str] = []
    yield seen
    assert seen == []


@pytest.fixture
def context(browser: Browser, server: running.Server, problems: list[str]) -> Iterator[BrowserContext]:
    """A browser nobody has signed in with; every page in it is watched."""
    opened = browser.new_context(base_url=server.url, viewport={"width": 1440, "height": 900})
    opened.on("page", lambda page: watch(page, server.url, problems))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def cookies(browser: Browser, server: running.Server) -> Iterator[Sequence[Any]]:
    """The administrator's, signed in once for a file by the link of the start."""
    with browser.new_context() as signing_in:
        signing_in.new_page().goto(server.printed_link)
        yield signing_in.cookies()


@pytest.fixture
def page(context: BrowserContext, cookies: Sequence[Any], monkeypatch: pytest.MonkeyPatch) -> Page:
    """A page signed in as the administrator, on the overview. Its `goto` waits until the page is live."""
    context.add_cookies(cookies)
    opened = context.new_page()
    monkeypatch.setattr(opened, "goto", lambda address: go(opened, address))
    opened.goto("/")
    return opened


def go(page: Page, address: str) -> Response | None:
    """Open it and wait until it is live: what is pressed or clicked before is lost, or is the browser's own doing."""
    answer = Page.goto(page, address)
    page.wait_for_function(LIVE)
    return answer


def watch(page: Page, url: str, problems: list[str]) -> None:
    port = urlsplit(url).port
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: note_foreign(request.url, port, problems))
    page.on("websocket", lambda socket: note_foreign(socket.url, port, problems))


def note_foreign(url: str, port: int | None, problems: list[str]) -> None:
    address = urlsplit(url)
    own = address.hostname in {"localhost", "127.0.0.1"} and address.port == port
    if address.scheme in {"http", "https", "ws", "wss"} and not own:
        problems.append(f"request to another host: {url}")
