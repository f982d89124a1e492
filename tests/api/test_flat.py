"""The flat aliases that do something else than tell numbers and builds, which `test_metrics` has."""

from __future__ import annotations

from typing import Any

from cicd_health import flow
from tests import loopback
from tests.api.conftest import KEY, NOW, RECENTLY, receive
from tests.bodies import github_job, github_run


def test_the_log_of_a_run_as_text(client: Any, configured: None) -> None:
    receive(github_run(900, created=RECENTLY), github_job(1, created=RECENTLY, completed=NOW, name="unit"))
    missing = client.get("/api/logs/1", headers=KEY)
    assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")
    flow.keep_log(1, 1, 1, [b"one\ntwo\n"], NOW)
    answer = client.get("/api/logs/1", headers=KEY)
    assert (answer.status_code, answer.text) == (200, "==> unit <==\none\ntwo\n")


def test_a_test_message_to_an_address(client: Any, configured: None, slack: loopback.Slack) -> None:
    answer = client.post("/api/alerts/test", json={"url": slack.url}, headers=KEY)
    assert answer.status_code == 200, answer.text
    assert [(one["channel"], one["ok"]) for one in answer.json()["results"]] == [("url", True)]
    assert len(slack.texts) == 1
    assert client.post("/api/alerts/test", headers=KEY).status_code == 409  # there is no channel
