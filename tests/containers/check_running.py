"""The image is built and the compose file started, as somebody who has just cloned it would: `make containers`.

It takes minutes, so `make test` leaves it out. Where no container engine or no base image is at hand, it says so.
CONTAINER_BUILD holds more options of `docker build`, such as a network that reaches a mirror of packages.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import ARGUMENTS, LIVE
from tests.containers import engine
from tests.containers.engine import IMAGE, Stack
from tests.loopback import free_port
from tools import chromium

SMALL = 300_000_000
TOOLS = ("node", "bun", "npm", "pip", "pip3", "gcc", "cc", "make", "apt-get", "dpkg", "perl", "curl")


@pytest.fixture(scope="module")
def image() -> str:
    """The name of the image, built now."""
    engine.need()
    engine.build()
    return IMAGE


@pytest.fixture(scope="module")
def stack(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything of compose whose images are at hand, on ports of its own."""
    stack = Stack(tmp_path_factory.mktemp("compose"), port=free_port(), tls_port=free_port(), http_port=free_port())
    try:
        stack.up()
        yield stack
    finally:
        stack.remove()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    assert path, chromium.HELP
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield launched
        launched.close()


def signed_in(browser: Browser, stack: Stack, address: str) -> Page:
    """The page of the runs under an address, once it is live."""
    link = stack.link().replace(stack.url, address)
    page = browser.new_context(ignore_https_errors=True).new_page()
    page.goto(link)
    page.goto(f"{address}/runs")
    page.wait_for_function(LIVE, timeout=60_000)
    return page


def shows_what_happens(page: Page, stack: Stack, title: str) -> None:
    """A run that arrives now appears on the open page, which is not loaded again."""
    assert stack.deliver(title) == 202
    expect(page.get_by_text(title).first).to_be_visible()


def test_the_image_is_small(image: str):
    size = int(engine.run("docker", "image", "inspect", "-f", "{{.Size}}", image))
    print(f"image: {size / 1e6:.0f} MB")
    assert size < SMALL


def test_there_is_nothing_inside_to_build_or_to_install_with(image: str):
    look = f"for name in {' '.join(TOOLS)}; do command -v $name; done; python -m pip 2>/dev/null; true"
    assert engine.run("docker", "run", "--rm", image, "sh", "-c", look) == ""


def test_it_runs_as_a_plain_user(image: str):
    assert engine.run("docker", "run", "--rm", image, "id", "-u") == "10001"


def test_what_was_left_out_is_not_missed(image: str):
    program = (
        "import cicd_health.providers.github.auth, apprise; assert apprise.Apprise.instantiate('json://localhost')"
    )
    engine.run("docker", "run", "--rm", "--read-only", image, "python", "-c", program)


def test_the_page_is_live_on_another_published_port(stack: Stack, browser: Browser):
    page = signed_in(browser, stack, stack.url)
    shows_what_happens(page, stack, "Arrives on another port")


def test_the_page_is_live_behind_tls_and_its_path_is_kept(stack: Stack, browser: Browser):
    stack.need("caddy")
    page = signed_in(browser, stack, stack.tls_url)
    shows_what_happens(page, stack, "Arrives behind TLS")
    page.goto(f"{stack.tls_url}/runs/?q=behind%20TLS&window=7d")
    assert page.url.startswith(f"{stack.tls_url}/runs/?q=behind")


def test_prometheus_reads_the_server_with_the_key_that_was_made(stack: Stack):
    stack.need("prometheus")
    stack.wait_until(lambda: stack.scraped() == ["up"], "Prometheus has read the server")


def test_the_worker_is_known_to_the_server(stack: Stack):
    stack.wait_until(stack.is_ready, "the server is ready")


@pytest.mark.parametrize("service", ["db", "redis", "worker", "web", "caddy"])
def test_it_survives_the_restart_of_each_service(stack: Stack, browser: Browser, service: str):
    stack.need(service)
    page = signed_in(browser, stack, stack.url)
    stack.compose("restart", service)
    stack.wait_until(stack.is_ready, f"it is ready after the restart of {service}")
    shows_what_happens(page, stack, f"Arrives after the restart of {service}")


def test_the_server_stops_at_once_although_a_page_is_open_and_is_soon_back(stack: Stack, browser: Browser):
    signed_in(browser, stack, stack.url)
    began = time.monotonic()
    stack.compose("stop", "web")
    stopped_s = time.monotonic() - began
    assert stack.exit_code("web") == 0
    began = time.monotonic()
    stack.compose("start", "web")
    stack.wait_until(stack.is_alive, "the server answers")
    print(
        f"web: stopped in {stopped_s:.1f} s, answers {time.monotonic() - began:.1f} s after the start of its container"
    )
    stack.wait_until(stack.is_ready, "the server is ready")


def test_every_service_of_ours_ends_with_code_0(stack: Stack):
    stack.compose("stop", "worker")
    assert stack.exit_code("worker") == 0
    stack.compose("start", "worker")


def test_down_and_up_keeps_the_runs_the_people_and_the_secrets(stack: Stack, browser: Browser):
    page = signed_in(browser, stack, stack.url)
    before = stack.runs()
    stack.compose("down")
    stack.up()
    assert len(before) > 0
    assert stack.runs() == before
    page.goto(f"{stack.url}/runs")  # the session of before
    page.wait_for_function(LIVE, timeout=60_000)
    assert page.url.rstrip("/") == f"{stack.url}/runs"
    shows_what_happens(page, stack, "Arrives after down and up")
