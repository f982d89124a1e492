"""What comes from outside: programs that open the page's socket, and text that wants to be something else."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import simple_websocket
from playwright.sync_api import Page, expect

from cicd_health.access import COOKIE
from cicd_health.ui.doorway import MOST_A_SECOND
from cicd_health.ui.states.overview import OverviewState
from cicd_health.ui.states.people import PeopleState
from cicd_health.ui.states.sources import SourcesState
from tests import running
from tests.bodies import github_job, github_run, signed
from tests.hostile_text import BIDI, CONTROL, FORMULA, INVISIBLE, MARKUP, QUOTES, turns
from tests.loopback import slack
from tests.page_socket import connected

PEOPLE, SOURCES = PeopleState.get_full_name(), SourcesState.get_full_name()
LOG = "\n".join(["starts", MARKUP, BIDI, CONTROL, INVISIBLE, f"error: {MARKUP} {BIDI}", "##[error]Process failed"])
PAGES = (
    "/",
    "/runs?q=%3Cscript%3Edocument.title%3D'owned'%3C/script%3E%E2%80%AE",
    "/runs",
    "/runs?in=logs&q=starts",
    "/pipelines/{pipeline}",
    "/runs/{run}",
    "/alerts",
    "/alerts?tab=channels",
    "/alerts?tab=silences",
    "/deliveries",
    "/sources",
    "/settings?tab=audit",
    "/settings?tab=keys",
    "/wall",
)


def new_cookie(server: running.Server) -> str:
    """The administrator's, of a session of its own."""
    return f"{COOKIE}={httpx.get(server.new_link()).cookies[COOKIE]}"


@pytest.fixture(scope="module")
def cookie(server: running.Server) -> str:
    return new_cookie(server)


@pytest.mark.parametrize("wrong", ["", f"{COOKIE}=nobodys"])
def test_without_a_session_nothing_opens(server: running.Server, wrong: str):
    with pytest.raises(simple_websocket.ConnectionError), connected(server.url, wrong):
        pass


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "http://localhost.evil.example"])
def test_from_a_foreign_page_nothing_opens(server: running.Server, cookie: str, origin: str):
    with pytest.raises(simple_websocket.ConnectionError), connected(server.url, cookie, origin):
        pass


def test_an_open_socket_is_closed_when_its_session_ends_and_does_not_open_again(server: running.Server):
    cookie = new_cookie(server)
    with connected(server.url, cookie) as socket:
        socket.open_page()
        socket.until('"is_hydrated_rx_state_":true')
        answer = httpx.post(f"{server.url}/logout", headers={"Cookie": cookie, "Origin": server.url})
        assert answer.status_code == 303
        socket.until("/login")
        assert socket.is_closed()
        heard = len(socket.heard)
    with pytest.raises(simple_websocket.ConnectionError), connected(server.url, cookie):
        pass
    assert heard == len(socket.heard)


def test_what_is_no_event_of_ours_does_nothing_and_the_socket_lives_on(server: running.Server, cookie: str):
    with connected(server.url, cookie) as socket:
        socket.open_page("/settings")
        socket.until('"is_hydrated_rx_state_":true')
        socket.call("nobody.knows", form={})
        socket.call(f"{PEOPLE}.setvar", var_name="link", value="x")
        socket.call(f"{PEOPLE}.invite", form="no form")
        socket.call(f"{PEOPLE}.invite", form={}, more=1)
        socket.call(f"{SOURCES}.poll_now", source_id={"a": 1})
        socket.send(["no", "event"])
        socket.send({"environ": {"asgi.scope": {"headers": []}}}, name="connect")
        socket.send("io client disconnect", name="disconnect")
        socket.send_text("[" * 5000)
        socket.send_text('["event"]')
        socket.send_text("[]")
        socket.call(f"{PEOPLE}.ask_invite")
        assert '"asking_rx_state_":"invite"' in socket.until('"asking_rx_state_"')
    said = server.text
    assert "Traceback" not in said
    assert cookie.partition("=")[2] not in said
    assert said.count("event refused") >= 5


def test_who_signs_in_next_in_a_tab_does_not_find_what_was_left_in_it(server: running.Server, cookie: str):
    tab = "0b3c2f0e-7d6d-4c7e-8f62-8a6d5b1a2c3d"
    with connected(server.url, cookie, tab=tab) as socket:
        socket.open_page("/sources")
        socket.until('"is_hydrated_rx_state_":true')
        socket.call(f"{SOURCES}.show_secret", provider="github")
        assert server.secrets["GITHUB_WEBHOOK_SECRET"] in socket.until('"secrets_rx_state_"')
    with connected(server.url, new_cookie(server), tab=tab) as socket:
        socket.open_page("/sources")
        socket.until('"is_hydrated_rx_state_":true')
        assert server.secrets["GITHUB_WEBHOOK_SECRET"] not in "".join(socket.heard)


def test_too_many_events_in_a_second_are_refused(server: running.Server, cookie: str):
    choose = f"{OverviewState.get_full_name()}.choose_repo"
    with connected(server.url, cookie) as socket:
        socket.open_page()
        socket.until('"is_hydrated_rx_state_":true')
        for _ in range(3 * MOST_A_SECOND):
            socket.call(choose, repo="kestrel/ledger")
        answered = sum(message.count("_redirect") for message in socket.messages(1.0))
    assert 0 < answered < 3 * MOST_A_SECOND


