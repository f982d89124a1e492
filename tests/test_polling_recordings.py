"""What real servers answered, served again by the stubs, ends in the published figures; and twice is as once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from cicd_health import flow, settings
from cicd_health.api import app as api
from cicd_health.live import Hub
from tests import recordings, watching
from tests.conftest import SHARED_DATA
from tests.github_stub import GitHubStub
from tests.jenkins_stub import JenkinsStub

if not recordings.GITHUB.exists():
    pytest.skip(f"LOUD: {SHARED_DATA} is not on this machine: recordings are NOT polled", allow_module_level=True)

KEY = {"Authorization": "Bearer test-key"}
# Of the published runs: attempt in seconds, jobs, their execution and queue in seconds, steps.
PUBLISHED = {
    "11236784732": (2046, 2, 2037, 5, 19),
    "14468030535": (49011, 5, 48989, 137749, 75),
    "14492364249": (400, 1, 392, 5, 20),
}


@pytest.fixture
def client(database: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The API, over years of history."""
    monkeypatch.setenv("API_KEY", "test-key")
    monkeypatch.setenv("RUN_RETENTION_DAYS", "7300")
    settings.get.cache_clear()
    flow.start(watching.now())
    with TestClient(api.build(Hub(), lambda: None), headers=KEY) as client:
        yield client


@pytest.fixture
def github() -> Iterator[GitHubStub]:
    with GitHubStub() as stub:
        yield stub


@pytest.fixture
def jenkins() -> Iterator[JenkinsStub]:
    with JenkinsStub() as stub:
        yield stub


def read_all(ids: list[int]) -> None:
    """The way back and a poll, of each."""
    for id in ids:
        flow.resume_backfill(id, watching.now())
        line = watching.walk(id)
        assert (line.backfill.state.value, line.backfill.error) == ("done", None)
        line = watching.poll(id)
        assert (line.state, line.error) == ("ok", None)


def watch_github(github: GitHubStub) -> list[int]:
    source_id = flow.connect_github(watching.now(), api_url=github.url, token="ghp_stub")
    return [flow.watch(source_id, repo.full_name, watching.now()) for repo in github.repos]


def outcomes(client: TestClient) -> dict[str, tuple[str, int]]:
    runs = client.get("/api/v1/runs", params={"limit": 500}).json()["items"]
    return {run["external_id"]: (run["outcome"], run["attempt"]) for run in runs}


def test_github_ends_in_the_published_figures_and_twice_is_as_once(client: TestClient, github: GitHubStub):
    recordings.fill_github(github, first=True)
    ids = watch_github(github)
    read_all(ids)
    before = outcomes(client)
    assert before["686036126"] == ("running", 1)
    assert before["2874767918"] == ("action_required", 1)

    recordings.fill_github(github)
    read_all(ids)
    found = outcomes(client)
    assert len(found) == sum(len(repo.attempts) for repo in github.repos)
    assert Counter(outcome for outcome, _ in found.values())["startup_failure"] == 4
    assert found["686036126"] == ("cancelled", 1)
    assert found["2874767918"] == ("success", 2)
    assert found["2098089400"] == ("skipped", 1)
    for external_id, published in PUBLISHED.items():
        assert figures(client, external_id) == published
    assert [job["outcome"] for job in detail(client, "719643947")["jobs"]] == ["success", "success"]

    source_id = watching.line(ids[0]).source_id
    stored = watching.stored(source_id)
    read_all(ids)
    assert watching.differences(stored, watching.stored(source_id)) == []
    assert watching.count("deliveries") == 0


def test_another_poll_of_github_is_answered_by_304_and_costs_no_quota(client: TestClient, github: GitHubStub):
    recordings.fill_github(github)
    ids = watch_github(github)
    read_all(ids)
    remaining = github.remaining
    github.forget()
    for id in ids:
        watching.poll(id)
    assert github.remaining == remaining
    assert len(github.asked()) == github.not_modified >= len(ids)


def detail(client: TestClient, external_id: str) -> dict:
    runs = client.get("/api/v1/runs", params={"limit": 500}).json()["items"]
    [id] = [run["id"] for run in runs if run["external_id"] == external_id]
    return client.get(f"/api/v1/runs/{id}").json()


def figures(client: TestClient, external_id: str) -> tuple[int, int, int, int, int]:
    run = detail(client, external_id)
    jobs = run["jobs"]
    return (
        seconds(run["attempts_list"][0]["started_at"], run["attempts_list"][0]["completed_at"]),
        len(jobs),
        round(sum(job["duration_s"] or 0 for job in jobs)),
        round(sum(job["queue_s"] or 0 for job in jobs)),
        sum(len(job["steps"]) for job in jobs),
    )


def seconds(begin: str, end: str) -> int:
    return round((watching.moment(end) - watching.moment(begin)).total_seconds())


def watch_jenkins(jenkins: JenkinsStub) -> list[int]:
    source_id = flow.connect_jenkins(watching.now(), url=jenkins.address, username="wren", token="api-token")
    return [line.id for line in watching.lines() if line.source_id == source_id]


def test_jenkins_ends_in_the_published_figures_and_twice_is_as_once(client: TestClient, jenkins: JenkinsStub):
    recordings.fill_devlake(jenkins)
    ids = watch_jenkins(jenkins)
    read_all(ids)
    found = outcomes(client)
    assert len(found) == 14
    devlake = "Test-jenkins-dir/test-jenkins-sub-dir/test-sub-sub-dir/devlake"
    # Upstream edited some rows: what is still building runs, whatever result it carries.
    assert {id for id, (outcome, _) in found.items() if outcome == "running"} == {
        f"{devlake}#{number}" for number in (27, 10001, 10002)
    }
    assert found[f"{devlake}#10004"][0] == "unknown", "a word that Jenkins never sends"
    assert [found[f"{devlake}#{number}"][0] for number in (10003, 10005)] == ["cancelled", "unstable"]
    assert duration_ms(client) == 23_243 - 3 * 4

    for build in jenkins.root.find(devlake).builds.values():
        build.document["building"] = False
    read_all(ids)
    assert duration_ms(client) == 23_243
    source_id = watching.line(ids[0]).source_id
    stored = watching.stored(source_id)
    read_all(ids)
    assert watching.differences(stored, watching.stored(source_id)) == []


def duration_ms(client: TestClient) -> int:
    runs = client.get("/api/v1/runs", params={"limit": 500}).json()["items"]
    return round(sum((run["duration_s"] or 0) * 1000 for run in runs))


def test_the_red_job_below_jenkins_multijobs_is_found(client: TestClient, jenkins: JenkinsStub):
    recordings.fill_node_ci(jenkins)
    read_all(watch_jenkins(jenkins))
    names = {run["external_id"]: run["id"] for run in client.get("/api/v1/runs").json()["items"]}
    red = {}
    for build in ("node-test-pull-request#15449", "node-test-commit-osx#19307", "node-test-pull-request#15442"):
        jobs = client.get(f"/api/v1/runs/{names[build]}").json()["jobs"]
        red[build] = [job["name"] for job in jobs if job["outcome"] == "failure"]
    assert any("rhel72-s390x" in name for name in red["node-test-pull-request#15449"])
    assert any("osx1010" in name for name in red["node-test-commit-osx#19307"])
    assert red["node-test-pull-request#15442"] == [], "the job below it never started"
    stored = watching.stored(1)
    read_all([line.id for line in watching.lines()])
    assert watching.differences(stored, watching.stored(1)) == []
