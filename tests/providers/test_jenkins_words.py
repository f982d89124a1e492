"""Jenkins' words, names, clocks and published documents, as we read them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cicd_health.model.runs import Attempt, Job
from cicd_health.providers.jenkins.places import BuildId, addresses, build_id, is_path, without_remote
from cicd_health.providers.jenkins.server import clock_behind
from cicd_health.providers.jenkins.words import actor_of, event_of
from tests.conftest import SHARED_DATA
from tests.providers.jenkins_memory import JENKINS

RECORDED = SHARED_DATA / "jenkins"
needs_recordings = pytest.mark.skipif(not RECORDED.exists(), reason=f"LOUD: the recordings are not at {RECORDED}")
BUILDS = [
    path
    for folder, pattern in (("api4jenkins", "run.*"), ("jenkins-rest", "build-info*"), ("hygieia", "buildDetails*"))
    for path in sorted((RECORDED / "rest" / folder).glob(f"{pattern}.json"))
]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def read(build: dict[str, Any], described: dict[str, Any] | None = None) -> tuple[Attempt, list[Job]]:
    said = {"host": "ci.kestrel.example", "api_url": "https://ci.kestrel.example", "path": "dir/app"}
    payload = {"polled": said, "build": build, "described": described}
    events = JENKINS.parse({"x-received-at": NOON.isoformat()}, payload)
    [run] = [event for event in events if isinstance(event, Attempt)]
    return run, [event for event in events if isinstance(event, Job)]


def took_ms(stage: Job) -> float:
    assert stage.started_at is not None
    assert stage.completed_at is not None
    return (stage.completed_at - stage.started_at).total_seconds() * 1000


def cause(kind: str | None, sentence: str = "", user: str | None = None) -> dict[str, Any]:
    return {"_class": kind, "shortDescription": sentence, "userId": user}


@pytest.mark.parametrize(
    ("causes", "event"),
    [
        ([], None),
        ([None, {}, {"causes": 7}], None),
        ([cause("hudson.triggers.TimerTrigger$TimerTriggerCause")], "timer"),
        ([cause("hudson.triggers.SCMTrigger$SCMTriggerCause")], "scm"),
        ([cause("hudson.model.Cause$UpstreamCause")], "upstream"),
        ([cause("jenkins.branch.BranchEventCause", "Push event to branch main")], "push"),
        ([cause("jenkins.branch.BranchEventCause", "Pull request #7 opened")], "pull_request"),
        ([cause("com.cloudbees.jenkins.GitHubPushCause")], "push"),
        ([cause("hudson.model.Cause$UserIdCause"), cause("org.x.ReplayCause")], "replay"),
        ([cause("org.example.MoonPhaseCause")], "moon_phase"),
        ([cause(None, "Started by timer")], "timer"),
        ([cause(None, "Because I can")], None),
    ],
)
def test_why_a_build_began_in_one_word(causes: list[Any], event: str | None):
    assert event_of(causes) == event


def test_the_actor_is_a_person():
    assert actor_of([cause(None, user="SYSTEM"), cause(None), cause(None, user="wren")]) == "wren"
    assert actor_of([cause(None, user="anonymous")]) is None


@pytest.mark.parametrize(
    ("branch", "name"),
    [
        ("refs/remotes/origin/main", "main"),
        ("refs/remotes/upstream/feature/x", "feature/x"),
        ("origin/main", "main"),
        ("refs/heads/main", "main"),
        ("refs/tags/v1", "refs/tags/v1"),
        ("main", "main"),
        ("origin/", None),
        (None, None),
    ],
)
def test_a_branch_is_named_without_its_remote(branch: str | None, name: str | None):
    assert without_remote(branch) == name


def test_ids_of_builds_are_read_back():
    assert build_id("folder/feature%2Fx#42") == BuildId("folder/feature%2Fx", 42)
    assert build_id("odd#name#42~3") == BuildId("odd#name", 42, earlier=True)
    assert [build_id(odd) for odd in ("app", "app#x", "app#0", "../x#1", "started:2026", "#1")] == [None] * 6


def test_addresses_are_built_of_names():
    assert addresses("a b/feature%2Fx") == ["job/a%20b/job/feature%252Fx/"]
    assert addresses("tests/os=linux,jdk=21") == ["job/tests/os=linux,jdk=21/", "job/tests/job/os%3Dlinux%2Cjdk%3D21/"]
    assert [is_path(path) for path in ("", "a//b", "a/../b", ".", "x" * 501, "a/b")] == [False] * 5 + [True]


def test_a_late_clock_is_noticed_and_a_broken_one_is_not_believed():
    assert clock_behind("Mon, 02 Mar 2026 10:00:00 GMT", NOON) == timedelta(hours=2)
    assert clock_behind("Mon, 02 Mar 2026 14:00:00 GMT", NOON) == timedelta()
    assert clock_behind("Thu, 01 Jan 1970 00:00:00 GMT", NOON) == timedelta(days=7)
    assert [clock_behind(odd, NOON) for odd in (None, "", "noon", "a, b, c")] == [timedelta()] * 4


@needs_recordings
@pytest.mark.parametrize("path", BUILDS, ids=lambda path: path.stem)
def test_published_documents_of_builds_are_read(path: Path):
    document = json.loads(path.read_text())
    run, jobs = read(document, {})
    assert isinstance(run, Attempt)
    assert (run.status, run.outcome) == ("completed", document["result"].lower())
    assert run.duration_s == document["duration"] / 1000
    assert jobs == []


@needs_recordings
def test_a_build_of_several_repositories_has_a_commit_and_a_branch():
    document = json.loads((RECORDED / "rest/hygieia/buildDetails_withMultipleRepos.json").read_text())
    run, _ = read(document, {})
    assert (run.sha, run.branch) == ("385bbf9dd7bc367b9980f58a6c4489ba95cbb9a9", "test")


@needs_recordings
@pytest.mark.parametrize("number", [1, 2])
def test_published_stages_are_read_as_others_read_them(number: int):
    """Metrik writes FAILED for FAILURE and OTHER for words it does not know; we know some of those."""
    folder = RECORDED / "rest" / "metrik"
    build = json.loads((folder / f"raw-build-summary-{number}.json").read_text())["allBuilds"][0]
    described = json.loads((folder / f"raw-build-detail-{number}.json").read_text())
    expected = json.loads((folder / f"expected.builds-for-jenkins-{number}.json").read_text())[0]
    run, stages = read(build, described)
    assert (run.number, run.duration_s, run.outcome) == (expected["number"], expected["duration"] / 1000, "cancelled")
    assert [stage.name for stage in stages] == [stage["name"] for stage in expected["stages"]]
    same = {"SUCCESS": "success", "FAILED": "failure", "ABORTED": "cancelled"}
    for stage, theirs in zip(stages, expected["stages"], strict=True):
        assert stage.status == "completed", "its build has ended"
        assert took_ms(stage) == theirs["durationMillis"]
        assert stage.outcome == same.get(theirs["status"], stage.outcome)


@needs_recordings
@pytest.mark.parametrize("path", sorted((RECORDED / "wfapi").glob("*.json")), ids=lambda path: path.stem)
def test_published_stages_of_every_age_of_the_plugin_are_read(path: Path):
    document = json.loads(path.read_text())
    for number, described in enumerate(document if isinstance(document, list) else [document], 1):
        running = described["status"] == "IN_PROGRESS"
        build = {
            "_class": "org.jenkinsci.plugins.workflow.job.WorkflowRun",
            "number": number,
            "timestamp": described["startTimeMillis"],
            "building": running,
            "result": None if running else {"FAILED": "FAILURE"}.get(described["status"], described["status"]),
            "duration": 0 if running else described["durationMillis"],
        }
        run, stages = read(build, described)
        assert [stage.name for stage in stages] == [stage["name"] for stage in described["stages"]]
        assert len({stage.external_id for stage in stages}) == len(stages)
        assert (run.outcome == "running") == running
