"""What people post by hand: the flat form and the run shape."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cicd_health.model.runs import Attempt, Job, Outcome, Status
from cicd_health.providers.flat import parse_flat, parse_generic, posted_id, posted_job_id, scoped_job_id
from cicd_health.providers.provider import BadPayload

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FLAT = {
    "pipeline": "build",
    "repo": "acme/shop",
    "branch": "main",
    "status": "success",
    "started_at": "2026-03-02T09:00:00Z",
    "completed_at": "2026-03-02T09:04:30Z",
    "duration_seconds": 270,
    "url": "https://ci.example/7",
    "logs": "all is well",
}
RUN = {
    "provider": "gitlab",
    "repo": "acme/shop",
    "pipeline": "deploy",
    "external_id": "77",
    "status": "completed",
    "outcome": "failure",
    "created_at": "2026-03-02T09:00:00Z",
    "started_at": "2026-03-02T09:00:05Z",
    "completed_at": "2026-03-02T09:04:30Z",
    "jobs": [
        {
            "name": "test",
            "outcome": "failed",
            "created_at": "2026-03-02T09:00:01Z",
            "started_at": "2026-03-02T09:00:05Z",
            "completed_at": "2026-03-02T09:04:00Z",
            "runner": "r1",
            "steps": [{"name": "unit tests", "outcome": "failure"}],
        },
        {"name": "notify", "external_id": 9, "status": "skipped"},
    ],
}


def flat(provider: str = "github", received_at: datetime | None = NOON, **changes) -> Attempt:
    return parse_flat(provider, FLAT | changes, received_at)


def generic(**changes) -> Attempt:
    event = parse_generic(RUN | changes, NOON)[0]
    assert isinstance(event, Attempt)
    return event


def test_a_flat_build_is_read_whole():
    known = flat()
    assert (known.repo.name, known.pipeline.name, known.branch) == ("acme/shop", "build", "main")
    assert (known.status, known.outcome, known.duration_s) == (Status.COMPLETED, Outcome.SUCCESS, 270.0)
    assert known.created_at == known.started_at == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert (known.url, known.log, known.raw_status) == ("https://ci.example/7", "all is well", "success")


def test_a_flat_build_lives_beside_those_of_its_providers_webhooks():
    assert (flat("github").host, flat("jenkins").host) == ("github.com", "jenkins")


@pytest.mark.parametrize("url", ["https://ci.example/7", None])
def test_the_same_build_first_running_and_later_finished_is_one_build(url: str | None):
    running = flat(status="in_progress", url=url, completed_at=None, duration_seconds=None)
    finished = flat(status="failure", url=url)
    assert running.external_id == finished.external_id
    assert running.rank < finished.rank
    assert (running.completed_at, running.duration_s) == (None, None)


def test_the_start_is_the_same_in_any_time_zone():
    there = flat(url=None, started_at="2026-03-02T10:00:00+01:00")
    assert there.external_id == flat(url=None).external_id


def test_two_pipelines_that_start_in_the_same_second_are_two_builds():
    assert flat(url=None, pipeline="a").external_id != flat(url=None, pipeline="b").external_id
    assert flat(pipeline="a").external_id != flat(pipeline="b").external_id


def test_a_long_url_still_makes_an_id_that_fits_an_index():
    long = [flat(url="https://ci.example/" + letter * 1900).external_id for letter in "ab"]
    assert len(set(long)) == 2
    assert max(map(len, long)) <= 500


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("SUCCESS", Outcome.SUCCESS),
        ("passed", Outcome.SUCCESS),
        ("Failed", Outcome.FAILURE),
        ("FAILURE", Outcome.FAILURE),
        ("canceled", Outcome.CANCELLED),
        ("ABORTED", Outcome.CANCELLED),
        ("in progress", Outcome.RUNNING),
        ("in-progress", Outcome.RUNNING),
        ("running", Outcome.RUNNING),
        ("queued", Outcome.QUEUED),
        ("pending", Outcome.QUEUED),
        ("PAUSED_PENDING_INPUT", Outcome.WAITING),
        ("unstable", Outcome.UNSTABLE),
        ("timed_out", Outcome.TIMED_OUT),
        ("NOT_BUILT", Outcome.SKIPPED),
        ("completed", Outcome.UNKNOWN),
    ],
)
def test_status_words_of_both_families_are_understood_in_any_case(word: str, outcome: Outcome):
    assert flat(status=word).outcome == outcome


def test_a_missing_end_follows_from_start_and_duration_and_the_reverse():
    assert flat(completed_at=None).completed_at == datetime(2026, 3, 2, 9, 4, 30, tzinfo=UTC)
    assert flat(started_at=None).started_at == datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_a_build_that_says_no_time_happened_when_it_was_received():
    known = parse_flat("github", {"pipeline": "build", "status": "success"}, NOON)
    assert known.created_at == known.completed_at == NOON
    with pytest.raises(BadPayload, match="started_at"):
        parse_flat("github", {"pipeline": "build", "status": "success"})


def test_a_negative_duration_is_unmeasured():
    assert flat(duration_seconds=-3).duration_s is None


def test_a_jenkins_job_named_as_its_branch_is_part_of_a_multibranch_project():
    assert flat("jenkins", pipeline="main").multibranch
    assert not flat("jenkins", pipeline="deploy").multibranch
    assert not flat("github", pipeline="main").multibranch


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"pipeline": None}, r"pipeline: missing"),
        ({"pipeline": " "}, r"pipeline: missing"),
        ({"pipeline": ["a"]}, r"pipeline: \['a'\] is not a text"),
        ({"status": None}, r"status: missing; one of success, failure, cancelled"),
        ({"status": "great"}, r"status: 'great' is not one of success, failure, cancelled"),
        ({"status": 1}, r"status: 1 is not one of"),
        ({"started_at": "yesterday"}, r"started_at: 'yesterday' is not an ISO 8601 time"),
        ({"completed_at": 5}, r"completed_at: 5 is not an ISO 8601 time"),
        ({"duration_seconds": "long"}, r"duration_seconds: 'long' is not a number of seconds"),
        ({"duration_seconds": True}, r"duration_seconds: True is not a number"),
        ({"url": "javascript:alert(1)"}, r"url: 'javascript:alert\(1\)' is not an http or https address"),
        ({"logs": {"a": 1}}, r"logs: .* is not a text"),
    ],
)
def test_what_is_wrong_in_a_flat_form_is_said_with_what_is_allowed(changes: dict, sentence: str):
    with pytest.raises(BadPayload, match=f"^{sentence}"):
        flat(**changes)


@pytest.mark.parametrize("payload", [None, [], "x", 1])
def test_a_flat_form_is_an_object(payload: object):
    with pytest.raises(BadPayload, match="the body is not a JSON object"):
        parse_flat("github", payload, NOON)


def test_a_run_in_the_run_shape_brings_its_jobs_and_steps():
    run, test, notify = parse_generic(RUN)
    assert isinstance(run, Attempt)
    assert isinstance(test, Job)
    assert isinstance(notify, Job)
    assert (run.host, run.outcome, run.attempt, run.rank) == ("gitlab", Outcome.FAILURE, 1, 2)
    assert (test.run_external_id, test.outcome, test.runner) == (run.external_id, Outcome.FAILURE, "r1")
    assert (test.steps[0].number, test.steps[0].outcome) == (1, Outcome.FAILURE)
    assert (notify.external_id, notify.outcome, notify.status) == ("deploy#77/1/9", Outcome.SKIPPED, Status.COMPLETED)
    assert test.external_id == "deploy#77/1/#0"


def test_the_same_job_id_in_another_run_or_attempt_is_another_job():
    jobs = [{"name": "test", "external_id": "test"}]
    runs = [{"external_id": "1"}, {"external_id": "2"}, {"external_id": "1", "attempt": 2}]
    events = [parse_generic(RUN | {"jobs": [jobs[0] | {"outcome": "success"}]} | run)[1] for run in runs]
    assert len({job.external_id for job in events}) == 3


@pytest.mark.parametrize("posted", ["9", "unit tests / linux", "a%2Fb", "2/1/x", "#0", "x" * 200])
def test_a_jobs_id_comes_back_as_it_was_posted(posted):
    assert posted_job_id("deploy#77", 2, scoped_job_id("gitlab", "deploy#77", 2, posted)) == posted


def test_a_jobs_id_of_any_length_fits():
    long = [scoped_job_id("gitlab", "r" * 500, 1, letter * 500) for letter in "ab"]
    assert long[0] != long[1]
    assert all(len(id) <= 500 for id in long)


def test_jobs_of_github_keep_githubs_ids():
    [_, job] = parse_generic(
        RUN | {"provider": "github", "jobs": [{"name": "t", "external_id": 12, "outcome": "success"}]}
    )
    assert job.external_id == "12"


def test_a_list_of_runs_is_read_in_its_order():
    events = parse_generic([RUN | {"jobs": []}, RUN | {"external_id": "78", "jobs": None}])
    assert [event.external_id for event in events] == ["deploy#77", "deploy#78"]
    assert parse_generic([]) == []


def test_the_same_id_in_two_pipelines_is_two_runs_and_reads_back_as_it_was_posted():
    assert generic(pipeline="a").external_id != generic(pipeline="b").external_id
    assert posted_id("gitlab", "a", generic(pipeline="a").external_id) == "77"


def test_ids_of_github_and_jenkins_are_those_of_their_webhooks():
    assert generic(provider="github").external_id == "77"
    assert generic(provider="jenkins", pipeline="app", external_id="app#42").external_id == "app#42"
    assert posted_id("jenkins", "app", "app#42") == "app#42"


@pytest.mark.parametrize(
    ("words", "status", "outcome"),
    [
        ({"status": "completed", "outcome": "success"}, Status.COMPLETED, Outcome.SUCCESS),
        ({"status": "completed", "outcome": None, "conclusion": "timed_out"}, Status.COMPLETED, Outcome.TIMED_OUT),
        ({"status": None, "outcome": "running"}, Status.IN_PROGRESS, Outcome.RUNNING),
        ({"status": "passed", "outcome": None}, Status.COMPLETED, Outcome.SUCCESS),
        ({"status": "in_progress", "outcome": "success"}, Status.IN_PROGRESS, Outcome.RUNNING),
        ({"status": "completed", "outcome": None}, Status.COMPLETED, Outcome.UNKNOWN),
        ({"status": "queued", "outcome": None}, Status.QUEUED, Outcome.QUEUED),
    ],
)
def test_status_says_where_a_run_is_and_outcome_or_conclusion_how_it_ended(
    words: dict, status: Status, outcome: Outcome
):
    known = generic(**words)
    assert (known.status, known.outcome) == (status, outcome)


def test_creation_defaults_to_the_start():
    assert generic(created_at=None).created_at == datetime(2026, 3, 2, 9, 0, 5, tzinfo=UTC)


def test_a_later_correction_of_a_finished_run_is_newer():
    assert (generic(updated_at="2026-03-02T10:00:00Z").updated_at or NOON) > (generic().updated_at or NOON)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"provider": "GitLab"}, r"provider: 'GitLab' is not a slug"),
        ({"provider": None}, r"provider: missing"),
        ({"repo": None}, r"repo: missing"),
        ({"external_id": None}, r"external_id: missing"),
        ({"external_id": "x" * 499}, r"external_id: .* is not short enough"),
        ({"attempt": 0}, r"attempt: 0 is not a whole number from 1 up"),
        ({"status": None, "outcome": None}, r"outcome: missing"),
        ({"outcome": "splendid"}, r"outcome: 'splendid' is not one of success"),
        ({"jobs": {}}, r"jobs: \{\} is not a list"),
        ({"jobs": ["test"]}, r"jobs\[0\] is not a JSON object"),
        ({"jobs": [{"outcome": "success"}]}, r"jobs\[0\]\.name: missing"),
        ({"jobs": [{"name": "a", "outcome": "success", "steps": [{"name": "b"}]}]}, r"jobs\[0\]\.steps\[0\]\.outcome"),
    ],
)
def test_what_is_wrong_in_a_run_is_said_with_its_place(changes: dict, sentence: str):
    with pytest.raises(BadPayload, match=f"^{sentence}"):
        generic(**changes)
    with pytest.raises(BadPayload, match=rf"^\[1\]\.{sentence}"):
        parse_generic([RUN, RUN | changes], NOON)
