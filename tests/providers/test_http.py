"""Asking over HTTP: bounded in time and size, patient within reason, and careful with credentials."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cicd_health.providers import http
from cicd_health.providers.http import Bearer, open_client
from cicd_health.providers.remote import RemoteError, Trouble
from tests.loopback import free_port
from tests.stub_server import Answer, Request, StubServer, as_json


class Echo(StubServer):
    """Answers everything, with what it was asked."""

    def answer(self, request: Request) -> Answer:
        return as_json({"path": request.path, "query": request.query})


class Elsewhere(Echo):
    host = "localhost"


@pytest.fixture
def server() -> Iterator[Echo]:
    with Echo() as stub:
        yield stub


@pytest.fixture
def other() -> Iterator[Echo]:
    with Elsewhere() as stub:
        yield stub


def client(server: StubServer, path: str = "") -> http.Client:
    return open_client(f"{server.url}{path}", auth=("robot", "secret"))


def authorised(server: StubServer) -> list[bool]:
    return ["authorization" in request.headers for request in server.requests]


def trouble(ask) -> RemoteError:
    with pytest.raises(RemoteError) as error:
        ask()
    assert "secret" not in str(error.value)
    return error.value


@pytest.mark.parametrize(
    ("base", "path", "asked"),
    [("", "/api/json", "/api/json"), ("/jenkins", "job/a", "/jenkins/job/a"), ("/api/v3/", "/user", "/api/v3/user")],
)
def test_paths_are_below_the_base_address(server: Echo, base: str, path: str, asked: str):
    with client(server, base) as asking:
        assert asking.get(path, params={"q": "a b"}).json() == {"path": asked, "query": {"q": "a b"}}


def test_credentials_go_to_their_own_server_only(server: Echo, other: Echo):
    with client(server) as asking:
        asking.get("/mine")
        asking.get(f"{other.url}/theirs")
    assert (authorised(server), authorised(other)) == ([True], [False])


def test_another_port_is_another_server(server: Echo):
    with Echo() as neighbour, client(server) as asking:
        asking.get(f"{neighbour.url}/x")
        assert authorised(neighbour) == [False]


def test_a_redirect_is_told_and_not_followed(server: Echo, other: Echo):
    server.redirect(f"{other.url}/x")
    with client(server) as asking:
        answer = asking.get("/y")
    assert (answer.status, answer.location) == (302, f"{other.url}/x")
    assert other.requests == []


def test_a_stream_follows_one_redirect_without_the_credentials(server: Echo, other: Echo):
    server.redirect(f"{other.url}/log")
    with client(server) as asking, asking.stream("/y") as stream:
        assert b'"/log"' in b"".join(stream.chunks)
    assert authorised(other) == [False]


def test_a_redirect_on_the_same_server_takes_them_along(server: Echo):
    server.redirect("/log")
    with client(server) as asking, asking.stream("/y") as stream:
        assert stream.status == 200
    assert authorised(server) == [True, True]


def test_a_signed_address_gets_none_even_there(server: Echo):
    with client(server) as asking, asking.stream(f"{server.url}/y", anonymous=True) as stream:
        assert stream.status == 200
    assert authorised(server) == [False]


def test_a_stream_may_leave_the_redirect_to_whoever_asked(server: Echo, other: Echo):
    server.redirect(f"{other.url}/log")
    with client(server) as asking, asking.stream("/y", follow=False) as stream:
        assert (stream.status, stream.location) == (302, f"{other.url}/log")
    assert other.requests == []


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://x/"])
def test_a_stream_goes_nowhere_but_the_web(server: Echo, target: str):
    server.redirect(target)

    def ask() -> None:
        with client(server) as asking, asking.stream("/y"):
            pytest.fail("there is nothing to read")

    assert trouble(ask).trouble is Trouble.GARBLED


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_get_is_tried_three_times(server: Echo, status: int):
    server.fail_next(9, status)
    with client(server) as asking:
        assert asking.get("/x").status == status
    assert len(server.requests) == 3


def test_a_post_is_sent_once(server: Echo):
    server.hang_up(9)
    with client(server) as asking:
        assert trouble(lambda: asking.post("/x")).trouble is Trouble.UNREACHABLE
    assert len(server.requests) == 1


def test_an_answer_that_only_drips_is_left(server: Echo, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http, "TOTAL_S", 0.5)
    server.drip(30)
    with client(server) as asking:
        said = trouble(lambda: asking.get("/x"))
    assert (said.trouble, said.sentence) == (Trouble.UNREACHABLE, "127.0.0.1 takes too long to answer")


def test_an_answer_that_never_begins_is_left(server: Echo, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http, "TIMES", 0.3)
    server.slow(30)
    with client(server) as asking:
        assert "did not answer in time" in trouble(lambda: asking.get("/x")).sentence
    assert len(server.requests) == 1, "whoever is slow is not asked again at once"


def test_an_answer_is_read_up_to_a_limit(server: Echo):
    server.huge(60)
    with client(server) as asking:
        assert trouble(lambda: asking.get("/x", largest=2**20)).trouble is Trouble.GARBLED


def test_what_is_not_json_says_what_it_was(server: Echo):
    server.html()
    with client(server) as asking:
        assert "(text/html, 90 bytes)" in trouble(asking.get("/x").json).sentence


@pytest.mark.parametrize("address", ["http://[::1", "not an address", "ftp://127.0.0.1", ""])
def test_an_address_that_is_none_is_said_to_be(address: str):
    def ask() -> None:
        with open_client(address) as asking:
            asking.get("/x")

    assert trouble(ask).trouble is Trouble.UNREACHABLE


def test_nobody_there_is_unreachable():
    with open_client(f"http://127.0.0.1:{free_port()}") as asking:
        assert trouble(lambda: asking.get("/x")).trouble is Trouble.UNREACHABLE


def test_a_token_is_asked_for_each_time(server: Echo):
    tokens = iter(["first", "second"])
    with open_client(server.url, auth=Bearer(lambda: next(tokens))) as asking:
        asking.get("/x")
        asking.get("/x")
    assert [request.headers["authorization"] for request in server.requests] == ["Bearer first", "Bearer second"]
