"""Logs that come from GitHub while somebody looks: by themselves after a failure, or because somebody asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import running
from tests.github_stub import GitHubStub

REPO = "kestrel/checkout-api"
POLLED_MS = 20_000  # a job waits for its turn
LOST = "AssertionError: refund of 12 EUR was lost"
RED = f"""2026-07-29T14:40:54.1000000Z ##[group]Run pytest
2026-07-29T14:40:54.2000000Z collected 3 items
2026-07-29T14:40:54.3000000Z ##[endgroup]
2026-07-29T14:40:55.1000000Z \x1b[31mE   {LOST}\x1b[0m
2026-07-29T14:40:55.2000000Z FAILED tests/test_pay.py::test_refund - {LOST}
2026-07-29T14:40:55.3000000Z ##[error]Process completed with exit code 1.
""".encode()


def days_ago(days: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(days=days)


@pytest.fixture(scope="module")
def github() -> Iterator[GitHubStub]:
    """A GitHub where one run failed too long ago for its log to be fetched by itself."""
    with GitHubStub() as stub:
        stub.repo(REPO).play(days_ago(10), "failure", log=RED)
        yield stub


@pytest.fixture(scope="module")
def server(built_page: None, github: GitHubStub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Server]:
    """Reads that GitHub, by itself only once within the test."""
    started = running.start(
        tmp_path_factory.mktemp("server"),
        GITHUB_API_URL=github.url,
        GITHUB_TOKEN="ghp_stub",
        GITHUB_REPOS=REPO,
        POLL_INTERVAL_MINUTES="60",
    )
    yield started
    started.stop()


@pytest.fixture
def watched(page: Page) -> Locator:
    """The row of the repository on the sources page, once its history is here."""
    page.goto("/sources")
    row = page.get_by_role("row").filter(has_text=REPO)
    expect(row).to_contain_text("Watched", timeout=POLLED_MS)
    expect(row).to_contain_text("back to", timeout=POLLED_MS)
    return row


def test_a_log_that_somebody_asks_for_opens_at_its_failing_lines(page: Page, watched: Locator, github: GitHubStub):
    page.goto("/runs?q=%231")
    page.get_by_role("row").get_by_role("link", name="#1").click()
    log = page.get_by_role("region", name="Log")
    page.evaluate("window.stayed = true")
    github.slow(1, path=r"/actions/jobs/\d+/logs")
    log.get_by_role("button", name="Fetch").click()
    expect(log.get_by_role("status").first).to_contain_text("Fetching the log…")
    expect(log.locator("[data-line=cause]")).to_contain_text(LOST, timeout=POLLED_MS)
    expect(page.get_by_role("main")).to_contain_text(f"Failed in unit, step “Test”: {LOST}")
    assert page.evaluate("window.stayed") is True


def test_a_failure_that_no_webhook_told_comes_with_the_next_poll_and_its_log_by_itself(
    page: Page, watched: Locator, github: GitHubStub
):
    github.repo(REPO).play(datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=2), "failure", log=RED)
    page.get_by_role("button", name="Poll now").click()
    page.goto("/runs")
    row = page.get_by_role("row").filter(has_text="#2")
    expect(row).to_contain_text("Failure", timeout=POLLED_MS)
    row.get_by_role("link", name="#2").click()
    expect(page.locator("[data-line=cause]")).to_contain_text(LOST, timeout=POLLED_MS)
    expect(page).to_have_title(re.compile(r"^ci #2 · failure$"))
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Runs").first.click()
    expect(page).to_have_title(re.compile("^Runs"))
