"""Pages whose state is kept in Redis: they move between processes, and come back when Redis does."""

from __future__ import annotations

import signal

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import LIVE
from tests.cluster import redis_server
from tests.cluster.installation import Installation, post, run, until
from tests.cluster.test_viewers import pages_open
from tests.proxy import proxy

pytestmark = pytest.mark.skipif(redis_server.PROGRAM is None, reason=redis_server.HELP)
WEB = "serve --role web"


def test_a_page_with_its_state_in_redis_survives_a_process_and_redis(installation: Installation, browser: Browser):
    with redis_server.running() as redis, proxy() as outside:
        url = f"http://localhost:{outside.port}"
        webs = installation.start(WEB, WEB, PUBLIC_URL=url, REDIS_URL=redis.url)
        outside.ports = [int(web.environment["PORT"]) for web in webs]
        with browser.new_context(base_url=url) as context:
            page = context.new_page()
            page.goto(webs[0].printed_link)
            page.goto("/runs")
            page.wait_for_function(LIVE)

            def shows(number: int) -> None:
                assert post(url, run(number), f"sent-{number}") == 202
                expect(page.get_by_role("row").filter(has_text=f"#{number}")).to_be_visible()

            shows(1)
            redis.stop()
            expect(page.get_by_text("Connection lost")).to_be_visible()
            assert post(url, run(2), "sent-2") == 202, "deliveries are taken all the same"
            redis.start()
            expect(page.get_by_text("Connection lost")).to_be_hidden()
            shows(3)
            until(lambda: sum(map(pages_open, webs)) == 1)
            max(webs, key=pages_open).stop(signal.SIGKILL)
            shows(4)
