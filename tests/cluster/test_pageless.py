"""The role `ingest`: the API and the webhooks, and nothing else."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from cicd_health import pageless, settings
from cicd_health.api.problems import MEDIA_TYPE
from cicd_health.store import engine, processes
from tests.cluster.installation import KEY, SECRET, headers_of, run

AUTH = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture
def server(sqlite_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[TestClient]:
    given = {"DATABASE_URL": sqlite_url, "DATA_DIR": str(tmp_path), "API_KEY": KEY, "GITHUB_WEBHOOK_SECRET": SECRET}
    with monkeypatch.context() as patch:
        for name, value in given.items():
            patch.setenv(name, value)
        settings.get.cache_clear()
        yield TestClient(pageless.app())
        engine.engine_for(sqlite_url).dispose()
        engine.engine_for.cache_clear()
    settings.get.cache_clear()


def test_it_takes_deliveries_and_answers_the_api_and_has_no_pages(server: TestClient):
    raw = json.dumps(run(1)).encode()
    with server as client:
        assert client.post("/webhooks/github", content=raw, headers=headers_of(raw, "one")).status_code == 202
        assert [found["number"] for found in client.get("/api/v1/runs", headers=AUTH).json()["items"]] == [1]
        for path in ("/", "/runs", "/settings", "/login", "/docs", "/_event/", "/assets/x.js", "/ping"):
            answer = client.get(path, headers=AUTH, follow_redirects=False)
            assert (path, answer.status_code, answer.headers["content-type"]) == (path, 404, MEDIA_TYPE)


def test_it_has_no_socket_for_pages_but_that_of_the_api(server: TestClient):
    with server as client:
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/_event/?EIO=4&transport=websocket"):
            pass
        with client.websocket_connect("/ws", headers=AUTH) as socket:
            assert socket.receive_json()["event"] == "summary"


def test_it_says_that_it_lives_and_when_it_ends(server: TestClient):
    with server as client:
        while not (items := client.get("/api/v1/processes", headers=AUTH).json()["items"]):
            time.sleep(0.01)
        assert [(one["role"], one["alive"]) for one in items] == [("ingest", True)]
    with engine.reading() as session:
        assert processes.known(session) == ()
