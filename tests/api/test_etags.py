"""What did not change is not sent again."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from tests.api.conftest import KEY, RECENTLY, receive
from tests.bodies import github_run


def asked(client: TestClient, path: str, tag: str | None = None) -> Any:
    return client.get(path, headers=KEY | ({"If-None-Match": tag} if tag else {}))


def test_a_list_is_sent_again_only_when_something_changed(client: TestClient, configured: None) -> None:
    receive(github_run(900, created=RECENTLY))
    first = asked(client, "/api/v1/runs")
    tag = first.headers["etag"]
    assert tag.startswith('W/"')
    assert (first.headers["cache-control"], first.headers["vary"]) == ("private, no-cache", "Authorization, Cookie")
    for said in (tag, f'"other", {tag}', tag.removeprefix("W/"), "*"):
        again = asked(client, "/api/v1/runs", said)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    receive(github_run(901, created=RECENTLY))
    changed = asked(client, "/api/v1/runs", tag)
    assert (changed.status_code, len(changed.json()["items"])) == (200, 2)
    assert asked(client, "/api/v1/repos", tag).status_code == 200


def test_errors_files_and_what_is_nobodys_business_have_no_tag(client: TestClient, configured: None) -> None:
    assert "etag" not in client.get("/api/v1/runs").headers
    for path in ("/api/v1/runs/1", "/api/v1/runs.csv", "/health"):
        assert "etag" not in asked(client, path).headers
    assert asked(client, "/api/v1/runs/1", "*").status_code == 404
