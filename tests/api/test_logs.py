"""Logs over HTTP: as text, in part, as a file, and searched."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from cicd_health import flow
from tests.api.conftest import KEY, NOW, RECENTLY, receive
from tests.bodies import github_job, github_run

SAID = b"""2026-07-29T14:40:54.1000000Z ##[group]Run pytest
2026-07-29T14:40:55.1000000Z \x1b[31mE   AssertionError\x1b[0m: <b>lost</b>
10%\r100%
done
"""
RUN = "/api/v1/runs/1/logs"
JOB = "/api/v1/jobs/1/logs"


@pytest.fixture
def failed(configured: None) -> None:
    """Run 1 with the jobs 1 and 2, of which the first failed; their logs are not here."""
    receive(
        github_run(900, conclusion="failure", created=RECENTLY, workflow='ci "../../x"\r\n'),
        github_job(1, conclusion="failure", created=RECENTLY, completed=NOW, name="unit/tests"),
        github_job(2, created=RECENTLY, completed=NOW, name="lint"),
    )


@pytest.fixture
def kept(failed: None) -> None:
    flow.keep_log(1, 1, 1, [SAID], NOW)


def text(client: TestClient, path: str, **params: Any) -> str:
    response = client.get(path, params=params, headers=KEY)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["x-content-type-options"] == "nosniff"
    return response.text


def test_a_log_is_text_without_colours_and_with_its_times(kept, client: TestClient):
    assert text(client, JOB) == (
        "2026-07-29T14:40:54.1000000Z ##[group]Run pytest\n"
        "2026-07-29T14:40:55.1000000Z E   AssertionError: <b>lost</b>\n"
        "100%\n"
        "done\n"
    )
    assert text(client, JOB, ansi=1) == SAID.decode()


def test_part_of_a_log(kept, client: TestClient):
    assert text(client, JOB, from_line=3) == "100%\ndone\n"
    assert text(client, JOB, from_line=3, lines=1) == "100%\n"
    assert text(client, JOB, from_line=9) == ""


def test_only_the_lines_with_a_text(kept, client: TestClient):
    assert text(client, JOB, q="ASSERTION") == "2\t2026-07-29T14:40:55.1000000Z E   AssertionError: <b>lost</b>\n"
    assert text(client, JOB, q="done", from_line=2, lines=3) == "4\tdone\n"
    assert text(client, JOB, q="done", lines=3) == ""
    assert text(client, JOB, q="no such text") == ""


def test_the_logs_of_a_runs_jobs_stand_under_headings(kept, client: TestClient):
    flow.keep_log(1, 2, 1, [b"clean\n"], NOW)
    assert text(client, RUN, from_line=4, lines=2) == "==> unit/tests <==\ndone\n==> lint <==\n"
    assert text(client, RUN, q="clean") == "==> unit/tests <==\n==> lint <==\n1\tclean\n"
    assert text(client, "/api/logs/1").endswith("==> lint <==\nclean\n")


def test_a_runs_own_log_comes_alone(kept, client: TestClient):
    flow.keep_log(1, None, 1, [b"all of it\n"], NOW)
    assert text(client, RUN) == text(client, RUN, attempt=1) == "all of it\n"


def test_a_long_log_comes_whole(failed, client: TestClient):
    flow.keep_log(1, 1, 1, [b"line %d\n" % n for n in range(1, 50_001)], NOW)
    assert text(client, JOB).splitlines() == [f"line {n}" for n in range(1, 50_001)]
    assert text(client, JOB, from_line=30_000, lines=2) == "line 30000\nline 30001\n"


def test_an_empty_log_is_empty(failed, client: TestClient):
    flow.keep_log(1, 1, 1, [b""], NOW)
    assert text(client, JOB) == ""


def test_a_log_as_a_file_has_a_harmless_name(kept, client: TestClient):
    for path, name in ((JOB, "kestrel-checkout-api-ci-x-900-unit-tests"), (RUN, "kestrel-checkout-api-ci-x-900")):
        response = client.get(path, params={"download": 1}, headers=KEY)
        assert response.headers["content-disposition"] == f'attachment; filename="{name}.log"'
    assert "content-disposition" not in client.get(JOB, headers=KEY).headers


def test_where_there_is_no_log_the_answer_says_why(failed, client: TestClient):
    for path in (JOB, RUN, "/api/logs/1", f"{RUN}?attempt=7"):
        response = client.get(path, headers=KEY)
        assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")
        assert response.json()["log"] == "none"
        assert "was not fetched" in response.json()["detail"]
    for path in ("/api/v1/jobs/99/logs", "/api/v1/runs/99/logs"):
        assert "log" not in client.get(path, headers=KEY).json()


def test_a_log_can_be_asked_for(failed, client: TestClient):
    fetch = "/api/v1/jobs/1/logs/fetch"
    assert client.post(fetch, headers=KEY).json() == {"log": "none"}  # nobody connected GitHub
    flow.connect_github(NOW, token="ghp_x")
    response = client.post(fetch, headers=KEY)
    assert (response.status_code, response.json()) == (202, {"log": "pending"})
    missing = client.get(JOB, headers=KEY)
    assert (missing.status_code, missing.json()["log"]) == (404, "pending")
    assert client.get("/api/v1/runs/1", headers=KEY).json()["jobs"][0]["log"] == "pending"
    assert client.post("/api/v1/runs/1/logs/fetch", headers=KEY).json() == {"log": "pending"}
    for path in ("/api/v1/jobs/99/logs/fetch", "/api/v1/runs/99/logs/fetch"):
        assert client.post(path, headers=KEY).status_code == 404


def test_old_logs_are_gone(kept, client: TestClient):
    flow.prune(NOW.replace(year=NOW.year + 1))
    for path in (JOB, RUN):
        assert client.get(path, headers=KEY).json()["log"] == "gone"


def test_lines_are_found_in_all_logs(kept, client: TestClient, get):
    flow.keep_log(1, 2, 1, [b"an assertionerror here too\n"], NOW)
    answer = get("/api/v1/logs", q=" AssertionError ", limit=1)
    [hit] = answer["items"]
    assert hit["text"] == "an assertionerror here too"
    assert (hit["run_id"], hit["job_id"], hit["attempt"], hit["line"], hit["outcome"]) == (1, 2, 1, 1, "success")
    assert (hit["repo"], hit["number"], hit["job"]) == ("kestrel/checkout-api", 900, "lint")
    following = get("/api/v1/logs", q="AssertionError", limit=1, cursor=answer["next"])
    assert [(hit["job_id"], hit["line"]) for hit in following["items"]] == [(1, 2)]
    assert following["next"] is None
    assert get("/api/v1/logs", q="ssertionError")["items"] == []


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("/api/v1/logs", {}, 422),
        ("/api/v1/logs", {"q": "ab"}, 422),
        ("/api/v1/logs", {"q": "----"}, 422),
        ("/api/v1/logs", {"q": "a\x00bc"}, 422),
        ("/api/v1/logs", {"q": "abc", "cursor": "x"}, 400),
        ("/api/v1/logs", {"q": "abc", "cursor": "-1"}, 400),
        ("/api/v1/logs", {"q": "abc", "cursor": "9" * 30}, 400),
        ("/api/v1/logs", {"q": "abc", "limit": 0}, 422),
        (JOB, {"from_line": 0}, 422),
        (JOB, {"lines": 0}, 422),
        (JOB, {"lines": 10**30}, 422),
        (JOB, {"q": "x\x00"}, 422),
        (RUN, {"attempt": 0}, 422),
    ],
)
def test_what_makes_no_sense_is_refused(kept, client: TestClient, path: str, params: dict[str, Any], status: int):
    response = client.get(path, params=params, headers=KEY)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


def test_logs_are_for_those_who_may_read(kept, client: TestClient):
    for path in (JOB, RUN, "/api/logs/1", "/api/v1/logs?q=done"):
        assert client.get(path).status_code == 401
    for path in (f"{JOB}/fetch", f"{RUN}/fetch"):
        assert client.post(path).status_code == 401
