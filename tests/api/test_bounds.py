"""Requests that are too large, too slow, or not for us; and that every error is a problem without a stack."""

from __future__ import annotations

import asyncio

import pytest
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient

from cicd_health import settings
from cicd_health.api import bounds
from cicd_health.api.gate import Gate
from tests.api.conftest import KEY

ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # it is the same on both

PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/v1/runs?q=" + "x" * 17_000, {}, 414),
        ("/api/v1/" + "x" * 5_000, {}, 414),
        ("/runs/" + "x" * 5_000, {}, 414),
        ("/api/v1/runs", {"X-Long": "x" * 70_000}, 431),
    ],
)
@ONE
def test_a_head_larger_than_any_that_makes_sense_is_refused(client, path, headers, status):
    answer = client.get(path, headers=KEY | headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)


@pytest.mark.parametrize("path", ["/api/v1/rules", "/api/v1/keys", "/api/v1/sources", "/api/v1/alerts/test"])
@ONE
def test_a_body_that_is_too_large_is_a_problem_like_any_other(client, path):
    answer = client.post(path, content=b'"' + b"x" * (5 * 2**20) + b'"', headers=KEY)
    assert (answer.status_code, answer.headers["content-type"]) == (413, PROBLEM)
    assert answer.json()["status"] == 413


def pieces(*given: tuple[float, bytes, bool]):
    """A body whose pieces come after so many seconds."""
    waiting = list(given)

    async def receive():
        wait, body, more = waiting.pop(0)
        await asyncio.sleep(wait)
        return {"type": "http.request", "body": body, "more_body": more}

    return receive


def read(receive, times: int) -> list[bytes]:
    async def all_of_it() -> list[bytes]:
        patient = bounds.in_time(receive)
        return [(await patient())["body"] for _ in range(times)]

    return asyncio.run(all_of_it())


def test_a_body_that_drips_is_left(monkeypatch):
    monkeypatch.setattr(bounds, "FIRST_S", 0.05)
    with pytest.raises(HTTPException) as error:
        read(pieces((0, b"a", True), (5, b"b", False)), 2)
    assert error.value.status_code == 408


def test_a_body_that_flows_may_take_longer_than_one_that_drips(monkeypatch):
    monkeypatch.setattr(bounds, "FIRST_S", 0.05)
    assert len(read(pieces((0, b"x" * 40_000, True), (0.2, b"b", False)), 2)) == 2


def test_after_the_body_the_end_of_the_connection_is_waited_for_without_hurry(monkeypatch):
    monkeypatch.setattr(bounds, "FIRST_S", 0.05)
    assert read(pieces((0, b"a", False), (0.2, b"", False)), 2) == [b"a", b""]


def answering(app) -> TestClient:
    return TestClient(Gate(app), raise_server_exceptions=False)


async def plain_error(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 500, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"Traceback: secret detail"})


async def broken(scope, receive, send) -> None:
    raise RuntimeError("secret detail")


@pytest.mark.parametrize("app", [plain_error, broken])
@ONE
def test_an_error_of_any_layer_below_is_a_problem_without_its_words(configured, app):
    answer = answering(app).get("/api/v1/runs")
    assert (answer.status_code, answer.headers["content-type"]) == (500, PROBLEM)
    assert "secret detail" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


@ONE
def test_a_bug_below_a_page_is_a_problem_as_well(session):
    cookies = dict(session.cookies)
    answer = TestClient(Gate(broken), raise_server_exceptions=False, cookies=cookies).get("/runs")
    assert (answer.status_code, answer.headers["content-type"]) == (500, PROBLEM)


@pytest.fixture
def wiki(configured, monkeypatch) -> dict[str, str]:
    monkeypatch.setenv("ALLOW_ORIGINS", "https://wiki.kestrel.example")
    settings.get.cache_clear()
    return {"Origin": "https://wiki.kestrel.example"}


@ONE
def test_pages_of_allowed_origins_call_the_api_with_a_key_and_never_with_a_cookie(wiki, session):
    asked = session.options("/api/v1/runs", headers=wiki | {"Access-Control-Request-Method": "GET"})
    assert asked.status_code == 204
    assert "Authorization" in asked.headers["access-control-allow-headers"]
    answer = session.get("/api/v1/runs", headers=wiki | KEY)
    assert answer.headers["access-control-allow-origin"] == "https://wiki.kestrel.example"
    assert "access-control-allow-credentials" not in {**answer.headers, **asked.headers}
    assert session.post("/api/v1/deliveries/1/replay", headers=wiki).status_code == 403


@pytest.mark.parametrize("path", ["/api/v1/runs", "/", "/login", "/health"])
@ONE
def test_pages_of_other_origins_are_told_nothing(wiki, session, path):
    evil = {"Origin": "https://evil.example"}
    assert "access-control-allow-origin" not in session.get(path, headers=evil).headers
    preflight = session.options(path, headers=evil | {"Access-Control-Request-Method": "GET"})
    assert "access-control-allow-origin" not in preflight.headers
    assert "access-control-allow-origin" not in session.get("/login", headers=wiki).headers


@ONE
def test_what_the_page_framework_says_to_other_origins_is_taken_back(configured, session):
    async def generous(scope, receive, send) -> None:
        said = [(b"access-control-allow-origin", b"https://evil.example"), (b"access-control-allow-credentials", b"x")]
        await send({"type": "http.response.start", "status": 200, "headers": said})
        await send({"type": "http.response.body", "body": b""})

    headers = answering(generous).get("/api/v1/runs", headers={"Origin": "https://evil.example"}).headers
    assert not [name for name in headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/webhooks/github", "/api/v1/ingest", "/api/v1/rules", "/login"])
@ONE
def test_large_bodies_take_no_more_room_together_than_there_is_and_small_ones_always_fit(everything, path):
    room = bounds.Room(2**20)
    client = TestClient(Gate(everything.app, room=room))
    answer = client.post(path, content=b"x" * 2**21, headers=KEY)
    assert (answer.status_code, answer.headers["content-type"]) == (503, PROBLEM)
    assert answer.headers["retry-after"] == "5"
    assert client.post(path, content=b"x" * 2**19, headers=KEY).status_code < 500
    assert room.left == 2**20