def test_to_leave_and_come_back_gives_no_more_events(server: running.Server, cookie: str):
    choose = f"{OverviewState.get_full_name()}.choose_repo"
    before = server.text.count("refused")
    with connected(server.url, cookie) as socket:
        socket.open_page()
        socket.until('"is_hydrated_rx_state_":true')
        for _ in range(30):
            for _ in range(MOST_A_SECOND // 2):
                socket.call(choose, repo="kestrel/ledger")
            socket.leave_page()
            socket.open_page()
        answered = sum(message.count("_redirect") for message in socket.messages(1.0))
        assert answered < 5 * MOST_A_SECOND
        socket.leave_page()
        socket.open_page()
        socket.until('"is_hydrated_rx_state_":true')
    assert server.text.count("refused") - before <= 5


def now(minutes: float = 0) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=minutes)


def deliver(server: running.Server, body: dict) -> None:
    raw = json.dumps(body).encode()
    headers = signed(raw, server.secrets["GITHUB_WEBHOOK_SECRET"]) | {"X-GitHub-Delivery": uuid.uuid4().hex}
    headers["X-GitHub-Event"] = "workflow_job" if "workflow_job" in body else "workflow_run"
    assert httpx.post(f"{server.url}/webhooks/github", content=raw, headers=headers).status_code == 202


@pytest.fixture(scope="module")
def told(server: running.Server, cookies) -> dict[str, int]:
    """Runs, jobs, steps, logs, channels, rules, silences and keys, all named by somebody who means no good."""
    step = {"number": 1, "name": f"{MARKUP}{BIDI}", "status": "completed", "conclusion": "failure"}
    people = {"actor": {"login": f"{MARKUP}{BIDI}"}, "triggering_actor": {"login": f"{BIDI}{QUOTES}"}}
    title = f"{MARKUP} {BIDI} {CONTROL}"
    for number, conclusion in ((1, "success"), (2, "failure")):
        at = now(30 - 10 * number)
        run = github_run(
            number, conclusion=conclusion, created=at, workflow=f"{MARKUP}{BIDI}", branch=f"{BIDI}{MARKUP}"
        )
        run["workflow_run"] |= {"display_title": title, "html_url": "javascript:document.title='owned'", **people}
        run["repository"] = run["repository"] | {"default_branch": f"{BIDI}{MARKUP}"}
        deliver(server, run)
        deliver(server, github_job(10 + number, number, name=f"{QUOTES}{BIDI}", conclusion=conclusion, steps=[step]))
    flat = {"pipeline": f"{MARKUP}{BIDI}", "repo": f"{BIDI}/{MARKUP}", "branch": BIDI, "status": "failure", "logs": LOG}
    flat |= {"started_at": now(9).isoformat(), "completed_at": now(8).isoformat()}
    token = {"Authorization": f"Bearer {server.secrets['INGEST_TOKEN']}"}
    posted = httpx.post(f"{server.url}/ingest/github", json=flat, headers=token)
    assert posted.status_code < 300, posted.text
    with slack() as receiver:
        _name_everything(server, cookies, receiver.url)
    with httpx.Client(base_url=server.url, cookies={c["name"]: c["value"] for c in cookies}) as client:
        run = client.get(f"/api/v1/runs/{posted.json()['id']}").json()
    return {"run": run["id"], "pipeline": run["pipeline_id"]}


def _name_everything(server: running.Server, cookies, receiver: str) -> None:
    headers = {"Origin": server.url}
    with httpx.Client(base_url=server.url, headers=headers, cookies={c["name"]: c["value"] for c in cookies}) as admin:
        channel = {"name": f"{MARKUP[:60]}{BIDI}", "url": receiver.replace("http://", "json://")}
        answers = [
            admin.post("/api/v1/channels", json=channel),
            admin.post("/api/v1/keys", json={"name": f"{MARKUP[:60]}{BIDI}", "scopes": ["read"]}),
            admin.post(
                "/api/v1/silences", json={"scope": {"repos": [BIDI]}, "hours": 1, "reason": f"{MARKUP}{FORMULA}"}
            ),
        ]
    assert [answer.status_code < 500 for answer in answers] == [True] * 3


@pytest.mark.parametrize("address", PAGES)
def test_it_is_text(page: Page, told: dict[str, int], address: str):
    page.goto(address.format(**told))
    expect(page.get_by_role("main")).not_to_contain_text("cannot be read")
    page.wait_for_function("() => !document.querySelector('main [aria-hidden=true].appear')")
    assert page.title() != "owned"
    assert page.locator("img[onerror], svg[onload], a[href^='javascript:' i]").count() == 0
    shown = page.locator("body").inner_text()
    said = page.evaluate(
        "[...document.querySelectorAll('[title],[aria-label]')].map(e => e.title + e.ariaLabel).join()"
    )
    assert turns(shown + said + page.title()) == ""
    assert "\x1b" not in shown + said


def test_it_is_shown_as_what_it_is(page: Page, told: dict[str, int]):
    page.goto(f"/runs/{told['run']}")
    expect(page.get_by_role("main")).to_contain_text("<script>document.title='owned'</script>")
    expect(page.get_by_role("main")).to_contain_text("main[U+202E]gnp.exe")
