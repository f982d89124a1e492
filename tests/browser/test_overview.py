"""The overview in a real browser: it turns live, changes by itself, and follows its address."""

import json
import re
from datetime import UTC, datetime, timedelta

import httpx
from playwright.sync_api import Page, expect

from tests import running
from tests.bodies import github_run, signed


def post(server: running.Server, body: dict) -> None:
    raw = json.dumps(body).encode()
    headers = signed(raw, server.secrets["GITHUB_WEBHOOK_SECRET"])
    assert httpx.post(f"{server.url}/webhooks/github", content=raw, headers=headers).status_code == 202


def minutes_ago(minutes: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=minutes)


def test_the_first_event_turns_the_empty_page_live_and_every_part_follows(page: Page, server: running.Server):
    expect(page.get_by_role("heading", name="Connect your first pipeline")).to_be_visible()
    page.evaluate("window.stayed = true")

    post(server, github_run(1, created=minutes_ago(30)))
    expect(page.get_by_role("heading", name="Pipelines")).to_be_visible()
    card = page.get_by_role("region", name="Success rate")
    expect(card).to_contain_text("1 of 1")
    latest = page.get_by_role("region", name="Latest runs")
    expect(latest.get_by_role("row").filter(has_text="#1")).to_be_visible()

    post(server, github_run(2, conclusion="failure", created=minutes_ago(5)))
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 pipeline broken")
    expect(card).to_contain_text("1 of 2")
    attention = page.get_by_role("region", name="Needs attention")
    expect(attention).to_contain_text("Broken")
    outcomes = page.get_by_role("region", name="Outcomes")
    expect(outcomes).to_contain_text("1 failed")
    expect(page.get_by_role("row").filter(has_text="#2").first).to_contain_text("Failure")

    post(server, github_run(3, created=minutes_ago(2)))
    expect(page.get_by_role("heading", level=1)).not_to_contain_text("broken")
    assert page.evaluate("window.stayed") is True  # all of it without a reload


def test_the_window_is_in_the_address_and_back_returns(page: Page, server: running.Server):
    post(server, github_run(4, created=minutes_ago(1)))
    page.get_by_role("link", name="30d").click()
    page.wait_for_url("**/?window=30d")
    expect(page.get_by_role("link", name="30d")).to_have_attribute("aria-current", "true")
    page.go_back()
    expect(page.get_by_role("link", name="7d")).to_have_attribute("aria-current", "true")


def test_a_link_with_filters_opens_the_same_page(page: Page, server: running.Server):
    post(server, github_run(5, created=minutes_ago(1)))
    page.goto("/?window=24h&repo=kestrel/checkout-api&branch=main")
    expect(page.get_by_role("combobox", name="Repository")).to_have_value("kestrel/checkout-api")
    page.goto("/?repo=nobody/here")
    expect(page.get_by_role("main")).to_contain_text("nobody/here")


def test_the_wall_turns_red_and_calm_by_itself_and_never_scrolls(page: Page, server: running.Server):
    post(server, github_run(20, created=minutes_ago(4)))
    page.set_viewport_size({"width": 1280, "height": 720})
    page.get_by_role("link", name="Wall").click()
    expect(page.get_by_role("heading", level=1, name="The one pipeline is healthy")).to_be_visible()
    expect(page.get_by_role("time")).to_have_text(re.compile(r"\d\d:\d\d"))
    post(server, github_run(21, conclusion="failure", created=minutes_ago(0.6)))
    expect(page.get_by_role("region", name="Broken for longest")).to_contain_text("checkout-api")
    expect(page.get_by_role("main")).to_contain_text("1 broken")
    assert page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [1280, 720]
    post(server, github_run(22, created=minutes_ago(0.3)))
    expect(page.get_by_role("main")).not_to_contain_text("broken", ignore_case=True)
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Latest runs")).to_be_visible()


def test_the_theme_is_kept(page: Page):
    html = page.locator("html")
    was_dark = "dark" in (html.get_attribute("class") or "")
    page.get_by_role("button", name="Switch between light and dark").click()
    page.reload()
    expect(html).to_have_class(re.compile("light" if was_dark else "dark"))


def test_on_a_phone_nothing_runs_past_the_gutter(page: Page, server: running.Server):
    page.set_viewport_size({"width": 390, "height": 844})
    post(server, github_run(6, created=minutes_ago(1)))
    page.goto("/")
    outcomes = page.get_by_role("region", name="Outcomes")
    expect(outcomes).to_contain_text("left out")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    edge = page.get_by_text("left out").last.bounding_box()
    assert edge
    assert edge["x"] + edge["width"] <= 390 - 16


def test_what_is_pressed_on_a_phone_is_44_px_high(page: Page, server: running.Server):
    page.set_viewport_size({"width": 390, "height": 844})
    post(server, github_run(7, created=minutes_ago(1)))
    page.goto("/")
    for pressed in (page.get_by_label("Window"), page.get_by_text("Filters", exact=True)):
        box = pressed.bounding_box()
        assert box
        assert box["height"] >= 44


def test_the_head_of_a_table_stays_under_the_bars(page: Page, server: running.Server):
    page.set_viewport_size({"width": 1440, "height": 400})
    post(server, github_run(8, created=minutes_ago(1)))
    page.goto("/")
    table = page.get_by_role("region", name="Pipelines")
    row = table.get_by_role("row").last
    expect(row).to_contain_text("kestrel")
    row.evaluate("row => scrollTo(0, row.getBoundingClientRect().top + scrollY - 110)")
    head = table.get_by_role("columnheader").first.bounding_box()
    assert head
    assert head["y"] == 96
