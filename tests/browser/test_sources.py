"""Connecting GitHub and Jenkins in a real browser, to servers that answer like them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests import running
from tests.bodies import github_run
from tests.browser.test_deliveries import post
from tests.github_stub import GitHubStub
from tests.jenkins_stub import JenkinsStub

POLLED_MS = 30_000  # a job waits for its turn


@pytest.fixture(scope="module")
def github() -> Iterator[GitHubStub]:
    with GitHubStub() as stub:
        repo = stub.repo("kestrel/checkout-api")
        for number in range(5):
            repo.play(datetime.now(UTC).replace(microsecond=0) - timedelta(hours=5 - number), "success")
        yield stub


@pytest.fixture(scope="module")
def jenkins() -> Iterator[JenkinsStub]:
    with JenkinsStub() as stub:
        stub.root.make("payments/nightly").play(
            datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2), "SUCCESS"
        )
        yield stub


def test_nothing_connected_shows_the_steps_and_turns_live_at_the_first_delivery(page: Page, server: running.Server):
    page.goto("/sources")
    expect(page.get_by_role("heading", level=1)).to_have_text("Connect your first source")
    steps = page.get_by_role("region", name="Connect GitHub")
    expect(steps).to_contain_text("No delivery yet")
    expect(steps).to_contain_text("GitHub cannot deliver to localhost")
    secret = server.secrets["GITHUB_WEBHOOK_SECRET"]
    assert secret not in page.content()
    steps.get_by_role("button", name="Show").click()
    expect(steps).to_contain_text(secret)
    steps.get_by_role("button", name="Hide").click()
    expect(steps).not_to_contain_text(secret)

    httpx.post(f"{server.url}/webhooks/github", content=b"{}", headers={"X-Hub-Signature-256": "sha256=00"})
    expect(steps).to_contain_text("1 refused")
    post(server, github_run(301))
    expect(page.get_by_role("region", name="GitHub", exact=True)).to_be_visible()
    page.goto("/sources?connect=github")
    expect(steps).to_contain_text("Connected, last event")


def test_github_is_connected_step_by_step(page: Page, server: running.Server, github: GitHubStub):
    post(server, github_run(302))
    page.goto("/sources?connect=github")
    steps = page.get_by_role("region", name="Connect GitHub")
    steps.get_by_label("API address").fill(github.url)
    steps.get_by_label("Token", exact=False).first.fill("ghp_wrong")
    steps.get_by_role("button", name="Test and save").click()
    expect(steps.get_by_role("status").first).to_contain_text("Not saved: it does not work yet.")

    steps.get_by_label("Token", exact=False).first.fill("ghp_stub")
    steps.get_by_role("button", name="Test and save").click()
    expect(steps.get_by_role("status").first).to_contain_text("Saved, and it works.")
    expect(steps.get_by_label("Token", exact=False).first).to_have_value("")
    assert "ghp_stub" not in page.content()

    host = re.compile(re.escape(github.url.removeprefix("http://")))
    panel = page.get_by_role("region").filter(has=page.get_by_text(host)).filter(has_text="Read with")
    expect(panel).to_contain_text("a token entered here")
    panel.get_by_role("button", name="Test connection").click()
    expect(panel).to_contain_text("The connection works.")

    steps.get_by_label("Add a repository").fill("kestrel/checkout-api")
    steps.get_by_role("button", name="Watch").click()
    row = panel.get_by_role("row").filter(has_text="kestrel/checkout-api")
    expect(row).to_contain_text("5 runs, back to", timeout=POLLED_MS)
    expect(row).to_contain_text("Watched", timeout=POLLED_MS)
    panel.get_by_role("button", name="Poll now").click()
    expect(panel).to_contain_text("1 poll queued")

    keep = row.get_by_role("button", name="Keep")
    row.get_by_role("button", name="Remove").click()
    keep.click()
    expect(keep).to_have_count(0)
    row.get_by_role("button", name="Remove").click()
    expect(keep).to_be_visible()
    row.get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)
    page.goto("/runs")
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile(r"\d+ runs"))  # the history stays


def test_jenkins_is_connected_and_reads_all_its_jobs(page: Page, server: running.Server, jenkins: JenkinsStub):
    page.goto("/sources?connect=jenkins")
    steps = page.get_by_role("region", name="Connect Jenkins")
    steps.get_by_label("Address").fill(jenkins.address)
    steps.get_by_label("User").fill("wren")
    steps.get_by_label("API token").fill("api-token")
    steps.get_by_role("button", name="Test and save").click()
    expect(steps.get_by_role("status").first).to_contain_text("Saved, and it works.")
    row = page.get_by_role("row").filter(has_text="All jobs the user can see")
    expect(row).to_contain_text("1 run, back to", timeout=POLLED_MS)

    jenkins.stop()
    panel = page.get_by_role("region", name="Jenkins", exact=True)
    panel.get_by_role("button", name="Poll now").click()
    expect(panel).to_contain_text("Webhooks still count; nothing received is lost.", timeout=POLLED_MS)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Jenkins cannot be reached")
