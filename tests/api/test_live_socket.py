"""What changed, told to programs as it happens."""

import asyncio
import json

import pytest
from starlette.websockets import WebSocketDisconnect

from cicd_health import access
from cicd_health.api import feed
from cicd_health.live import Changing
from tests.api.conftest import KEY, NOW, RECENTLY, post_github
from tests.bodies import github_run


@pytest.fixture
def publish(client, hub):
    """Tell the hub, as `live.listening` does after a commit."""

    async def tell() -> None:
        hub.publish()

    return lambda: client.portal.call(tell)


def until(socket, event: str) -> dict:
    """The next message of this kind; others may come before it."""
    for _ in range(20):
        message = json.loads(socket.receive_text())
        if message["event"] == event:
            return message["data"]
    raise AssertionError(f"no {event} came")


def test_a_listener_gets_the_summary_at_once(client):
    with client.websocket_connect("/ws", headers=KEY) as socket:
        message = json.loads(socket.receive_text())
    assert (message["event"], message["data"]["total"]) == ("summary", 0)


def test_a_run_and_its_alert_are_told_and_the_summary_follows(client, publish):
    with client.websocket_connect("/ws", headers=KEY) as socket:
        until(socket, "summary")
        until(socket, "summary")  # of the first look, with which later ones are compared
        post_github(client, github_run(900, created=RECENTLY, conclusion="failure"))
        publish()
        run, alert, summary = until(socket, "build_ingested"), until(socket, "alert"), until(socket, "summary")
    assert (run["number"], run["outcome"]) == (900, "failure")
    assert (alert["state"], alert["run_id"]) == ("open", run["id"])
    assert summary["counts"] == {"failure": 1}


def test_a_change_is_told_once_and_to_all(client, publish, monkeypatch):
    questions = []
    read = feed.Changes.read
    monkeypatch.setattr(feed.Changes, "read", lambda self, now: questions.append(now) or read(self, now))
    with client.websocket_connect("/ws", headers=KEY) as one, client.websocket_connect("/ws", headers=KEY) as two:
        until(one, "summary")
        until(two, "summary")
        post_github(client, github_run(900, created=RECENTLY))
        publish()
        assert until(one, "build_ingested")["number"] == until(two, "build_ingested")["number"] == 900
        post_github(client, github_run(901, created=RECENTLY))
        publish()
        assert until(one, "build_ingested")["number"] == 901
    assert len(questions) == 3


def test_the_cookie_and_the_query_are_as_good_as_the_header(session):
    for path in ("/ws", "/ws?token=admin-key"):
        with session.websocket_connect(path) as socket:
            assert json.loads(socket.receive_text())["event"] == "summary"


@pytest.mark.parametrize("path", ["/ws", "/ws?token=wrong", "/ws?token=ingest-token"])
def test_others_are_refused(client, path):
    with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect(path):
        raise AssertionError("it opened")
    assert refused.value.code == 4401


def test_a_foreign_page_may_not_use_somebodys_cookie(session):
    with (
        pytest.raises(WebSocketDisconnect),
        session.websocket_connect("/ws", headers={"Origin": "https://evil.example"}),
    ):
        raise AssertionError("it opened")


def test_who_signs_out_stops_hearing(session, publish):
    with session.websocket_connect("/ws") as socket:
        until(socket, "summary")
        access.sign_out(session.cookies[access.COOKIE], NOW)
        publish()
        with pytest.raises(WebSocketDisconnect) as ended:
            until(socket, "nothing more")
    assert ended.value.code == 4401


async def test_nothing_runs_when_nobody_listens(configured, hub):
    told = feed.Feed(hub, Changing())
    with told.listening():
        tasks = told._tasks
    await asyncio.wait(tasks)
    assert all(task.cancelled() for task in tasks)
