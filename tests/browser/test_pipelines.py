"""The pages of pipelines in a real browser: the list follows its address; one pipeline is told, and stays live."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests import running
from tests.bodies import github_run
from tests.browser.test_deliveries import post
from tests.browser.test_runs import minutes_ago


@pytest.fixture(scope="module")
def history(server: running.Server) -> None:
    """Six runs of one pipeline, the last of which failed."""
    for number in range(1, 6):
        post(server, github_run(300 + number, created=minutes_ago(90 - number)))
    post(server, github_run(306, conclusion="failure", created=minutes_ago(5)))


def test_the_list_says_how_pipelines_are_and_leads_to_one(page: Page, history: None):
    page.get_by_role("navigation", name="Pages").first.get_by_role("link", name="Pipelines").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 pipeline, broken")
    row = page.get_by_role("region", name="Pipelines").get_by_role("row").filter(has_text="kestrel")
    expect(row).to_contain_text("5 of 6")
    row.get_by_role("link", name="ci", exact=True).click()
    page.wait_for_url(re.compile(r"/pipelines/\d+$"))
    expect(page.get_by_role("main")).to_contain_text("Broken since")
    expect(page).to_have_title(re.compile("ci · broken"))


def test_the_list_is_sorted_and_narrowed_by_its_address(page: Page, history: None):
    page.goto("/pipelines")
    listed = page.get_by_role("region", name="Pipelines")
    expect(listed.get_by_role("row").filter(has_text="kestrel")).to_be_visible()
    listed.get_by_role("link", name="p95 and change").click()
    page.wait_for_url("**/pipelines?sort=p95")
    expect(listed.get_by_role("columnheader", name="p95 and change")).to_have_attribute("aria-sort", "descending")
    page.get_by_role("searchbox", name="Repository or name").fill("nobody")
    page.get_by_role("searchbox", name="Repository or name").press("Enter")
    page.wait_for_url("**/pipelines?q=nobody&sort=p95")
    expect(listed).to_contain_text("No pipelines match")
    listed.get_by_role("link", name="Clear filters").click()
    expect(listed.get_by_role("row").filter(has_text="kestrel")).to_be_visible()


def test_one_pipeline_shows_its_numbers_charts_and_runs_and_stays_live(
    page: Page, server: running.Server, history: None
):
    page.goto("/pipelines")
    page.get_by_role("region", name="Pipelines").get_by_role("link", name="ci", exact=True).click()
    figures = page.get_by_role("region", name="Figures")
    expect(figures).to_contain_text("5 of 6 verdicts")
    expect(figures.get_by_role("link", name=re.compile("^#306 failure"))).to_have_attribute(
        "href", re.compile(r"^/runs/\d+$")
    )
    for name in ("Success rate over time", "Runs by outcome over time", "Duration of successes over time"):
        expect(page.get_by_role("img", name=re.compile(name))).to_be_visible()
    expect(page.get_by_role("table", name="Runs by weekday and hour").locator("visible=true")).to_be_visible()
    latest = page.get_by_role("region", name="Latest runs")
    expect(latest.get_by_role("link", name="#306")).to_be_visible()

    post(server, github_run(307, created=minutes_ago(1)))
    expect(figures).to_contain_text("6 of 7 verdicts")
    expect(page.get_by_role("main")).not_to_contain_text("Broken since")


def test_an_unknown_pipeline_is_said(page: Page, history: None):
    page.goto("/pipelines/999999")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no pipeline 999999")
    page.get_by_role("link", name="All pipelines").click()
    page.wait_for_url("**/pipelines")
