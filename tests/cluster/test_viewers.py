"""Whoever looks sees what arrives, whichever process it came to and whichever they are connected to."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
import simple_websocket
from playwright.sync_api import Browser, Page, expect

from tests import running
from tests.browser.conftest import LIVE
from tests.cluster.installation import KEY, Installation, post, run, until
from tests.page_socket import connected
from tests.proxy import proxy

WEB, INGEST, WORKER = "serve --role web", "serve --role ingest", "worker"
AUTH = {"Authorization": f"Bearer {KEY}"}


@contextmanager
def api_socket(server: running.Server) -> Iterator[simple_websocket.Client]:
    socket = simple_websocket.Client.connect(f"{server.url.replace('http', 'ws')}/ws", headers=AUTH)
    yield socket
    socket.close()


def hears(socket: simple_websocket.Client, number: int) -> bool:
    while (message := socket.receive(timeout=30)) is not None:
        said = json.loads(message)
        if said["event"] == "build_ingested" and said["data"]["external_id"] == str(number):
            return True
    return False


def streams(stream: httpx.Response, number: int) -> bool:
    return any(f'"external_id":"{number}"' in line.replace(" ", "") for line in stream.iter_lines())


def cookie_of(server: running.Server) -> str:
    link = urlsplit(server.printed_link)
    found = httpx.get(f"{server.url}{link.path}?{link.query}").cookies
    return "; ".join(f"{name}={value}" for name, value in found.items())


def test_what_one_process_takes_all_others_show_also_after_their_listeners_were_cut(installation: Installation):
    web, ingest = installation.start(WEB, INGEST)
    with (
        connected(web.url, cookie_of(web)) as page,
        api_socket(web) as socket,
        httpx.stream("GET", f"{web.url}/api/v1/stream", headers=AUTH, timeout=60) as stream,
    ):
        page.open_page("/runs")
        page.until('"is_hydrated_rx_state_":true')
        for number in (1, 2):
            assert post(ingest.url, run(number), f"sent-{number}") == 202
            page.until(f'"#{number}"', wait_s=30)
            assert hears(socket, number)
            if number == 1:
                assert installation.cut_listeners() == 2
        assert streams(stream, 2)


def pages_open(server: running.Server) -> int:
    told = httpx.get(f"{server.url}/metrics", headers=AUTH).text
    found = re.search(r'^cicd_health_connections\{kind="page"\} (\d+)', told, re.MULTILINE)
    return int(found[1]) if found else 0


def test_a_page_whose_process_is_killed_goes_on_at_another_one(installation: Installation, browser: Browser):
    with proxy() as outside:
        url = f"http://localhost:{outside.port}"
        webs = installation.start(WEB, WEB, PUBLIC_URL=url)
        outside.ports = [int(web.environment["PORT"]) for web in webs]
        with browser.new_context(base_url=url) as context:
            page = context.new_page()
            page.goto(webs[0].printed_link)
            open_failures(page)
            until(lambda: sum(map(pages_open, webs)) == 1)
            old, new = sorted(webs, key=pages_open, reverse=True)
            assert post(old.url, run(1, conclusion="failure"), "sent-1") == 202
            expect(page.get_by_role("row").filter(has_text="#1")).to_be_visible()
            old.stop(signal.SIGKILL)
            until(lambda: pages_open(new) == 1)
            assert post(new.url, run(2, conclusion="failure"), "sent-2") == 202
            expect(page.get_by_role("row").filter(has_text="#2")).to_be_visible()
            expect(page.get_by_role("row").filter(has_text="#1")).to_be_visible()
            expect(page.get_by_text("Connection lost")).to_be_hidden()
            assert page.url.endswith("?outcome=failure")
            page.get_by_role("link", name="Pipelines").first.click()
            expect(page.get_by_role("main")).to_contain_text("ci")


def open_failures(page: Page) -> None:
    page.goto("/runs?outcome=failure")
    page.wait_for_function(LIVE)
