"""The settings page in a real browser: a person is invited and signs in, a key is made and used, a session ended."""

from __future__ import annotations

import re

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests import running
from tests.browser.conftest import go, watch

PASSWORD = "a long enough password"


def invite(page: Page, email: str, role: str) -> str:
    """The link that is shown."""
    page.goto("/settings")
    page.get_by_role("button", name="Invite").click()
    dialog = page.get_by_role("dialog", name="Invite a person")
    expect(dialog).to_be_focused()
    dialog.get_by_label("E-mail").fill(email)
    dialog.get_by_text(role, exact=True).click()
    dialog.get_by_role("button", name="Make a link").click()
    link = page.get_by_role("dialog", name="A link for them").get_by_label("One-time link").inner_text()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    return link


def signed_in(browser: Browser, server: running.Server, link: str, problems: list[str]) -> tuple[BrowserContext, Page]:
    """A browser of their own, in which somebody opened the link and chose a password."""
    context = browser.new_context(base_url=server.url)
    page = context.new_page()
    watch(page, server.url, problems)
    page.goto(link)
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{server.url}/")
    return context, page


def test_somebody_is_invited_signs_in_and_is_shown_the_door(
    page: Page, browser: Browser, server: running.Server, problems: list[str]
):
    link = invite(page, "wren@kestrel.example", "Viewer")
    row = page.get_by_role("row").filter(has_text="wren@kestrel.example")
    expect(row).to_contain_text("Invited")
    theirs, their_page = signed_in(browser, server, link, problems)
    expect(row).to_contain_text("Active")
    assert link not in page.content()

    go(their_page, "/settings?tab=people")
    expect(their_page.get_by_role("heading", level=1)).to_have_text("You are wren@kestrel.example")
    expect(their_page.get_by_role("navigation", name="Settings")).to_have_count(0)
    go(their_page, "/sources")
    expect(their_page.get_by_role("button", name="New secret")).to_have_count(0)

    page.get_by_role("button", name="Change wren@kestrel.example").click()
    page.get_by_role("dialog", name="Change a person").get_by_role("button", name="Disable").click()
    their_page.wait_for_url(re.compile(r"/login"))
    expect(row).to_contain_text("Disabled")
    page.goto("/settings?tab=audit")
    log = page.get_by_role("region", name="Audit log")
    expect(log.get_by_role("row").filter(has_text="User: disabled")).to_contain_text("wren@kestrel.example")
    theirs.close()


def test_another_role_holds_at_once(page: Page, browser: Browser, server: running.Server, problems: list[str]):
    theirs, their_page = signed_in(browser, server, invite(page, "ash@kestrel.example", "Viewer"), problems)
    go(their_page, "/settings")
    expect(their_page.get_by_role("heading", level=1)).to_contain_text("ash@kestrel.example")
    page.get_by_role("button", name="Change ash@kestrel.example").click()
    dialog = page.get_by_role("dialog", name="Change a person")
    dialog.get_by_text("Administrator", exact=True).click()
    dialog.get_by_role("button", name="Save").click()
    expect(their_page.get_by_role("link", name="Audit")).to_be_visible()  # the page has loaded itself anew
    theirs.close()


def test_a_key_is_shown_once_works_and_does_not_once_it_is_revoked(page: Page, server: running.Server):
    page.goto("/settings?tab=keys")
    expect(page.get_by_text("No key yet")).to_be_visible()
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog", name="New key")
    dialog.get_by_label("Name").fill("nightly report")
    dialog.get_by_role("button", name="Make it").click()
    key = page.get_by_role("dialog", name="The new key").get_by_label("Key", exact=True).inner_text()
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert key not in page.content()

    headers = {"Authorization": f"Bearer {key}"}
    assert httpx.get(f"{server.url}/api/v1/runs", headers=headers).status_code == 200
    assert httpx.get(f"{server.url}/api/v1/users", headers=headers).status_code == 403
    row = page.get_by_role("row").filter(has_text="nightly report")
    expect(row).to_contain_text("127.0.0.1")
    page.get_by_role("button", name="Revoke nightly report").click()
    page.get_by_role("dialog", name="Revoke this key").get_by_role("button", name="Revoke", exact=True).click()
    expect(row).to_contain_text("Revoked")
    assert httpx.get(f"{server.url}/api/v1/runs", headers=headers).status_code == 401


def test_ending_a_session_makes_its_page_leave(page: Page, browser: Browser, server: running.Server):
    with browser.new_context(base_url=server.url) as other:
        elsewhere = other.new_page()
        elsewhere.goto(server.new_link())
        go(elsewhere, "/runs")
        page.goto("/settings?tab=you")
        page.get_by_role("button", name="End all others").click()
        elsewhere.wait_for_url(re.compile(r"/login"))
    expect(page.get_by_role("row").filter(has_text="this one")).to_be_visible()
    expect(page.get_by_role("button", name="End all others")).to_have_count(0)


def test_a_source_gets_a_new_secret_that_is_shown_once(page: Page, server: running.Server):
    body = {"pipeline": "nightly", "repo": "kestrel/ledger", "branch": "main", "status": "success"}
    body |= {"started_at": "2026-03-02T12:00:00Z", "completed_at": "2026-03-02T12:01:00Z", "duration_seconds": 60}
    token = {"Authorization": f"Bearer {server.secrets['INGEST_TOKEN']}"}
    assert httpx.post(f"{server.url}/ingest/github", json=body, headers=token).status_code < 300
    page.goto("/sources")
    page.get_by_role("button", name="New secret").first.click()
    page.get_by_role("dialog", name="New webhook secret").get_by_role("button", name="Make it").click()
    secret = page.get_by_role("dialog", name="The new secret").get_by_label("Webhook secret").inner_text()
    assert len(secret) > 20
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert secret not in page.content()


def test_the_users_menu_leads_to_the_own_account_on_a_phone_too(page: Page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/")
    page.get_by_label("User menu").click()
    page.get_by_role("link", name="You").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("You are admin@localhost")
    for tab in ("people", "keys", "audit", "server"):
        page.goto(f"/settings?tab={tab}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 390
