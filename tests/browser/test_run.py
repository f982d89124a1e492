"""A run's page in a real browser: what happened, its attempts, its log from the failing lines on."""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests import running
from tests.bodies import github_job, github_run, iso, signed

LINES = 30_000
FAILING = [
    "=================================== FAILURES ===================================",
    "\x1b[31mE       AssertionError: refund issued twice for key idem_84213\x1b[0m",
    f"long: {'x' * 400}",
    "<img src=x onerror=alert(1)> \x1b]0;title\x07is text",
    "##[error]Process completed with exit code 1.",
]
LONG = "\n".join([f"[DEBUG] posting {number} booked in {number % 90} ms" for number in range(1, LINES - 4)] + FAILING)
# What stands in the box now: its height, the rows that are there, the lines that can be seen.
SEEN = """() => {
  const box = document.getElementById('log-box'), edge = box.getBoundingClientRect();
  const rows = [...box.querySelectorAll('[data-number]')];
  const seen = rows.filter(row => {
    const place = row.getBoundingClientRect();
    return place.bottom > edge.top && place.top < Math.min(edge.bottom, innerHeight);
  });
  return {height: box.scrollHeight, rows: rows.length, lines: seen.map(row => Number(row.dataset.number))};
}"""


def tell(server: running.Server, body: dict) -> None:
    """Deliver what GitHub says of a run or of a job."""
    raw = json.dumps(body).encode()
    event = "workflow_job" if "workflow_job" in body else "workflow_run"
    headers = signed(raw, server.secrets["GITHUB_WEBHOOK_SECRET"])
    headers |= {"X-GitHub-Event": event, "X-GitHub-Delivery": uuid.uuid4().hex}
    assert httpx.post(f"{server.url}/webhooks/github", content=raw, headers=headers).status_code == 202


def minutes_ago(minutes: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=minutes)


def posted(server: running.Server, number: int, logs: str, status: str = "failure", minutes: float = 10) -> int:
    """The id of a run that was posted with its log."""
    began = minutes_ago(minutes)
    flat = {
        "pipeline": "nightly",
        "repo": "kestrel/ledger",
        "branch": "main",
        "status": status,
        "started_at": began.isoformat(),
        "completed_at": (began + timedelta(minutes=4)).isoformat(),
        "duration_seconds": 240,
        "url": f"https://ci.example/{number}",
        "logs": logs,
    }
    headers = {"Authorization": f"Bearer {server.secrets['INGEST_TOKEN']}"}
    answer = httpx.post(f"{server.url}/ingest/github", json=flat, headers=headers, timeout=30)
    assert answer.is_success, answer.text
    return answer.json()["id"]


@pytest.fixture
def long_log(page: Page, server: running.Server) -> Page:
    """The page of a failed run with a log of 30,000 lines."""
    page.goto(f"/runs/{posted(server, 1, LONG)}")
    expect(page.locator("[data-line=cause]")).to_be_visible()
    return page


