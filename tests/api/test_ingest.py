"""Builds that people post themselves."""

import json

import pytest

from tests.api.conftest import KEY, RECENTLY

TOKEN = {"Authorization": "Bearer ingest-token"}
BUILD = {
    "pipeline": "build",
    "repo": "kestrel/shop",
    "branch": "main",
    "status": "success",
    "started_at": RECENTLY.isoformat(),
    "duration_seconds": 200,
    "url": "https://ci.example/build/1",
}
RUN = {
    "provider": "buildkite",
    "repo": "kestrel/shop",
    "pipeline": "deploy",
    "external_id": "42",
    "status": "completed",
    "conclusion": "failure",
    "started_at": RECENTLY.isoformat(),
    "duration_s": 30,
    "jobs": [{"name": "roll out", "outcome": "failure", "steps": [{"name": "apply", "outcome": "failure"}]}],
}


@pytest.mark.parametrize("provider", ["github", "jenkins"])
def test_a_flat_build_comes_back_with_its_id(client, provider):
    answer = client.post(f"/ingest/{provider}", json=BUILD, headers=TOKEN)
    stored = answer.json()
    assert answer.status_code == 201
    assert stored.pop("id") > 0
    assert stored.pop("started_at")
    assert stored.pop("completed_at")
    assert stored == {
        "provider": provider,
        "pipeline": "build",
        "repo": "kestrel/shop",
        "branch": "main",
        "status": "success",
        "duration_seconds": 200,
        "url": "https://ci.example/build/1",
    }


def test_a_build_that_is_posted_while_it_runs_and_when_it_ended_is_one(client, get):
    first = client.post("/ingest/github", json=BUILD | {"status": "in_progress"}, headers=TOKEN).json()
    second = client.post("/ingest/github", json=BUILD, headers=TOKEN).json()
    assert (first["status"], second["status"]) == ("in_progress", "success")
    assert first["id"] == second["id"]
    assert len(get("/builds")) == 1


def test_what_makes_no_sense_is_422_and_not_kept(client, get):
    answer = client.post("/ingest/github", json=BUILD | {"status": "purple"}, headers=TOKEN)
    assert answer.status_code == 422
    assert "status" in answer.json()["detail"]
    assert get("/api/v1/deliveries")["items"] == []


@pytest.mark.parametrize("body", [b"{", b"", b"NaN", b"\xff", b"[" * 100_000])
def test_what_is_not_json_is_400(client, body):
    assert client.post("/ingest/github", content=body, headers=TOKEN).status_code == 400


@pytest.mark.parametrize("path", ["/ingest/github", "/ingest/jenkins", "/api/v1/ingest"])
def test_the_token_is_needed_first(client, path):
    assert client.post(path, content=b"{").status_code == 401
    assert client.post(path, json=BUILD, headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_the_ingest_token_may_not_read(client):
    assert client.get("/api/v1/runs", headers=TOKEN).status_code == 403


def test_any_ci_may_post_runs_with_their_jobs(client, get):
    answer = client.post("/api/v1/ingest", json=RUN, headers=KEY)
    run = answer.json()["items"][0]
    assert answer.status_code == 201
    assert (run["provider"], run["external_id"], run["outcome"], run["duration_s"]) == (
        "buildkite",
        "42",
        "failure",
        30,
    )
    job = get(f"/api/v1/runs/{run['id']}")["jobs"][0]
    assert (job["name"], job["outcome"], job["steps"][0]["name"]) == ("roll out", "failure", "apply")


def test_a_list_of_runs_comes_back_in_its_order_and_again_is_the_same(client, get):
    two = [RUN | {"external_id": "8"}, RUN | {"external_id": "7"}]
    first = client.post("/api/v1/ingest", json=two, headers=TOKEN).json()["items"]
    again = client.post("/api/v1/ingest", json=two, headers=TOKEN).json()["items"]
    assert [run["external_id"] for run in first] == ["8", "7"]
    assert [run["id"] for run in first] == [run["id"] for run in again]
    assert get("/api/v1/metrics")["total"] == 2


def test_runs_whose_jobs_have_the_same_ids_are_all_stored_with_their_jobs(client, get):
    jobs = [{"name": "test", "external_id": "test", "outcome": "success"}]
    for posted in ({"external_id": "1"}, {"external_id": "2"}, {"external_id": "2", "attempt": 2}):
        answer = client.post("/api/v1/ingest", json=RUN | {"jobs": jobs} | posted, headers=TOKEN)
        assert answer.status_code == 201
    run = answer.json()["items"][0]["id"]
    for attempt in (1, 2):
        assert [job["external_id"] for job in get(f"/api/v1/runs/{run}", attempt=attempt)["jobs"]] == ["test"]
    assert get("/api/v1/metrics", subject="job")["total"] == 3


def test_a_list_of_more_runs_than_fit_a_transaction_is_refused_and_not_kept(client, get):
    many = [RUN | {"external_id": str(number), "jobs": []} for number in range(1001)]
    assert client.post("/api/v1/ingest", json=many, headers=TOKEN).status_code == 422
    assert get("/api/v1/deliveries")["items"] == []
    assert len(client.post("/api/v1/ingest", json=many[:1000], headers=TOKEN).json()["items"]) == 1000


def test_an_empty_list_is_no_run(client):
    assert client.post("/api/v1/ingest", json=[], headers=TOKEN).json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    "strange",
    [
        {"pipeline": "\x00"},
        {"repo": "a/b\x00\ud800"},
        {"branch": "x" * 100_000},
        {"url": "https://ci.example/" + "x" * 5000},
        {"logs": "\x00" * 1000},
        {"duration_seconds": 1e300},
        {"duration_seconds": -1},
        {"started_at": "0001-01-01T00:00:00Z"},
        {"started_at": 12345678901234567890},
        {"pipeline": ["list"]},
    ],
)
@pytest.mark.parametrize("path", ["/ingest/github", "/ingest/jenkins"])
def test_a_strange_build_is_stored_or_refused_and_never_a_500(client, strange, path):
    body = json.dumps(BUILD | strange).encode()
    assert client.post(path, content=body, headers=TOKEN).status_code in (201, 422)
