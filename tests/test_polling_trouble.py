"""A provider that is down, slow, limited, hostile or talks nonsense: said so, left alone, healed by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from cicd_health import flow
from cicd_health.providers import http
from tests import watching
from tests.github_stub import GitHubStub
from tests.github_world import Repository
from tests.stub_server import Answer, Storage

REPO = "kestrel/checkout-api"
TOKEN = "ghp_stub"
HANG_UP = Answer(close=True)
MOST_REQUESTS = 4  # of one poll that fails at once: a GET is tried three times


@pytest.fixture(autouse=True)
def ready(database: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PAUSE_S", 0.01)
    flow.start(watching.now())


@pytest.fixture
def github() -> Iterator[GitHubStub]:
    with GitHubStub(REPO) as stub:
        yield stub


@pytest.fixture
def repo(github: GitHubStub) -> Repository:
    return github.repo(REPO)


@pytest.fixture
def id(github: GitHubStub, repo: Repository) -> int:
    """A watch that was polled well once; since then there is one run more."""
    at = watching.now() - timedelta(hours=1)
    repo.play(at)
    source_id = flow.connect_github(watching.now(), api_url=github.url, token=TOKEN)
    watch_id = flow.watch(source_id, REPO, watching.now(), backfill=False)
    watching.poll(watch_id)
    repo.play(at + timedelta(minutes=5))
    github.forget()
    return watch_id


def whatever_it_is_about(github: GitHubStub) -> None:
    """Also what the stub refuses by the state it is in."""
    repo = github.repo(REPO)
    repo.hidden = repo.forbidden = repo.sso = False
    github.tokens.add(TOKEN)
    github.use_up(remaining=5000)
    github.all_well()


Happening = Callable[[GitHubStub], object]
HAPPENINGS: dict[str, tuple[str, Happening]] = {
    "500": ("server", lambda github: github.fail_next(99)),
    "502 of a proxy": ("server", lambda github: github.fail_next(99, 502)),
    "half an answer": ("garbled", lambda github: github.garbage(99)),
    "an answer of another kind": ("garbled", lambda github: github.garbage(99, body=b'{"workflow_runs": 7}')),
    "a list instead of an object": ("garbled", lambda github: github.garbage(99, body=b"[1, 2]")),
    "deep nonsense": ("garbled", lambda github: github.garbage(99, body=b"[" * 100_000)),
    "a web page": ("garbled", lambda github: github.html(99)),
    "no answer": ("unreachable", lambda github: github.hang_up(99)),
    "a wrong token": ("unauthorized", lambda github: github.tokens.clear()),
    "a permission that is missing": ("forbidden", lambda github: setattr(github.repo(REPO), "forbidden", True)),
    "single sign-on": ("sso", lambda github: setattr(github.repo(REPO), "sso", True)),
    "a repository that is hidden": ("not_found", lambda github: setattr(github.repo(REPO), "hidden", True)),
    "the hourly limit": ("limited", lambda github: github.use_up(reset_in_s=1800)),
    "too much at once": ("slowed", lambda github: github.slow_down(99)),
    "too much at once, with a wait": ("slowed", lambda github: github.slow_down(99, status=429, retry_after=240)),
    "a circle of redirects": ("garbled", lambda github: github.redirect(f"{github.url}/repos/{REPO}", 99)),
    "a redirect to nowhere": ("garbled", lambda github: github.redirect("http://[", 99)),
}


@pytest.mark.parametrize("what", HAPPENINGS)
def test_it_is_said_and_left_alone_and_heals_by_itself(github: GitHubStub, id: int, what: str, capsys):
    trouble, happen = HAPPENINGS[what]
    before = watching.line(id).complete_until
    happen(github)
    line = watching.poll(id)
    asked = len(github.asked())
    assert (line.trouble, line.state in ("error", "waiting")) == (trouble, True), line.error
    assert line.error
    assert line.complete_until == before, "what is missing is not called complete"
    assert 1 <= asked <= MOST_REQUESTS
    assert line.next_poll_at is not None
    assert line.next_poll_at > watching.now() + timedelta(seconds=55)
    assert flow.queue_due(watching.now()) == 0, "nobody asks again before that"
    assert len(watching.runs()) == 1, "what was here stays"
    shown = line.error + capsys.readouterr().out
    assert TOKEN not in shown
    assert "A1B2" not in shown

    whatever_it_is_about(github)
    watching.let_pass(id)
    healed = watching.poll(id)
    assert (healed.state, healed.trouble, healed.error, healed.error_at) == ("ok", None, None, None)
    source = watching.source(healed.source_id)
    assert (source.state, source.trouble, source.error) == ("ok", None, None)
    assert len(watching.runs()) == 2


def test_the_wait_is_the_one_github_asks_for(github: GitHubStub, id: int):
    github.use_up(reset_in_s=1800)
    line = watching.poll(id)
    assert line.state == "waiting"
    assert line.next_poll_at is not None
    assert abs((line.next_poll_at - watching.now()).total_seconds() - 1800) < 30
    source = watching.source(line.source_id)
    assert (source.rate_remaining, source.rate_limit) == (0, 5000)
    github.forget()
    assert flow.poll_now(watching.now()) == 0, "a wait that GitHub asked for holds"
    watching.poll(id)
    assert github.asked() == []


@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_is_understood_in_seconds_and_as_a_date(github: GitHubStub, id: int, as_date: bool):
    github.slow_down(status=429, retry_after=240, as_date=as_date)
    line = watching.poll(id)
    assert line.next_poll_at is not None
    assert abs((line.next_poll_at - watching.now()).total_seconds() - 240) < 30


def test_an_outage_is_told_from_its_beginning_and_asked_about_less_and_less(github: GitHubStub, id: int):
    port = github.stop()
    pauses = []
    for _ in range(4):
        line = watching.poll(id)
        assert line.trouble == "unreachable"
        assert line.next_poll_at is not None
        pauses.append((line.next_poll_at - watching.now()).total_seconds())
        began = line.error_at
        watching.let_pass(id)
    assert pauses[3] > 3 * pauses[0]
    assert watching.line(id).error_at == began
    assert watching.source(line.source_id).state == "error"
    github.start(port)
    assert watching.poll(id).state == "ok"


def test_of_a_source_that_is_down_one_watch_is_tried_and_not_all(github: GitHubStub, id: int):
    source_id = watching.line(id).source_id
    others = [flow.watch(source_id, f"kestrel/service-{n}", watching.now(), backfill=False) for n in range(5)]
    port = github.stop()
    watching.poll(id)
    later = watching.now() + timedelta(hours=2)
    assert flow.queue_due(later) == 1
    github.start(port)
    for other in others:
        watching.let_pass(other)
    watching.poll(id)
    assert flow.queue_due(later) == 6


def test_a_hidden_repository_is_missing_and_the_others_go_on(github: GitHubStub, id: int):
    source_id = watching.line(id).source_id
    other = github.repo("kestrel/other")
    other.play(watching.now() - timedelta(hours=1))
    other_id = flow.watch(source_id, "kestrel/other", watching.now(), backfill=False)
    github.repo(REPO).hidden = True
    assert watching.poll(id).missing
    assert watching.poll(other_id).state == "ok"
    assert watching.source(source_id).trouble is None


def test_an_answer_without_an_end_is_cut(github: GitHubStub, id: int, monkeypatch: pytest.MonkeyPatch):
    github.huge(60, 9)
    line = watching.poll(id)
    assert line.trouble == "garbled"
    assert "more than" in (line.error or "")
    whatever_it_is_about(github)
    watching.let_pass(id)
    monkeypatch.setattr(http, "TOTAL_S", 1.0)
    github.drip(30, 9)
    line = watching.poll(id)
    assert (line.trouble, "long" in (line.error or "")) == ("unreachable", True)


def test_a_slow_answer_ends_as_no_answer(github: GitHubStub, id: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http, "TIMES", http.httpx.Timeout(0.3))
    github.slow(30, 9)
    assert watching.poll(id).trouble == "unreachable"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_the_token_goes_to_no_other_host(github: GitHubStub, id: int, status: int):
    with Storage() as elsewhere:
        github.redirect(f"{elsewhere.url}/repos/{REPO}/actions/runs", 99, status=status)
        line = watching.poll(id)
        assert elsewhere.leaked == []
        assert line.trouble is not None
        assert line.name == REPO


def test_pages_before_the_one_that_failed_are_saved_and_the_next_poll_is_whole(github: GitHubStub, id: int):
    at = watching.now() - timedelta(hours=1)
    for place in range(250):
        github.repo(REPO).play(at + timedelta(seconds=place))
    answered = iter(range(100))
    github.instead(lambda asked: github.answer(asked) if next(answered) == 0 else HANG_UP, 99, r"/actions/runs$")
    line = watching.poll(id)
    assert line.trouble == "unreachable"
    saved = len(watching.runs())
    assert 100 <= saved < 252
    whatever_it_is_about(github)
    watching.let_pass(id)
    assert watching.poll(id).state == "ok"
    assert len(watching.runs()) == 252


def test_the_way_back_waits_out_a_limit_and_goes_on_where_it_was(github: GitHubStub, id: int):
    newest = watching.now() - timedelta(days=3)
    for place in range(300):
        github.repo(REPO).play(newest - timedelta(hours=place))
    github.limit = github.remaining = 300
    flow.resume_backfill(id, watching.now())
    line = watching.walk(id, steps=1)
    assert line.backfill.state.value == "running"
    assert line.backfill.error
    assert line.backfill.waits_until is not None
    assert github.remaining >= 25, "a tenth is kept for the polls"
    asked = len(github.asked())
    assert watching.walk(id, steps=5).backfill.listed == 302
    assert len(github.asked()) <= asked + 10
    github.limit = github.remaining = 5000
    watching.let_pass(id)
    done = watching.walk(id)
    assert (done.backfill.state.value, done.backfill.error) == ("done", None)
    assert watching.count("jobs") == 302
