"""The first minute of a new installation, in a real browser."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, expect

from tests import running


def test_the_printed_link_opens_the_dashboard(page: Page, server: running.Server):
    expect(page).to_have_url(f"{server.url}/")
    expect(page.get_by_role("heading").first).to_be_visible()


def test_without_signing_in_the_dashboard_leads_to_the_sign_in(context: BrowserContext):
    page = context.new_page()
    page.goto("/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_the_page_calls_the_address_it_was_opened_at(context: BrowserContext, server: running.Server):
    """Not the address of the build: any name and any published port must work."""
    page = context.new_page()
    with page.expect_websocket() as opened:
        page.goto(server.new_link().replace("localhost", "127.0.0.1"))
    assert opened.value.url.startswith(server.url.replace("http://localhost", "ws://127.0.0.1"))
    expect(page.get_by_role("heading").first).to_be_visible()
