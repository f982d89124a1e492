"""GitHub refusing, failing, lying: each told apart, and none taken for another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from cicd_health.providers.github import PROVIDER
from cicd_health.providers.github.troubles import rate_limit, refusal
from cicd_health.providers.http import Answer
from cicd_health.providers.remote import Asked, Connection, RemoteError, Trouble
from tests.github_stub import GitHubStub
from tests.loopback import free_port
from tests.providers.remembering import Memory
from tests.stub_server import Answer as Said

NOW = datetime.now(UTC).replace(microsecond=0)
NAME = "kestrel/api"
LIST = "/actions/runs$"
EMPTY = b'{"total_count": 300, "workflow_runs": []}'
BAD_LINK = {"Link": '<http://[::1/next>; rel="next"', "Content-Type": "application/json"}


@pytest.fixture
def github() -> Iterator[GitHubStub]:
    with GitHubStub(NAME) as stub:
        stub.repo(NAME).play(NOW - timedelta(hours=1))
        yield stub


def trouble(github: GitHubStub, **more) -> RemoteError:
    here = Connection("github", "github.com", **({"api_url": github.url, "token": "ghp_stub"} | more))
    assert PROVIDER.remote is not None
    with pytest.raises(RemoteError) as error:
        Memory(PROVIDER).take(PROVIDER.remote.poll(here, Asked(NAME, NOW, NOW), Memory(PROVIDER), NOW))
    assert "ghp_" not in str(error.value)
    return error.value


def test_a_wrong_token_is_unauthorized(github: GitHubStub):
    assert trouble(github, token="ghp_wrong").trouble is Trouble.UNAUTHORIZED


def test_a_hidden_repository_is_not_there_or_not_for_this_token(github: GitHubStub):
    github.repo(NAME).hidden = True
    said = trouble(github)
    assert (said.trouble, said.sentence) == (
        Trouble.NOT_FOUND,
        "kestrel/api is not there, or this token may not see it.",
    )


def test_a_missing_permission_is_named(github: GitHubStub):
    github.repo(NAME).forbidden = True
    said = trouble(github)
    assert said.trouble is Trouble.FORBIDDEN
    assert "Actions: read" in said.sentence


def test_single_sign_on_says_where(github: GitHubStub):
    github.repo(NAME).sso = True
    said = trouble(github)
    assert said.trouble is Trouble.SSO
    assert said.sentence.endswith("on github.com.")
    assert "authorization_request" not in said.sentence


def test_a_used_up_limit_says_when_it_is_whole_again(github: GitHubStub):
    github.use_up(reset_in_s=1800)
    said = trouble(github)
    assert (said.trouble, said.retry_at) == (Trouble.LIMITED, datetime.fromtimestamp(github.reset_at, UTC))
    assert said.rate_limit is not None
    assert (said.rate_limit.remaining, said.rate_limit.limit) == (0, 5000)


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize("as_date", [False, True], ids=["seconds", "date"])
def test_a_secondary_limit_says_how_long(github: GitHubStub, status: int, as_date: bool):
    github.slow_down(status=status, retry_after=90, as_date=as_date)
    said = trouble(github)
    assert said.trouble is Trouble.SLOWED
    assert said.retry_at is not None
    assert timedelta(seconds=80) <= said.retry_at - NOW <= timedelta(seconds=120)


@pytest.mark.parametrize("status", [403, 429])
def test_a_secondary_limit_without_a_time_means_a_minute(github: GitHubStub, status: int):
    github.slow_down(status=status)
    said = trouble(github)
    assert said.trouble is Trouble.SLOWED
    assert said.retry_at is not None
    assert timedelta(seconds=60) <= said.retry_at - NOW <= timedelta(seconds=90)


def answered(status: int, body: bytes = b"{}", **headers: str) -> RemoteError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return refusal(Answer(status, named, body, "http://127.0.0.1/x"), NAME, NOW)


def test_a_date_to_wait_for_is_by_githubs_clock_not_ours():
    said = answered(429, retry_after="Wed, 21 Oct 2015 07:28:30 GMT", date="Wed, 21 Oct 2015 07:28:00 GMT")
    assert said.retry_at == NOW + timedelta(seconds=30)


@pytest.mark.parametrize("word", ["soon", "-5", "1e9", "٣"])
def test_a_time_to_wait_that_makes_no_sense_is_a_minute(word: str):
    assert answered(429, retry_after=word).retry_at == NOW + timedelta(minutes=1)


def test_nobody_makes_us_wait_for_longer_than_a_day():
    assert answered(429, retry_after="999999999").retry_at == NOW + timedelta(days=1)


@pytest.mark.parametrize("reset", ["", "x", "99999999999999999999", "-1"])
def test_a_limit_that_makes_no_sense_is_no_limit(reset: str):
    headers = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "1", "x-ratelimit-reset": reset}
    assert rate_limit(headers) is None


def test_another_limit_than_the_usual_is_not_taken_for_it():
    headers = {"x-ratelimit-limit": "30", "x-ratelimit-remaining": "1", "x-ratelimit-reset": "1700000000"}
    assert rate_limit(headers | {"x-ratelimit-resource": "search"}) is None
    assert rate_limit(headers) is not None


@pytest.mark.parametrize(
    ("happen", "expected"),
    [
        (lambda stub: stub.fail_next(1, 500), Trouble.SERVER),
        (lambda stub: stub.fail_next(9, 502), Trouble.SERVER),
        (lambda stub: stub.html(), Trouble.GARBLED),
        (lambda stub: stub.garbage(), Trouble.GARBLED),
        (lambda stub: stub.garbage(path=LIST, body=b'{"total_count": 1, "workflow_runs": {"1": 2}}'), Trouble.GARBLED),
        (lambda stub: stub.garbage(path=LIST, body=b"[]"), Trouble.GARBLED),
        (lambda stub: stub.garbage(body=b""), Trouble.GARBLED),
        (lambda stub: stub.garbage(body=b"\xff\xfe" * 40), Trouble.GARBLED),
        (lambda stub: stub.hang_up(9), Trouble.UNREACHABLE),
        (lambda stub: stub.redirect("http://127.0.0.2:1/", n=9), Trouble.GARBLED),
        (lambda stub: stub.redirect("file:///etc/passwd", n=9), Trouble.GARBLED),
        (lambda stub: stub.redirect(f"{stub.url}/repos/{NAME}/actions/runs", n=9), Trouble.GARBLED),
        (lambda stub: stub.instead(lambda _: Said(418)), Trouble.GARBLED),
        (lambda stub: stub.instead(lambda _: Said(304)), Trouble.GARBLED),
        (lambda stub: stub.instead(lambda _: Said(200, EMPTY, BAD_LINK), 1, LIST), Trouble.GARBLED),
    ],
    ids=[
        "500", "502", "html", "broken json", "object for list", "list for object", "nothing", "not text", "hung up",
        "elsewhere", "file", "round in circles", "teapot", "304 unasked", "link to nowhere",
    ],
)  # fmt: skip
def test_what_is_no_answer(github: GitHubStub, happen: Callable[[GitHubStub], None], expected: Trouble):
    happen(github)
    assert trouble(github).trouble is expected


def test_an_answer_without_end_is_cut_off(github: GitHubStub):
    github.huge(200)
    said = trouble(github)
    assert said.trouble is Trouble.GARBLED
    assert "more than" in said.sentence


def test_nobody_there_is_unreachable(github: GitHubStub):
    said = trouble(github, api_url=f"http://127.0.0.1:{free_port()}")
    assert said.trouble is Trouble.UNREACHABLE
    assert "127.0.0.1 cannot be reached" in said.sentence


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_moment_of_absence_is_bridged(github: GitHubStub, status: int):
    github.fail_next(1, status)
    github.hang_up(1, path="/jobs$")
    memory = Memory(PROVIDER)
    assert PROVIDER.remote is not None
    here = Connection("github", "github.com", github.url, token="ghp_stub")
    memory.take(PROVIDER.remote.poll(here, Asked(NAME, NOW, NOW), memory, NOW))
    assert len(memory.jobs) == 1


def test_a_list_that_leads_to_another_server_is_not_followed(github: GitHubStub):
    page = b'{"total_count": 300, "workflow_runs": []}'
    link = {"Link": f'<{github.storage.url}/next?page=2>; rel="next"', "Content-Type": "application/json"}
    github.instead(lambda _: Said(200, page, link), 1, LIST)
    assert trouble(github).trouble is Trouble.GARBLED
    assert github.storage.requests == []


def test_a_list_without_end_is_left(github: GitHubStub):
    page = b'{"total_count": 300, "workflow_runs": []}'
    link = {"Link": f'<{github.url}/repos/{NAME}/actions/runs?page=2>; rel="next"', "Content-Type": "application/json"}
    github.instead(lambda _: Said(200, page, link), 1000, LIST)
    assert trouble(github).sentence == "GitHub's list of runs does not end."
    assert len(github.asked(LIST)) == 50


@pytest.mark.parametrize("name", ["kestrel", "kestrel/api/x", "../user", "a b/c", ""])
def test_a_name_that_is_no_repository_asks_nobody(github: GitHubStub, name: str):
    here = Connection("github", "github.com", github.url)
    assert PROVIDER.remote is not None
    with pytest.raises(RemoteError) as error:
        list(PROVIDER.remote.poll(here, Asked(name, NOW, NOW), Memory(PROVIDER), NOW))
    assert error.value.trouble is Trouble.NOT_FOUND
    assert github.requests == []


def test_credentials_show_in_no_representation():
    here = Connection("github", "github.com", "https://x", token="ghp_1", app_id=1, app_private_key="-----BEGIN")
    assert "ghp_1" not in repr(here)
    assert "BEGIN" not in repr(here)
