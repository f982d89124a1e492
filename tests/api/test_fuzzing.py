"""Whatever is sent to the doors for deliveries: no 5xx, no hang, and what was accepted is kept and can be read.

`FUZZ_EXAMPLES=5000 pytest tests/api/test_fuzzing.py` looks deeper.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from cicd_health.store import engine
from tests.api.conftest import KEY
from tests.bodies import signed
from tests.providers.test_flat import FLAT, RUN
from tests.providers.test_payloads import PAYLOADS
from tests.providers.test_properties import JSON, mutated

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "25"))
bounded = settings(max_examples=EXAMPLES, deadline=None, database=None)
LONGEST_S = 10.0  # of one answer: far more than any takes, far less than a hang
JENKINS_TOKEN = {"X-Jenkins-Token": "jenkins-token", "Content-Type": "application/json"}
READ = (
    *(
        "runs?limit=500",
        "pipelines?limit=500",
        "repos?limit=500",
        "deliveries?limit=500",
        "sources",
        "alerts?limit=500",
    ),
    *("metrics?window=90d&group_by=pipeline", "runs.csv", "metrics/series?window=90d"),
)
LETTERS = st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f")
HEADER = st.text(LETTERS, max_size=40) | st.sampled_from(["x" * 5000, "é\xa0"])
EVENT = st.sampled_from(["workflow_run", "workflow_run", "workflow_job", "workflow_job", "ping"]) | HEADER
# Bodies that no generator of JSON comes to by itself.
ODD = st.sampled_from(
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'"text"',
        b"1" * 5000,
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"workflow_run": {"id": 1e999}}',
        b"NaN",
        b'{"a": NaN, "b": -Infinity}',
        b"[" * 100_000,
        b"[" * 900 + b"]" * 900,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b"\xff\xfe\x00{",
        b'\xef\xbb\xbf{"action": "completed"}',
        b'{"action": "\\ud800"}',
        b'{"action": "completed", "action": null}',
        b"payload=" + b"%00" * 50,
    ]
)


def written(document: Any) -> bytes:
    """As JSON; a number that has no form in it becomes one that readers argue about."""
    return json.dumps(document).encode()


@st.composite
def damaged(draw: st.DrawFn, body: bytes) -> bytes:
    """Cut short, with a byte changed, or whole."""
    place = draw(st.integers(0, max(0, len(body) - 1)))
    return draw(st.sampled_from([body, body, body, body[:place], body[:place] + b"\x00" + body[place + 1 :]]))


def bodies(documents: list[Any]) -> st.SearchStrategy[bytes]:
    whole = st.sampled_from(documents).flatmap(mutated).map(written)
    return st.one_of(whole.flatmap(damaged), JSON.map(written), ODD, st.binary(max_size=200))


GITHUB_BODIES = bodies([json.loads(path.read_text())["body"] for path in PAYLOADS if path.parent.name == "github"])
JENKINS_BODIES = bodies([json.loads(path.read_text())["body"] for path in PAYLOADS if path.parent.name == "jenkins"])
INGEST_BODIES = bodies([RUN, [RUN, RUN], FLAT])


def kept() -> set[int]:
    with engine.reading() as session:
        return set(session.execute(sa.text("SELECT id FROM deliveries")).scalars())


def answer(client: TestClient, path: str, body: bytes, headers: dict[str, str]) -> Any:
    """The answer to a POST: never late, never the fault of the server, always JSON."""
    began = time.monotonic()
    sent = {name: value.encode("latin-1") for name, value in headers.items()}
    response = client.post(path, content=body, headers=sent)
    assert time.monotonic() - began < LONGEST_S
    assert response.status_code < 500, (path, body[:2000], headers, response.text)
    return response.status_code, response.json()


def accepted(client: TestClient, path: str, body: bytes, headers: dict[str, str]) -> set[int]:
    status, said = answer(client, path, body, headers)
    assert status in (200, 202, 400, 413), (status, said)
    return {said["delivery"]} if status in (200, 202) else set()


@pytest.fixture
def all_can_be_read(client: TestClient) -> Callable[[], None]:
    """What came in is shown: no list of the API stumbles over it."""

    def read() -> None:
        for path in READ:
            response = client.get(f"/api/v1/{path}", headers=KEY)
            assert response.status_code == 200, (path, response.text)

    return read


def test_no_body_and_no_header_harms_the_webhook_of_github(client: TestClient, all_can_be_read: Callable[[], None]):
    ids: set[int] = set()

    @bounded
    @given(body=GITHUB_BODIES, event=EVENT, delivery=HEADER, form=st.booleans())
    def holds(body: bytes, event: str, delivery: str, form: bool) -> None:
        raw = b"payload=" + quote_plus(body).encode() if form else body
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        headers = signed(raw, "hook secret") | {"Content-Type": kind, "X-GitHub-Event": event}
        ids.update(accepted(client, "/webhooks/github", raw, headers | {"X-GitHub-Delivery": delivery}))

    holds()
    assert ids <= kept()
    all_can_be_read()


def test_no_body_harms_the_webhook_of_jenkins(client: TestClient, all_can_be_read: Callable[[], None]):
    ids: set[int] = set()

    @bounded
    @given(body=JENKINS_BODIES, more=st.dictionaries(st.sampled_from(["ce-type", "ce-id", "content-type"]), HEADER))
    def holds(body: bytes, more: dict[str, str]) -> None:
        ids.update(accepted(client, "/webhooks/jenkins", body, JENKINS_TOKEN | more))

    holds()
    assert ids <= kept()
    all_can_be_read()


def test_nothing_that_is_posted_harms_the_ingest_routes(client: TestClient, all_can_be_read: Callable[[], None]):
    stored: set[int] = set()

    @bounded
    @given(body=INGEST_BODIES, path=st.sampled_from(["/api/v1/ingest", "/ingest/github", "/ingest/jenkins"]))
    def holds(body: bytes, path: str) -> None:
        status, said = answer(client, path, body, {"Authorization": "Bearer ingest-token"})
        assert status in (201, 400, 413, 422), (status, said)
        if status == 201:
            stored.update(run["id"] for run in said.get("items", [said]))

    holds()
    for id in sorted(stored)[:20]:
        assert client.get(f"/api/v1/runs/{id}", headers=KEY).status_code == 200
    all_can_be_read()


def test_a_proof_of_any_kind_is_refused_and_leaves_nothing(client: TestClient):
    before = kept()

    @bounded
    @given(proof=HEADER, token=HEADER)
    def holds(proof: str, token: str) -> None:
        body = b'{"action": "completed"}'
        github = {"X-Hub-Signature-256": proof, "X-GitHub-Event": "workflow_run"}
        assert answer(client, "/webhooks/github", body, github)[0] in (401, 429)
        jenkins = {"X-Jenkins-Token": token, "Authorization": proof}
        assert answer(client, f"/webhooks/jenkins?token={quote_plus(token)}", body, jenkins)[0] in (401, 429)

    holds()
    assert kept() == before
