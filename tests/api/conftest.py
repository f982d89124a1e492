"""The whole HTTP side on a real database, with a stand-in for the pages that Reflex mounts behind it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket

from cicd_health import access, flow, settings
from cicd_health.api import app as api
from cicd_health.api.gate import Gate
from cicd_health.live import Hub
from tests.bodies import delivery, signed

SECRETS = {
    "GITHUB_WEBHOOK_SECRET": "hook secret,new hook secret",
    "JENKINS_WEBHOOK_TOKEN": "jenkins-token",
    "INGEST_TOKEN": "ingest-token",
    "API_KEY": "admin-key",
    "ADMIN_EMAIL": "wren@kestrel.example",
    "ADMIN_PASSWORD": "correct horse",
}
KEY = {"Authorization": "Bearer admin-key"}
NOW = datetime.now(UTC).replace(microsecond=0)
RECENTLY = NOW - timedelta(hours=2)


def page(_request: Any) -> HTMLResponse:
    return HTMLResponse("<p>a page</p>")


async def events(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("hydrated")
    await websocket.close()


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def configured(database: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings, the first user, rules and the job engine's tables."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    settings.get.cache_clear()
    access.ensure_admin("wren@kestrel.example", "correct horse", NOW)
    flow.start(NOW)


@pytest.fixture
def everything(configured: None, hub: Hub) -> Gate:
    root = api.build(hub, lambda: None)
    pages = [Route("/{path:path}", page), WebSocketRoute("/_event/", events)]
    root.mount("", Starlette(routes=pages))
    return Gate(root)


@pytest.fixture
def client(everything: Gate) -> Iterator[TestClient]:
    """Nobody yet: no key, no cookie."""
    with TestClient(everything, follow_redirects=False) as client:
        yield client


@pytest.fixture
def get(client: TestClient) -> Callable[..., Any]:
    """The JSON that the API gives an administrator."""

    def ask(path: str, **params: Any) -> Any:
        response = client.get(path, params=params, headers=KEY)
        assert response.status_code == 200, response.text
        return response.json()

    return ask


@pytest.fixture
def session(client: TestClient) -> TestClient:
    """A browser that is signed in."""
    token = access.use_link(access.new_link(NOW), "127.0.0.1", "a browser", datetime.now(UTC))
    client.cookies.set(access.COOKIE, str(token))
    return client


def post_github(client: TestClient, body: Any, secret: str = "hook secret", **headers: str) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/webhooks/github", content=raw, headers=signed(raw, secret) | headers)


def listed(client: TestClient, link: str) -> list[dict[str, Any]]:
    """What is behind a link that the API gave, as it stands."""
    return client.get(link, headers=KEY).json()["items"]


def receive(*bodies: Any, provider: str = "github", at: datetime = NOW) -> list[flow.Receipt]:
    """Deliveries that arrived before."""
    return flow.receive([delivery(body, provider=provider, at=at) for body in bodies], at)
