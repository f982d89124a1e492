"""Real and published deliveries, posted as their senders post them, end in the state the providers describe."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from cicd_health import flow, queue, settings
from cicd_health.api import app as api
from cicd_health.live import Hub
from tests.bodies import NOON
from tests.conftest import SHARED_DATA

# Published by its owner for tests.
CAPTURE_SECRET = "402786017574bd28f9d8f7a18648939751c47fe09077d56e10f0444f14fbb73b"
TOKEN = "jenkins-token-of-the-test"
HOOKS = SHARED_DATA / "github" / "webhooks"
NOTIFICATIONS = SHARED_DATA / "jenkins" / "notification"

if not HOOKS.exists():
    pytest.skip(f"LOUD: {HOOKS} is not on this machine: real deliveries are NOT tried", allow_module_level=True)

CAPTURES = sorted((HOOKS / "signed-captures").glob("*.json"))
DOCUMENTED = sorted([*(HOOKS / "octokit").glob("*.json"), *(HOOKS / "other").glob("*.json")])


@pytest.fixture
def client(database: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("GITHUB_WEBHOOK_SECRET", CAPTURE_SECRET)
    monkeypatch.setenv("JENKINS_WEBHOOK_TOKEN", TOKEN)
    monkeypatch.setenv("API_KEY", "test-key")
    settings.get.cache_clear()
    queue.prepare(settings.get().database_url)
    flow.start(NOON)
    headers = {"Authorization": "Bearer test-key"}
    with TestClient(api.build(Hub(), lambda: None), headers=headers, raise_server_exceptions=False) as client:
        yield client


def deliveries(client: TestClient) -> list[dict]:
    return client.get("/api/v1/deliveries").json()["items"]


def post(client: TestClient, event: str, body: bytes, number: object = 1):
    digest = hmac.new(CAPTURE_SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": f"test-{number}",
        "X-Hub-Signature-256": f"sha256={digest}",
        "Content-Type": "application/json",
    }
    return client.post("/webhooks/github", content=body, headers=headers)


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_a_captured_delivery_is_accepted_and_refused_when_one_byte_changes(client: TestClient, capture: Path):
    document = json.loads(capture.read_text())
    body, headers = base64.b64decode(document["body_raw_base64"]), document["headers"]
    changed = body[:-2] + bytes([body[-2] ^ 1]) + body[-1:]
    refused = client.post("/webhooks/github", content=changed, headers=headers)
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert deliveries(client) == []
    answer = client.post("/webhooks/github", content=body, headers=headers)
    assert answer.status_code == 202
    assert answer.json()["state"] in ("applied", "ignored")
    again = client.post("/webhooks/github", content=body, headers=headers)
    assert (again.status_code, again.json()["state"]) == (200, "duplicate")
    assert len(deliveries(client)) == 1


def test_documented_github_events_end_in_their_state(client: TestClient):
    for number, path in enumerate(DOCUMENTED):
        document = json.loads(path.read_text())
        body = document.get("payload", document) if isinstance(document, dict) else document
        event = path.name.split(".")[0]
        answer = post(client, event, json.dumps(body).encode(), number)
        known = event in ("workflow_run", "workflow_job")
        assert (path.name, answer.status_code, answer.json()["state"]) == (
            path.name,
            202,
            "applied" if known else "ignored",
        )
    runs = {run["external_id"]: run for run in client.get("/api/v1/runs").json()["items"]}
    thirteenth = next(run for run in runs.values() if run["attempt"] == 13)
    assert thirteenth["outcome"] == "failure"
    assert thirteenth["duration_s"] < 100  # from its creation it would be 148,700
    fork = json.loads((HOOKS / "other" / "workflow_run.completed.fork-other-repository.json").read_text())
    run = fork.get("payload", fork)["workflow_run"]
    assert runs[str(run["id"])]["repo"] == run["repository"]["full_name"]


def test_jenkins_notifications_of_every_age_are_taken(client: TestClient):
    bodies = [path.read_bytes() for path in sorted(NOTIFICATIONS.glob("*.json"))]
    lines = (NOTIFICATIONS / "captured.jsonl").read_text().splitlines()
    bodies += [json.dumps(json.loads(line)["payload"]).encode() for line in lines if line]
    for body in bodies:
        answer = client.post("/webhooks/jenkins", params={"token": TOKEN}, content=body)
        assert answer.status_code in (200, 202), answer.text
        assert answer.json()["state"] in ("applied", "ignored", "duplicate", "kept")
    assert {run["provider"] for run in client.get("/api/v1/runs").json()["items"]} == {"jenkins"}
    assert [row for row in deliveries(client) if row["state"] == "failed"] == []


def test_jenkins_without_its_token_is_refused(client: TestClient):
    body = next(NOTIFICATIONS.glob("idobata*.json")).read_bytes()
    for given in ({}, {"token": "wrong"}):
        # The key of the API is no token of Jenkins.
        assert client.post("/webhooks/jenkins", params=given, content=body).status_code == 401
    assert deliveries(client) == []
