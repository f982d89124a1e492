"""Logs over HTTP whose lines lie in a log store: the same text, or one clear word that they cannot be had."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from starlette.testclient import TestClient

from cicd_health import flow, settings
from cicd_health.flow import log_reading
from tests.api.conftest import KEY, NOW, RECENTLY, receive
from tests.bodies import github_job, github_run
from tests.s3_stub import KEY_ID, SECRET, Bucket

SAID = b"one\n\x1b[31mE   AssertionError\x1b[0m: lost\ndone\n"
JOB = "/api/v1/jobs/1/logs"
RUN = "/api/v1/runs/1/logs"
WHOLE = {"download": 1, "ansi": 1}
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # it has no part in this


@pytest.fixture
def bucket(configured: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """Job 1 failed, and its log lies in the bucket, which readers may be sent to."""
    run = github_run(900, conclusion="failure", created=RECENTLY)
    receive(run, github_job(1, conclusion="failure", created=RECENTLY, completed=NOW))
    flow.keep_log(1, 1, 1, [SAID], NOW)
    with Bucket() as bucket:
        for name, value in (("URL", f"{bucket.address}&links=1"), ("KEY_ID", KEY_ID), ("SECRET", SECRET)):
            monkeypatch.setenv(f"LOG_STORE_{name}", value)
        settings.get.cache_clear()
        log_reading._cache.clear()
        assert flow.move_logs(NOW + timedelta(minutes=2)) == 1
        yield bucket


def test_the_text_is_the_same(bucket: Bucket, client: TestClient):
    assert client.get(JOB, headers=KEY).text == "one\nE   AssertionError: lost\ndone\n"
    assert client.get(JOB, params={"q": "assertion"}, headers=KEY).text == "2\tE   AssertionError: lost\n"
    [hit] = client.get("/api/v1/logs", params={"q": "assertion"}, headers=KEY).json()["items"]
    assert (hit["line"], hit["text"]) == (2, "E   AssertionError: lost")


def test_a_store_that_is_away_is_503_and_says_when_to_come_back(bucket: Bucket, client: TestClient):
    bucket.stop()
    for path, params in ((JOB, {}), (JOB, {"q": "one"}), (RUN, {}), ("/api/v1/logs", {"q": "assertion"})):
        answer = client.get(path, params=params, headers=KEY)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "15")
        assert answer.headers["content-type"] == "application/problem+json"
        assert "The log store logs at 127.0.0.1" in answer.json()["detail"]
    assert client.get("/api/v1/runs/1", headers=KEY).status_code == 200


def test_a_log_that_the_store_has_lost_is_gone(bucket: Bucket, client: TestClient):
    bucket.objects.clear()
    answer = client.get(JOB, headers=KEY)
    assert (answer.status_code, answer.json()["log"]) == (404, "gone")


def test_the_whole_text_as_it_is_kept_may_come_by_a_signed_link(bucket: Bucket, client: TestClient):
    answer = client.get(JOB, params=WHOLE, headers=KEY, follow_redirects=False)
    assert (answer.status_code, answer.headers["cache-control"]) == (302, "no-store")
    linked = httpx.get(answer.headers["location"])
    assert linked.content == SAID
    assert linked.headers["content-disposition"].endswith('.log"')


def test_no_link_is_given_to_whoever_may_not_read_or_asks_for_something_else(bucket: Bucket, client: TestClient):
    assert client.get(JOB, params=WHOLE, follow_redirects=False).status_code == 401
    plain = KEY | {"Accept-Encoding": "identity"}
    assert client.get(JOB, params=WHOLE, headers=plain, follow_redirects=False).content == SAID
    for other in ({"download": 1}, {"ansi": 1}, WHOLE | {"from_line": 2}, WHOLE | {"lines": 1}, WHOLE | {"q": "one"}):
        assert client.get(JOB, params=other, headers=KEY, follow_redirects=False).status_code == 200