def region(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def test_a_long_log_opens_at_the_line_that_says_why(long_log: Page):
    expect(long_log.locator("[data-line=cause]")).to_contain_text("AssertionError: refund issued twice")
    expect(region(long_log, "Log")).to_contain_text(f"{LINES:,} lines")
    expect(long_log.get_by_role("main")).to_contain_text("AssertionError: refund issued twice for key idem_84213")
    assert long_log.evaluate(SEEN)["rows"] < 100


def test_markup_and_titles_in_a_log_are_text(long_log: Page):
    expect(region(long_log, "Log")).to_contain_text("<img src=x onerror=alert(1)> is text")
    expect(long_log.locator("#log-box img")).to_have_count(0)


def test_a_long_log_scrolls_with_a_few_hundred_rows_in_the_page(long_log: Page):
    long_log.get_by_role("button", name="show all").click()
    long_log.wait_for_function(f"document.getElementById('log-box').scrollHeight >= {20 * LINES}")
    for pixel, line in ((300_000, 15_001), (100_000, 5_001), (500_000, 25_001)):
        long_log.evaluate(f"document.getElementById('log-box').scrollTop = {pixel}")
        expect(long_log.locator(f"[data-number='{line}']")).to_be_visible()
        seen = long_log.evaluate(SEEN)
        assert seen["lines"][0] in (line - 1, line)
        assert seen["rows"] < 400
        assert seen["height"] == pytest.approx(20 * LINES, abs=40)


def test_a_search_counts_and_enter_goes_on(long_log: Page):
    long_log.keyboard.press("/")
    long_log.keyboard.type("posting 2999")
    found = region(long_log, "Log").get_by_role("status")
    expect(found.first).to_have_text("1 of 7")  # 2999 and 29990 to 29995
    expect(long_log.locator("[data-s~=now]")).to_have_text("posting 2999")
    long_log.keyboard.press("Enter")
    expect(found.first).to_have_text("2 of 7")
    expect(long_log.locator("[data-number='29990'] [data-s~=now]")).to_be_visible()
    long_log.keyboard.press("Shift+Enter")
    expect(found.first).to_have_text("1 of 7")
    long_log.wait_for_url("**q=posting+2999")
    long_log.keyboard.press("Escape")
    expect(long_log.locator("[data-s~=hit]")).to_have_count(0)
    long_log.wait_for_url(re.compile(r"/runs/\d+$"))


def test_keys_do_nothing_else_while_somebody_types(long_log: Page):
    long_log.keyboard.press("/")
    long_log.keyboard.type("nnpp")
    expect(long_log.get_by_label("Search in this log")).to_have_value("nnpp")
    expect(region(long_log, "Log").get_by_role("status").first).to_have_text("none")
    assert "line=" not in long_log.url


def test_enter_still_opens_what_has_the_focus_while_something_is_searched_for(long_log: Page):
    long_log.goto(f"{long_log.url}?q=posting")
    expect(region(long_log, "Log").get_by_role("status").first).to_contain_text("of")
    long_log.get_by_role("button", name="Times").focus()
    long_log.keyboard.press("Enter")
    expect(long_log.get_by_role("button", name="Times")).to_have_attribute("aria-pressed", "true")


def test_a_line_has_a_link_that_opens_there(long_log: Page):
    long_log.locator("[data-line=cause]").get_by_role("button").click()
    expect(long_log.locator("[data-picked='1']")).to_have_attribute("data-number", str(LINES - 3))
    long_log.wait_for_url(f"**line={LINES - 3}")
    long_log.goto(re.sub(r"line=\d+", "line=12345", long_log.url))
    expect(long_log.locator("[data-picked='1']")).to_have_attribute("data-number", "12345")
    assert 12_345 in long_log.evaluate(SEEN)["lines"]


def test_n_and_p_go_to_the_errors(long_log: Page):
    long_log.keyboard.press("n")
    expect(long_log.locator("[data-picked='1']")).to_have_count(1)
    first = long_log.locator("[data-picked='1']").get_attribute("data-number")
    long_log.keyboard.press("n")
    expect(long_log.locator(f"[data-number='{first}']")).not_to_have_attribute("data-picked", "1")
    long_log.keyboard.press("p")
    expect(long_log.locator("[data-picked='1']")).to_have_attribute("data-number", str(first))


def test_long_lines_can_wrap_and_the_reader_stays(long_log: Page):
    long_log.goto(f"{long_log.url}?line=20000")
    expect(long_log.locator("[data-picked='1']")).to_be_visible()
    long_log.get_by_role("button", name="Wrap").click()
    expect(region(long_log, "Log").get_by_role("button", name="rows before")).to_have_count(0)
    expect(long_log.locator("[data-number='20000']")).to_be_in_viewport()
    long_log.wait_for_function("(box => box.scrollWidth <= box.clientWidth)(document.getElementById('log-box'))")


def test_the_raw_log_is_a_download(long_log: Page):
    with long_log.expect_download() as download:
        long_log.keyboard.press("l")
    assert download.value.path().read_text().count("\n") >= LINES - 1


def test_only_what_the_last_green_log_did_not_have(page: Page, server: running.Server):
    posted(server, 20, "collected items\nall passed\n" + "step done\n" * 40, "success", minutes=60)
    run = posted(server, 21, "collected items\n" + "step done\n" * 40 + "E   AssertionError: boom\n", minutes=20)
    page.goto(f"/runs/{run}?new=1")
    log = region(page, "Log")
    expect(log).to_contain_text("1 line that")
    expect(log.locator("[data-number]")).to_have_count(1)
    expect(log).to_contain_text(re.compile(r"\d+ lines as in"))
    page.get_by_role("link", name="Show all lines").click()
    expect(log.locator("[data-number]").nth(1)).to_be_visible()


def test_attempts_are_tabs_and_arrows_change_them(page: Page, server: running.Server):
    began = minutes_ago(30)
    for attempt, conclusion in ((1, "failure"), (2, "success")):
        job = github_job(
            9000 + attempt, 301, name="unit tests", conclusion=conclusion, attempt=attempt, created=began,
            started=began, completed=began + timedelta(minutes=2),
            steps=[
                {"number": 1, "name": "pytest", "status": "completed", "conclusion": conclusion,
                 "started_at": iso(began), "completed_at": iso(began + timedelta(minutes=2))},
            ],
        )  # fmt: skip
        tell(server, job)
        tell(server, github_run(301, conclusion=conclusion, attempt=attempt, created=began))
    page.goto("/runs")
    page.get_by_role("row").get_by_role("link", name="#301").click()
    page.wait_for_url(re.compile(r"/runs/\d+$"))
    verdict = page.get_by_role("main")
    expect(verdict).to_contain_text("Passed at attempt 2")
    page.get_by_role("tab", name="Attempt 2").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(re.compile(r"\?attempt=1$"))
    expect(verdict).to_contain_text("Failed in unit tests, step “pytest”")
    expect(page.get_by_role("tab", name="Attempt 1")).to_have_attribute("aria-selected", "true")
    expect(region(page, "Jobs").get_by_text("pytest")).to_be_visible()  # the failing job is open to its steps
    expect(region(page, "Log")).to_contain_text("Connect GitHub with a token to read logs")


def test_the_page_changes_while_one_looks(page: Page, server: running.Server):
    began = minutes_ago(3)
    tell(server, github_run(302, status="in_progress", created=began))
    page.goto("/runs?q=%23302")
    page.get_by_role("row").get_by_role("link", name="#302").click()
    main = page.get_by_role("main")
    expect(main).to_contain_text("Running for")
    page.evaluate("window.stayed = true")
    tell(server, github_job(9101, 302, name="lint", status="in_progress", created=began, started=began))
    expect(region(page, "Jobs")).to_contain_text("lint")
    tell(server, github_run(302, conclusion="failure", created=began))
    expect(main).to_contain_text("Failed")
    assert page.evaluate("window.stayed") is True


def test_however_far_one_scrolls_the_log_covers_nothing_below(page: Page, server: running.Server):
    log = "\n".join([*("[DEBUG] quiet" for _ in range(40)), *FAILING])
    posted(server, 40, log, minutes=20)
    page.goto(f"/runs/{posted(server, 41, log)}")
    elsewhere = region(page, "This failure elsewhere")
    expect(elsewhere.get_by_role("listitem")).not_to_have_count(0)
    page.set_viewport_size({"width": 1440, "height": 500})
    page.mouse.wheel(0, 100_000)
    page.wait_for_function("scrollY > 0 && scrollY + innerHeight >= document.documentElement.scrollHeight - 1")
    above, below = region(page, "Log").bounding_box(), elsewhere.bounding_box()
    assert above
    assert below
    assert above["y"] + above["height"] <= below["y"]


def test_a_run_that_is_not_there_is_said(page: Page):
    for path in ("/runs/99999999", "/runs/abc"):
        page.goto(path)
        expect(page.get_by_role("heading", name=f"There is no run {path.rpartition('/')[2]}")).to_be_visible()
    page.get_by_role("link", name="All runs").click()
    page.wait_for_url("**/runs")


def test_on_a_phone_nothing_runs_past_the_edge(page: Page, server: running.Server):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/runs/{posted(server, 30, LONG[-4000:])}")
    expect(page.locator("[data-line=cause]")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for pressed in (page.get_by_role("button", name="Copy link"), page.get_by_role("button", name="Wrap")):
        box = pressed.bounding_box()
        assert box
        assert box["height"] >= 44


def test_who_is_not_signed_in_is_led_to_the_form_and_back(server: running.Server):
    answer = httpx.get(f"{server.url}/runs/1?job=2", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=/runs/1")
