"""Pipelines and flaky jobs through the API."""

from __future__ import annotations

from datetime import timedelta

from tests.api.conftest import KEY, NOW, RECENTLY, listed, receive
from tests.bodies import github_job, github_run, jenkins_build


def test_pipelines_carry_their_state_and_numbers(get, configured) -> None:
    receive(
        github_run(900, created=RECENTLY),
        github_run(901, created=RECENTLY + timedelta(minutes=5), conclusion="failure"),
    )
    receive(jenkins_build(ended=RECENTLY), provider="jenkins")
    broken = get("/api/v1/pipelines", provider="github")["items"][0]
    assert (broken["name"], broken["state"], broken["last_outcome"]) == ("ci", "broken", "failure")
    assert (broken["success_rate"], broken["successes"], broken["verdicts"], broken["runs"]) == (0.5, 1, 2, 2)
    assert broken["why"][0] == "the last run failed"
    bare = get("/api/v1/pipelines", provider="github", numbers=0)["items"][0]
    assert (bare["id"], bare["state"], bare["verdicts"]) == (broken["id"], None, 0)
    first = get("/api/v1/pipelines", limit=1)
    rest = get("/api/v1/pipelines", limit=1, cursor=first["next"])
    assert {one["name"] for page in (first, rest) for one in page["items"]} == {"ci", "nightly"}


def test_one_pipeline_is_told_whole(client, get, configured) -> None:
    receive(
        github_run(900, created=RECENTLY),
        github_job(1, 900, created=RECENTLY, started=RECENTLY, completed=RECENTLY + timedelta(minutes=1)),
    )
    id = get("/api/v1/pipelines")["items"][0]["id"]
    one = get(f"/api/v1/pipelines/{id}", window="24h", tz="Europe/Berlin")
    assert (one["id"], one["window"], one["last_run"]["number"]) == (id, "24h", 900)
    assert (one["metrics"]["total"], one["previous"]["to"]) == (1, one["from"])
    assert [job["name"] for job in one["jobs"]] == ["unit"]
    assert sum(cell["runs"] for cell in one["heat"]) == 1
    assert sum(sum(bucket["counts"].values()) for bucket in one["series"]) == 1
    assert (one["changes"], one["flaky"], one["failures"], one["branches"]) == ([], [], [], ["main"])
    explained = get("/api/v1/metrics", pipeline=id, explain="slowest_job_s")["explain"]["slowest_job_s"]
    assert (explained["value"], explained["n"]) == (60.0, 1)
    assert client.get("/api/v1/pipelines/99999", headers=KEY).status_code == 404


def test_a_job_that_fails_and_passes_on_one_commit_is_suspected(client, get, configured) -> None:
    sha = "a" * 40
    for attempt, conclusion in enumerate(("failure", "success"), 1):
        at = NOW - timedelta(minutes=60 - 10 * attempt)
        receive(
            github_run(900, attempt=attempt, conclusion=conclusion, created=RECENTLY, head_sha=sha),
            github_job(
                attempt, 900, attempt=attempt, conclusion=conclusion, created=at, started=at,
                completed=at + timedelta(minutes=2), head_sha=sha,
            ),
        )  # fmt: skip
    (flaky,) = get("/api/v1/flaky")["items"]
    assert (flaky["job"], flaky["state"], flaky["commits"]) == ("unit", "suspected", 1)
    assert [run["id"] for run in listed(client, flaky["runs"])] == flaky["run_ids"]
    assert get("/api/v1/flaky", state="confirmed") == {"items": [], "next": None}
    assert [one["job"] for one in get("/api/v1/flaky", pipeline="ci")["items"]] == ["unit"]
    explained = get("/api/v1/metrics", explain="flaky")["explain"]["flaky"]
    assert (explained["value"], explained["n"], explained["m"]) == (0, 0, 1)
    assert [left["word"] for left in explained["left_out"]] == ["suspected"]
    assert [run["id"] for run in listed(client, explained["runs"])] == flaky["run_ids"]
    assert client.get("/api/v1/flaky?state=odd", headers=KEY).status_code == 422
    assert client.get("/api/v1/flaky").status_code == 401
