"""The alerts page in a real browser: an incident is seen to, a rule is tried before it is saved, a channel tested."""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests import running
from tests.bodies import github_run, signed
from tests.loopback import slack


def run_ends(server: running.Server, number: int, conclusion: str, **more) -> None:
    raw = json.dumps(github_run(number, conclusion=conclusion, created=datetime.now(UTC), seconds=1, **more)).encode()
    headers = signed(raw, server.secrets["GITHUB_WEBHOOK_SECRET"]) | {"X-GitHub-Delivery": str(uuid.uuid4())}
    assert httpx.post(f"{server.url}/webhooks/github", content=raw, headers=headers).status_code == 202


def test_an_incident_appears_is_muted_with_a_reason_and_resolved_from_the_page(page: Page, server: running.Server):
    page.goto("/alerts")
    opened = page.get_by_role("region", name="Open")
    expect(opened).to_contain_text("Nothing is open")
    run_ends(server, 81, "failure", head_branch="main")
    row = opened.get_by_role("row").filter(has_text="kestrel/checkout-api")
    expect(row).to_contain_text("Broken")
    expect(page.get_by_role("navigation", name="Pages").get_by_role("link", name="Alerts")).to_contain_text("1")

    row.get_by_role("button", name="Mute").click()
    dialog = page.get_by_role("dialog", name="Mute")
    expect(dialog).to_be_focused()
    dialog.get_by_text("Until fixed").click()
    dialog.get_by_label("Why").fill("<script>document.title='owned'</script>")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(row).to_contain_text("Muted until fixed")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing loud is open, 1 is muted")

    row.get_by_role("link", name="ci").click()
    detail = page.get_by_role("dialog", name="Incident")
    expect(detail).to_contain_text("Muted by admin")
    expect(detail).to_contain_text("<script>document.title='owned'</script>")
    assert page.title() != "owned"
    page.keyboard.press("Escape")
    expect(detail).to_have_count(0)
    page.wait_for_url(re.compile(r"/alerts/?$"))

    row.get_by_role("button", name="Resolve").click()
    page.get_by_role("dialog", name="Resolve by hand").get_by_role("button", name="Resolve").click()
    expect(opened).to_contain_text("Nothing is open")
    expect(page.get_by_role("region", name="History").get_by_role("row").filter(has_text="Resolved")).to_be_visible()


def test_a_run_and_the_overview_acknowledge_what_broke(page: Page, server: running.Server):
    run_ends(server, 82, "failure")
    attention = page.get_by_role("region", name="Needs attention")
    page.goto("/")
    attention.get_by_role("button", name="Acknowledge").click()
    expect(attention).to_contain_text("Acknowledged")
    attention.get_by_role("link", name=re.compile("run.#82")).click()
    alerts = page.get_by_role("region", name="Alerts")
    expect(alerts).to_contain_text("Acknowledged, admin")
    expect(alerts.get_by_role("button", name="Mute")).to_be_visible()


def test_a_rule_is_tried_while_it_is_typed_and_only_then_saved(page: Page, server: running.Server):
    run_ends(server, 83, "failure")
    page.goto("/alerts?tab=rules&rule=new")
    backtest = page.get_by_role("region", name="Backtest")
    expect(backtest).to_contain_text("failed")
    page.get_by_label("Count").fill("0")
    expect(page.get_by_role("alert")).to_have_text("At least 1.")
    page.get_by_label("Count").fill("50")
    expect(backtest).to_contain_text("incidents0")
    page.get_by_label("Name").fill("Fifty in a row")
    page.get_by_role("button", name="Save rule").click()
    page.wait_for_url(re.compile(r"rule=\d+"))
    expect(page.get_by_role("region", name="Rule: Fifty in a row")).to_contain_text("Saved.")
    row = page.get_by_role("row").filter(has_text="Fifty in a row")
    expect(row).to_contain_text("50 failures in a row")
    row.get_by_role("switch").click()
    expect(row.get_by_role("switch")).not_to_be_checked()


def test_a_channel_is_tried_when_it_is_saved_and_again_by_its_button(page: Page, server: running.Server):
    page.goto("/alerts?tab=channels&channel=new")
    with slack() as receiver:
        page.get_by_label("Name").fill("Ours")
        page.get_by_label("Address").fill(receiver.url.replace("http://", "json://"))
        page.get_by_role("button", name="Save channel").click()
        page.wait_for_url(re.compile(r"channel=\d+"))
        expect(page.get_by_role("region", name="Channel: Ours")).to_contain_text("It took a test message")
        assert "XXXXXXXX" not in page.content()
        receiver.status = 500
        page.get_by_role("button", name="Send a test to Ours").click()
        row = page.get_by_role("listitem").filter(has_text="Ours")
        expect(row.get_by_role("status")).to_contain_text("It did not take a test message.")
    page.goto("/alerts?tab=deliveries")
    log = page.get_by_role("region", name="Deliveries")
    expect(log.get_by_role("row").filter(has_text="Failed")).to_contain_text("Ours")


@pytest.mark.parametrize("tab", ["", "rules&rule=1", "channels&channel=new", "deliveries", "silences"])
def test_on_a_phone_nothing_of_the_alerts_runs_past_the_edge(page: Page, server: running.Server, tab: str):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/alerts?tab={tab}")
    expect(page.get_by_role("heading", level=1)).not_to_be_empty()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
