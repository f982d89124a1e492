"""The deliveries page in a real browser: what arrived is there at once, opens, and can be replayed."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests import running
from tests.bodies import github_run, signed


def post(server: running.Server, body: object) -> int:
    """Deliver it; the delivery's number."""
    raw = json.dumps(body).encode()
    headers = signed(raw, server.secrets["GITHUB_WEBHOOK_SECRET"]) | {
        "X-GitHub-Delivery": f"d-{datetime.now(UTC):%f%S}"
    }
    answer = httpx.post(f"{server.url}/webhooks/github", content=raw, headers=headers)
    assert answer.status_code == 202
    return answer.json()["delivery"]


def nonsense(run: object = "<script>document.title='owned'</script>") -> dict:
    return {"action": "completed", "workflow_run": run}


def test_what_arrives_joins_the_table_and_waits_under_the_pointer(page: Page, server: running.Server):
    post(server, github_run(71))
    page.goto("/deliveries")
    table = page.get_by_role("region", name="Deliveries")
    row = table.get_by_role("row").filter(has_text="ci #71")
    expect(row).to_contain_text("Applied")
    post(server, github_run(72))
    expect(table.get_by_role("row").filter(has_text="ci #72")).to_be_visible()

    row.hover()
    post(server, github_run(73))
    show = table.get_by_role("button", name="1 new delivery")
    expect(show).to_be_visible()
    expect(table.get_by_role("row").filter(has_text="ci #73")).to_have_count(0)
    show.focus()
    page.keyboard.press("Enter")
    expect(table.get_by_role("row").filter(has_text="ci #73")).to_be_visible()


def test_one_that_was_not_understood_is_opened_and_replayed(page: Page, server: running.Server):
    delivery = post(server, nonsense())
    page.goto("/deliveries")
    expect(page.get_by_role("heading", level=1)).to_contain_text("not understood")
    page.get_by_role("link", name="Not understood").click()
    page.wait_for_url("**/deliveries?state=kept")
    first = page.get_by_role("region", name="Deliveries").get_by_role("link", name="workflow_run").first
    expect(first).to_have_attribute("href", re.compile("state=kept"))  # the table is the one asked for by now
    first.click()
    page.wait_for_url(re.compile(r"id=\d+"))

    opened = page.get_by_role("region", name="Delivery", exact=True)
    expect(opened).to_contain_text("missing, or not an object")
    expect(opened.get_by_label("Payload")).to_contain_text("<script>document.title='owned'</script>")
    assert page.title() != "owned"
    opened.get_by_role("button", name="Replay").click()
    expect(opened.get_by_role("status")).to_contain_text("Still not applied")
    assert f"id={delivery}" in page.url

    opened.get_by_role("link", name="Close").click()
    expect(opened).to_have_count(0)
    expect(page).to_have_url(re.compile("state=kept"))


def test_all_that_were_kept_are_replayed_at_once(page: Page, server: running.Server):
    for number in range(3):
        post(server, nonsense(number))
    page.goto("/deliveries?state=kept")
    page.get_by_role("button", name="Replay all kept").click()
    expect(page.get_by_role("region", name="Deliveries")).to_contain_text(
        re.compile(r"\d+ deliveries replayed, \d+ still")
    )


def test_a_link_to_a_delivery_opens_it_and_one_that_is_gone_is_said(page: Page, server: running.Server):
    delivery = post(server, github_run(74))
    page.goto(f"/deliveries?id={delivery}")
    opened = page.get_by_role("region", name="Delivery", exact=True)
    expect(opened.get_by_label("Payload")).to_contain_text('"workflow_run": {')
    expect(opened.get_by_role("link", name="ci #74")).to_have_attribute("href", re.compile(r"/runs/\d+"))
    page.goto("/deliveries?id=999999")
    expect(opened).to_contain_text("There is no such delivery")


def test_a_search_is_in_the_address_and_an_empty_answer_says_what_was_asked(page: Page, server: running.Server):
    post(server, github_run(75))
    page.goto("/deliveries")
    expect(page.get_by_role("row").filter(has_text="ci #75").first).to_be_visible()
    page.keyboard.press("/")
    box = page.get_by_role("searchbox")
    expect(box).to_be_focused()
    box.fill("nothing like it")
    box.press("Enter")
    page.wait_for_url("**/deliveries?q=nothing+like+it")
    expect(page.get_by_role("main")).to_contain_text("“nothing like it” in event, action, id and error")
    page.get_by_role("link", name="Clear").click()
    expect(box).to_have_value("")


@pytest.mark.parametrize("path", ["/deliveries", "/runs", "/sources", "/runs?in=logs"])
def test_on_a_phone_nothing_runs_past_the_edge(page: Page, server: running.Server, path: str):
    page.set_viewport_size({"width": 390, "height": 844})
    post(server, github_run(76, title="A change with a title that is much too long for the width of any phone"))
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).not_to_be_empty()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
