"""Every number explains itself, in a real browser: from the card to its runs, by pointer and by keyboard."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import running
from tests.bodies import github_run
from tests.browser.test_deliveries import post

OUTCOMES = ("success", "success", "failure", "cancelled", "success")


@pytest.fixture(scope="module")
def now() -> datetime:
    """One moment for the whole file: each test sends the same runs again."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def drawer(page: Page, server: running.Server, now: datetime) -> Locator:
    """The drawer of a page that scrolls, with four verdicts and a run that was cancelled."""
    for number, outcome in enumerate(OUTCOMES, start=401):
        created = now - timedelta(hours=1, minutes=number % 7)
        # Each ends before the next one in time begins: else the cancelled one would be superseded.
        post(server, github_run(number, conclusion=outcome, created=created, seconds=30))
    page.set_viewport_size({"width": 1440, "height": 500})
    page.goto("/")
    return page.get_by_role("dialog", name="Success rate explained")


def test_a_number_leads_to_exactly_its_runs_and_the_api_says_the_same(page: Page, drawer: Locator):
    card = page.get_by_role("region", name="Success rate")
    expect(card).to_contain_text("3 of 4 verdicts")
    card.get_by_role("link").click()
    expect(drawer).to_contain_text("3 of 4 verdicts")
    expect(drawer.get_by_role("listitem").filter(has_text="Cancelled")).to_contain_text("ended by someone")
    api = drawer.get_by_role("link", name="The same number in the API").get_attribute("href")
    said = page.request.get(str(api)).json()["explain"]["success_rate"]
    assert (said["n"], said["m"]) == (3, 4)
    drawer.get_by_role("link", name="Show the 4 runs").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("4 runs counted in success rate")
    listed = page.get_by_role("region", name="Runs")
    expect(listed.get_by_role("row").filter(has_text=re.compile(r"#40\d"))).to_have_count(4)
    page.get_by_role("link", name="Counted in Success rate").click()
    expect(listed.get_by_role("row").filter(has_text="#404")).to_be_visible()


def test_it_opens_and_closes_without_moving_the_page_and_gives_the_focus_back(page: Page, drawer: Locator):
    number = page.get_by_role("region", name="Success rate").get_by_role("link")
    expect(number).to_be_visible()
    page.evaluate("scrollTo(0, 120)")
    page.evaluate("document.querySelector('.recharts-bar-rectangle path').kept = true")
    number.focus()
    page.keyboard.press("Enter")
    expect(drawer).to_be_focused()
    expect(page).to_have_url(re.compile(r"\?explain=success_rate$"))
    expect(drawer).to_contain_text("3 of 4")
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(number).to_be_focused()
    number.click()
    expect(drawer).to_contain_text("3 of 4")
    page.go_back()
    expect(drawer).to_have_count(0)
    assert page.evaluate("[scrollY, document.querySelector('.recharts-bar-rectangle path').kept]") == [120, True]
