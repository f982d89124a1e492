"""The runs page in a real browser: filters are the address, the list is live, logs are searched."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta

import httpx
from playwright.sync_api import Page, WebSocketRoute, expect

from tests import running
from tests.bodies import github_run, iso
from tests.browser.test_deliveries import post

FLAT = {
    "pipeline": "nightly",
    "repo": "kestrel/ledger",
    "branch": "main",
    "status": "failure",
    "started_at": "2026-03-02T10:00:00Z",
    "completed_at": "2026-03-02T10:04:00Z",
    "duration_seconds": 240,
    "url": "https://ci.example/1",
    "logs": "compiling\nE   AssertionError: refund issued twice\ndone\n",
}


def minutes_ago(minutes: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=minutes)


def test_runs_are_listed_filtered_and_lead_to_their_page(page: Page, server: running.Server):
    post(server, github_run(201, created=minutes_ago(30)))
    post(server, github_run(202, conclusion="failure", created=minutes_ago(20)))
    page.goto("/runs")
    listed = page.get_by_role("region", name="Runs")
    expect(listed.get_by_role("row").filter(has_text="#201")).to_contain_text("Success")
    page.get_by_role("combobox", name="Outcome").select_option("failed")
    page.wait_for_url("**/runs?outcome=failed")
    expect(listed.get_by_role("row").filter(has_text="#202")).to_be_visible()
    expect(listed.get_by_role("row").filter(has_text="#201")).to_have_count(0)
    page.go_back()
    row = listed.get_by_role("row").filter(has_text="#201")
    expect(row.get_by_role("link", name="#201")).to_have_attribute("href", re.compile(r"^/runs/\d+$"))
    expect(row.get_by_role("link", name="ci")).to_have_attribute("href", re.compile(r"^/pipelines/\d+$"))
    row.get_by_role("link", name="ci").click(trial=True)  # nothing covers it


def test_a_new_run_joins_without_a_reload(page: Page, server: running.Server):
    page.goto("/runs")
    expect(page.get_by_role("heading", level=1)).not_to_be_empty()
    post(server, github_run(203, created=minutes_ago(1)))
    expect(page.get_by_role("row").filter(has_text="#203")).to_be_visible()


def test_further_filters_are_set_in_a_form_and_taken_off_one_by_one(page: Page, server: running.Server):
    post(server, github_run(204, branch="release", created=minutes_ago(3)))
    page.goto("/runs?window=7d")
    expect(page.get_by_role("row").filter(has_text="#204")).to_be_visible()
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Branch", exact=True).locator("visible=true").fill("release")
    page.get_by_label("Actor").locator("visible=true").fill("wren")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**/runs?window=7d&branch=release&actor=wren")
    expect(page.get_by_role("heading", level=1)).to_have_text("1 run, all there are")
    page.get_by_role("link", name="Actor wren").click()
    page.wait_for_url("**/runs?window=7d&branch=release")


def test_what_is_searched_for_and_not_there_is_said(page: Page):
    page.goto("/runs")
    page.keyboard.press("/")
    page.keyboard.type("no such thing")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs?q=no+such+thing")
    expect(page.get_by_role("main")).to_contain_text("“no such thing” in title, branch, actor")


def test_what_is_typed_and_sent_before_the_page_is_live_is_searched_for(page: Page, problems: list[str]):
    page.route("**/assets/*.js", lambda route: route.abort())
    Page.goto(page, "/runs?outcome=failed")
    page.keyboard.press("/")
    page.keyboard.type("too early")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/runs/?\?q=too\+early&outcome=failed$"), wait_until="commit")
    page.unroute("**/assets/*.js")
    page.reload()
    expect(page.get_by_role("main")).to_contain_text("did not pass, “too early” in title, branch, actor")
    problems.clear()  # of the scripts that were kept away


def test_what_is_typed_while_the_page_turns_live_stays(page: Page):
    told: list[tuple[WebSocketRoute, str | bytes]] = []
    typed = threading.Event()

    def hold(socket: WebSocketRoute) -> None:
        def tell(message: str | bytes) -> None:
            socket.send(message) if typed.is_set() else told.append((socket, message))

        socket.connect_to_server().on_message(tell)

    page.route_web_socket("**/_event/**", hold)
    Page.goto(page, "/runs?q=asked+before")
    page.evaluate("document.addEventListener('keydown', event => event.stopPropagation(), true)")  # as React does then
    page.keyboard.press("/")
    page.keyboard.type("half a wo")
    typed.set()
    for socket, message in told:
        socket.send(message)
    expect(page.get_by_role("main")).to_contain_text("“asked before” in title")
    page.keyboard.type("rd")
    expect(page.get_by_role("searchbox")).to_have_value("half a word")


def test_the_search_box_says_what_the_address_says(page: Page):
    page.goto("/runs?q=first")
    box = page.get_by_role("searchbox")
    expect(box).to_have_value("first")
    box.fill("second")
    box.press("Enter")
    page.wait_for_url("**/runs?q=second")
    expect(page.get_by_role("main")).to_contain_text("“second” in title")
    page.go_back()
    expect(box).to_have_value("first")


def test_all_logs_are_searched(page: Page, server: running.Server):
    headers = {"Authorization": f"Bearer {server.secrets['INGEST_TOKEN']}"}
    assert httpx.post(f"{server.url}/ingest/github", json=FLAT, headers=headers).is_success
    page.goto("/runs")
    page.get_by_role("link", name="In logs").click()
    expect(page.get_by_role("main")).to_contain_text("Write 3 letters or digits or more")
    page.get_by_role("searchbox").fill("REFUND issued")
    page.get_by_role("searchbox").press("Enter")
    found = page.get_by_role("region", name="Found in logs")
    line = found.get_by_role("link").filter(has_text="AssertionError: refund issued twice")
    expect(line.locator("mark")).to_have_text("refund issued")
    expect(line).to_have_attribute("href", re.compile(r"/runs/\d+\?.*line=2"))
    expect(page.get_by_role("heading", level=1)).to_have_text("1 line in 1 log")


def fails_alike(server: running.Server, number: int) -> None:
    told = {"pipeline": "e2e", "url": f"https://ci.example/e2e/{number}", "logs": "up\nE   BrokerError: no answer\n"}
    moments = {"started_at": iso(minutes_ago(9 - number)), "completed_at": iso(minutes_ago(8 - number))}
    headers = {"Authorization": f"Bearer {server.secrets['INGEST_TOKEN']}"}
    assert httpx.post(f"{server.url}/ingest/github", json=FLAT | told | moments, headers=headers).is_success


def test_what_fails_alike_is_muted_until_fixed_opened_and_leads_to_its_runs(page: Page, server: running.Server):
    fails_alike(server, 1)
    page.goto("/failures")
    row = page.get_by_role("region", name="Failures").get_by_role("row").filter(has_text="BrokerError").first
    expect(row).to_contain_text("New")
    fails_alike(server, 2)
    expect(row.get_by_role("link", name="2 runs")).to_be_visible()

    row.get_by_role("button", name="Mute").click()
    dialog = page.get_by_role("dialog", name="Mute")
    dialog.get_by_text("Until fixed").click()
    dialog.get_by_role("button", name="Mute").click()
    expect(row).to_contain_text("Muted until fixed")
    page.get_by_role("combobox", name="State").select_option("muted")
    page.wait_for_url("**/failures?state=muted")

    row.get_by_role("link", name="BrokerError").click()
    expect(page.get_by_label("Failing lines")).to_contain_text("E   BrokerError: no answer")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    row.get_by_role("link", name="2 runs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 runs, all there are")
    expect(page.get_by_role("region", name="Runs").get_by_role("link", name="e2e")).to_have_count(2)
