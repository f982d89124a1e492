"""Asking GitHub what is new: what comes of it, in how many requests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from cicd_health.model.runs import Outcome, Status
from cicd_health.providers.github import PROVIDER
from cicd_health.providers.remote import Asked, Batch, Connection, RemoteError, Trouble
from tests.github_stub import GitHubStub
from tests.providers.remembering import Memory
from tests.stub_server import as_json

NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
NAME = "kestrel/api"


@pytest.fixture
def github() -> Iterator[GitHubStub]:
    with GitHubStub(NAME) as stub:
        yield stub


@pytest.fixture
def memory() -> Memory:
    return Memory(PROVIDER)


def connection(github: GitHubStub, **more) -> Connection:
    return Connection("github", "github.com", github.url, **({"token": "ghp_stub"} | more))


def poll(
    github: GitHubStub, memory: Memory, *, since: datetime = NOW - HOUR, now: datetime = NOW, **more
) -> list[Batch]:
    """One poll, saved; the requests are counted from its beginning."""
    github.forget()
    etag = more.pop("etag", None)
    asked = Asked(more.pop("name", NAME), since=since, until=now, etag=etag)
    assert PROVIDER.remote is not None
    return memory.take(PROVIDER.remote.poll(connection(github, **more), asked, memory, now))


def paths(github: GitHubStub) -> list[str]:
    return [request.path for request in github.requests]


def test_a_poll_brings_runs_their_earlier_attempts_and_the_jobs_of_all(github: GitHubStub, memory: Memory):
    repo = github.repo(NAME)
    run = repo.play(NOW - 2 * HOUR, "failure", jobs=("unit", "lint"))
    repo.play_again(run["id"], NOW - HOUR, "success", jobs=("unit",))
    poll(github, memory)
    outcomes = {(attempt.attempt, attempt.outcome) for attempt in memory.attempts.values()}
    assert outcomes == {(1, Outcome.FAILURE), (2, Outcome.SUCCESS)}
    assert sorted((job.attempt, job.name) for job in memory.jobs.values()) == [(1, "lint"), (1, "unit"), (2, "unit")]
    assert [len(job.steps) for job in memory.jobs.values()] == [2, 2, 2]
    assert memory.jobs_known == {str(run["id"]): 2}


def test_the_second_poll_is_one_request_that_costs_no_quota(github: GitHubStub, memory: Memory):
    for hour in range(3):
        github.repo(NAME).play(NOW - hour * HOUR)
    etag = poll(github, memory)[-1].etag
    counted = github.counted
    batches = poll(github, memory, since=NOW, now=NOW + 5 * MINUTE, etag=etag)
    assert (len(github.requests), github.not_modified, github.counted) == (1, 1, counted)
    assert [batch.documents for batch in batches] == [()]
    assert batches[-1].etag == etag


def test_each_page_has_a_tag_of_its_own_so_that_a_change_on_the_second_is_seen(github: GitHubStub, memory: Memory):
    repo = github.repo(NAME)
    runs = [repo.play(NOW - n * MINUTE, jobs=()) for n in range(150)]
    etag = poll(github, memory)[-1].etag
    repo.rerun(runs[140]["id"], NOW)
    poll(github, memory, since=NOW, now=NOW + 5 * MINUTE, etag=etag)
    assert github.not_modified == 1
    assert memory.last(str(runs[140]["id"])).attempt == 2


def test_only_the_last_batch_hands_out_the_tags_so_that_a_crash_reads_again(github: GitHubStub, memory: Memory):
    github.repo(NAME).play(NOW - HOUR)
    batches = poll(github, memory)
    assert [batch.etag is not None for batch in batches] == [False] * (len(batches) - 1) + [True]


def test_a_tag_that_could_not_be_sent_back_is_not_kept(github: GitHubStub, memory: Memory):
    listed = as_json({"total_count": 0, "workflow_runs": []}, ETag='W/"\xe9"')
    github.instead(lambda _: listed, 1, "/actions/runs$")
    assert poll(github, memory)[-1].etag == "{}"


def test_a_run_under_way_is_followed_with_its_jobs_until_it_ends(github: GitHubStub, memory: Memory):
    repo = github.repo(NAME)
    run = repo.request(NOW - 3 * DAY)  # older than what the list is asked for from the second poll on
    id = str(run["id"])
    repo.start(run["id"], NOW - 3 * DAY)
    job = repo.queue_job(run["id"], NOW - 3 * DAY)
    poll(github, memory, since=NOW - 4 * DAY)
    assert memory.last(id).status is Status.IN_PROGRESS
    repo.start_job(job, NOW - HOUR)
    poll(github, memory)
    assert memory.jobs[str(job["id"])].status is Status.IN_PROGRESS
    repo.finish_job(job, NOW)
    repo.finish(run["id"], NOW)
    poll(github, memory)
    assert (memory.last(id).outcome, memory.jobs_known[id]) == (Outcome.SUCCESS, 1)
    poll(github, memory)
    assert [path for path in paths(github) if id in path] == []


def test_what_only_waits_costs_one_request_a_poll(github: GitHubStub, memory: Memory):
    run = github.repo(NAME).request(NOW - 3 * DAY)
    poll(github, memory, since=NOW - 4 * DAY)
    poll(github, memory)
    poll(github, memory)
    assert [path for path in paths(github) if str(run["id"]) in path] == [f"/repos/{NAME}/actions/runs/{run['id']}"]


def test_a_run_that_was_deleted_ends_as_gone_and_is_asked_for_no_more(github: GitHubStub, memory: Memory):
    repo = github.repo(NAME)
    run = repo.request(NOW - HOUR, workflow="nightly")
    repo.play(NOW - 2 * HOUR)
    poll(github, memory)
    repo.vanish(run["id"])
    poll(github, memory)
    last = memory.last(str(run["id"]))
    assert (last.status, last.outcome, last.raw_conclusion) == (Status.COMPLETED, Outcome.UNKNOWN, "gone")
    assert last.pipeline.name == "nightly"
    poll(github, memory)
    assert [path for path in paths(github) if str(run["id"]) in path] == []


def test_a_repository_out_of_sight_takes_no_run_with_it(github: GitHubStub, memory: Memory):
    repo = github.repo(NAME)
    run = repo.request(NOW - HOUR)
    poll(github, memory)
    repo.hidden = True
    with pytest.raises(RemoteError) as error:
        poll(github, memory)
    assert error.value.trouble is Trouble.NOT_FOUND
    assert memory.last(str(run["id"])).raw_conclusion is None


def test_a_run_waiting_for_approval_goes_on_under_the_same_attempt(github: GitHubStub, memory: Memory):
    repo = github.repo(NAME)
    run = repo.request(NOW - 2 * HOUR)
    repo.finish(run["id"], NOW - 2 * HOUR, "action_required")
    poll(github, memory)
    id = str(run["id"])
    assert (memory.last(id).outcome, memory.last(id).completed_at) == (Outcome.ACTION_REQUIRED, None)
    job = repo.queue_job(run["id"], NOW - HOUR)
    repo.start_job(job, NOW - HOUR)
    repo.finish_job(job, NOW)
    repo.finish(run["id"], NOW, "success")
    poll(github, memory)
    assert memory.last(id).outcome is Outcome.SUCCESS
    assert list(memory.jobs) == [str(job["id"])], "its jobs are asked for again, although they were known to be none"


def test_jobs_that_github_lists_late_are_asked_for_again(github: GitHubStub, memory: Memory):
    repo = github.repo(NAME)
    repo.play(NOW - 10 * MINUTE)
    repo.jobs_late = 1
    poll(github, memory)
    assert memory.jobs == {}
    poll(github, memory)
    assert len(memory.jobs) == 1


def test_a_startup_failure_has_no_jobs_to_ask_for(github: GitHubStub, memory: Memory):
    repo = github.repo(NAME)
    run = repo.request(NOW - HOUR)
    repo.finish(run["id"], NOW - HOUR, "startup_failure", silent=True)
    poll(github, memory)
    assert [path for path in paths(github) if path.endswith("/jobs")] == []
    assert memory.jobs_known == {str(run["id"]): 1}


def test_a_rerun_of_an_old_run_is_found_on_the_first_poll_of_a_day(github: GitHubStub, memory: Memory):
    repo = github.repo(NAME)
    run = repo.play(NOW - 9 * DAY, "failure")
    poll(github, memory, since=NOW - 10 * DAY)
    repo.rerun(run["id"], NOW - HOUR)
    poll(github, memory, since=NOW - 2 * HOUR, etag="{}")
    assert memory.last(str(run["id"])).attempt == 1
    poll(github, memory, since=NOW - 2 * HOUR, now=NOW + DAY, etag="{}")
    assert memory.last(str(run["id"])).attempt == 2


def test_one_run_that_makes_no_sense_stops_none_of_the_others(github: GitHubStub, memory: Memory):
    repo = github.repo(NAME)
    good = repo.play(NOW - HOUR)
    repo.add({"id": 7, "created_at": "2999-01-01T00:00:00Z", "status": 12})
    poll(github, memory)
    assert memory.ids() == [str(good["id"])]
    [refused] = memory.refused
    assert refused.startswith("poll:workflow_run:7:")


def test_more_than_a_thousand_runs_are_read_in_windows_each_once(github: GitHubStub, memory: Memory):
    repo = github.repo(NAME)
    for n in range(1250):
        repo.play(NOW - n * MINUTE, jobs=())
    github.limit, github.remaining = 15_000, 1_000  # no jobs: only the reserve is left
    batches = poll(github, memory, since=NOW - HOUR)
    assert len(memory.ids()) == 1250
    assert sum(batch.listed for batch in batches) == 1250
    assert batches[-1].etag == "{}"


def test_a_poll_stops_at_the_reserve_and_leaves_the_missing_jobs_to_the_next(github: GitHubStub, memory: Memory):
    repo = github.repo(NAME)
    for n in range(60):
        repo.play(NOW - n * MINUTE)
    github.use_up(remaining=520, reset_in_s=2 * 24 * 3600)
    batches = poll(github, memory)
    assert batches[-1].etag is not None, "the poll ended well"
    assert 0 < len(memory.jobs) < 60
    assert github.remaining >= 450
    github.use_up(remaining=5000, reset_in_s=2 * 24 * 3600)
    poll(github, memory)
    assert len(memory.jobs) == 60


def test_the_default_branch_is_asked_for_once_a_day(github: GitHubStub, memory: Memory):
    run = github.repo(NAME).play(NOW - HOUR)
    etag, asked = None, []
    for now in (NOW, NOW + MINUTE, NOW + DAY):
        etag = poll(github, memory, since=now - MINUTE if etag else now, now=now, etag=etag)[-1].etag
        asked.append(paths(github).count(f"/repos/{NAME}"))
    assert memory.last(str(run["id"])).repo.default_branch == "main"
    assert asked == [1, 0, 0]
    poll(github, memory, since=NOW + DAY - MINUTE, now=NOW + 2 * DAY, etag=etag)
    assert paths(github).count(f"/repos/{NAME}") == 1


def test_a_renamed_repository_is_followed_and_its_new_name_told(github: GitHubStub, memory: Memory):
    repo = github.repo(NAME)
    repo.play(NOW - HOUR)
    github.rename(repo, "kestrel/shop-api")
    batches = poll(github, memory)
    assert [batch.name for batch in batches if batch.name] == ["kestrel/shop-api"]
    assert len(memory.jobs) == 1
    assert [path for path in paths(github) if path.startswith(f"/repos/{NAME}")] == [f"/repos/{NAME}"], "asked once"


def test_a_workflow_that_titles_its_runs_keeps_its_own_name(github: GitHubStub, memory: Memory):
    repo = github.repo(NAME)
    titled = repo.play(NOW - HOUR, name="Deploy 42", display_title="Deploy 42")
    repo.play(NOW - 2 * HOUR, workflow="checks")
    workflows = b'{"total_count": 1, "workflows": [{"id": %d, "name": "Deploy"}]}' % titled["workflow_id"]
    github.garbage(path="/actions/workflows$", body=workflows)
    poll(github, memory)
    assert {attempt.pipeline.name for attempt in memory.attempts.values()} == {"Deploy", "checks"}
    assert len([path for path in paths(github) if path.endswith("/actions/workflows")]) == 1


def test_an_enterprise_server_without_limits_is_polled_the_same(github: GitHubStub, memory: Memory):
    github.limit = None
    run = github.repo(NAME).play(NOW - HOUR)
    here = Connection("github", "git.acme.example", f"{github.url}/api/v3", token="ghp_stub")
    assert PROVIDER.remote is not None
    batches = memory.take(PROVIDER.remote.poll(here, Asked(NAME, NOW - HOUR, NOW), memory, NOW))
    assert {batch.rate_limit for batch in batches} == {None}
    assert memory.last(str(run["id"])).host == "git.acme.example"
