"""How much a caller may ask, who is not limited, and that a Redis that is away stops nobody."""

from __future__ import annotations

import asyncio
import time

import pytest
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from cicd_health import settings
from cicd_health.api import limits
from cicd_health.api.gate import Gate
from cicd_health.api.limits import Places
from tests.api.conftest import KEY, post_github
from tests.bodies import github_run
from tests.loopback import free_port

ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # it is the same on both


@pytest.fixture
def few(configured, monkeypatch):
    """At the beginning of a minute that does not end meanwhile."""
    monkeypatch.setenv("API_RATE_LIMIT", "3")
    monkeypatch.setenv("ANONYMOUS_RATE_LIMIT", "2")
    monkeypatch.setattr(limits, "FAILURES", 2)
    monkeypatch.setattr(limits.time, "time", lambda: 1_000_000_040.0)
    settings.get.cache_clear()
    limits.forget_counts()


def statuses(ask, times: int) -> list[int]:
    return [ask().status_code for _ in range(times)]


@ONE
def test_a_key_has_its_own_limit_and_is_told_when_it_may_again(few, client):
    assert statuses(lambda: client.get("/api/v1/runs", headers=KEY), 4) == [200, 200, 200, 429]
    answer = client.get("/api/v1/runs", headers=KEY)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "40"
    assert answer.headers["ratelimit-policy"] == '"minute";q=3;w=60'
    assert answer.headers["ratelimit"] == '"minute";r=0;t=40'
    other = client.post("/api/v1/ingest", json=[], headers={"Authorization": "Bearer ingest-token"})
    assert other.status_code != 429


@ONE
def test_a_person_has_one_limit_too(few, session):
    assert statuses(lambda: session.get("/api/v1/runs"), 4) == [200, 200, 200, 429]
    assert session.get("/").status_code == 200


@ONE
def test_strangers_are_counted_by_address(few, client):
    assert statuses(lambda: client.get("/api/v1/runs"), 3) == [401, 401, 429]
    assert client.get("/ready").status_code == 429
    assert client.get("/login").status_code == 429
    assert client.get("/health").status_code == 200
    assert client.get("/tokens.css").status_code == 200


@ONE
def test_wrong_keys_are_counted_and_hold_up_nobody_who_has_a_right_one(few, client):
    wrong = {"Authorization": "Bearer wrong"}
    assert statuses(lambda: client.get("/api/v1/runs", headers=wrong), 3) == [401, 401, 429]
    assert client.get("/api/v1/runs", headers=KEY).status_code == 200


@ONE
def test_right_deliveries_are_never_limited_and_wrong_ones_are(few, client):
    wrong = [post_github(client, github_run(n), "wrong").status_code for n in range(1, 4)]
    assert wrong == [401, 401, 429]
    right = [post_github(client, github_run(n)).status_code for n in range(1, 8)]
    assert set(right) == {202}


@ONE
def test_the_next_minute_begins_anew(few, client, monkeypatch):
    assert statuses(lambda: client.get("/api/v1/runs", headers=KEY), 4)[-1] == 429
    monkeypatch.setattr(limits.time, "time", lambda: 1_000_000_101.0)
    assert client.get("/api/v1/runs", headers=KEY).status_code == 200


@ONE
def test_zero_is_no_limit(few, client, monkeypatch):
    monkeypatch.setenv("API_RATE_LIMIT", "0")
    settings.get.cache_clear()
    assert set(statuses(lambda: client.get("/api/v1/runs", headers=KEY), 8)) == {200}


def test_while_redis_is_away_each_process_counts_for_itself_and_nobody_waits(monkeypatch):
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    settings.get.cache_clear()
    limits.forget_counts()

    async def ask() -> list[str]:
        said = []
        for _ in range(4):
            try:
                await limits.spend("redis away", 2)
                said.append("yes")
            except HTTPException as error:
                said.append(str(error.status_code))
        return said

    began = time.monotonic()
    assert asyncio.run(ask()) == ["yes", "yes", "429", "429"]
    assert time.monotonic() - began < 3
    settings.get.cache_clear()


def test_a_place_is_for_one_and_is_free_again():
    places = Places(of_one=2, of_all=3)
    with places.place("a") as one, places.place("a") as two, places.place("a") as three, places.place("b") as four:
        assert (one, two, three, four) == (True, True, False, True)
        with places.place("c") as five:
            assert not five
    with places.place("a") as again:
        assert again


@ONE
def test_sockets_of_one_session_are_bounded(everything, session):
    bounded = Gate(everything.app, Places(of_one=1, of_all=10))
    with TestClient(bounded, cookies=dict(session.cookies)) as browser:
        with browser.websocket_connect("/ws", headers=KEY) as socket:
            assert socket.receive_json()["event"] == "summary"
            with pytest.raises(WebSocketDisconnect) as refused, browser.websocket_connect("/ws", headers=KEY):
                pass
            assert refused.value.code == 4429
        with browser.websocket_connect("/ws", headers=KEY) as socket:
            assert socket.receive_json()["event"] == "summary"


@ONE
def test_one_network_of_ipv6_counts_as_one_stranger(few, everything):
    said = []
    for number in range(3):
        with TestClient(everything, client=(f"2001:db8:1:2::{number}", 50_000)) as stranger:
            said.append(stranger.get("/api/v1/runs").status_code)
    assert said == [401, 401, 429]


async def _hold(_scope, receive, send):
    """A socket that stays open until the client goes."""
    await receive()
    await send({"type": "websocket.accept"})
    await receive()


@ONE
def test_sockets_that_are_opened_are_counted_too(few, session):
    for _ in range(3):
        with session.websocket_connect("/_event/?token=x") as socket:
            assert socket.receive_text() == "hydrated"
    with pytest.raises(WebSocketDisconnect) as refused, session.websocket_connect("/_event/?token=x"):
        pass
    assert refused.value.code == 4429


@ONE
@pytest.mark.parametrize("path", ["/ws", "/_event/"])
@pytest.mark.parametrize("made_up", ["Cookie", "Authorization"])
def test_keys_and_cookies_that_are_made_up_give_nobody_more_places(configured, monkeypatch, path, made_up):
    monkeypatch.setenv("PUBLIC_READ", "true")
    settings.get.cache_clear()
    said = {"Cookie": "cicd_session={}", "Authorization": "Bearer {}"}[made_up]
    visitor = TestClient(Gate(_hold, Places(of_one=1, of_all=10)))
    with (
        visitor.websocket_connect(path, headers={made_up: said.format("one")}),
        pytest.raises(WebSocketDisconnect) as refused,
        visitor.websocket_connect(path, headers={made_up: said.format("two")}),
    ):
        pass
    assert refused.value.code == 4429
