"""GitHub asked by REST, from the watch to the database: complete, cheap, and the same as if every webhook had come."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from cicd_health import flow
from cicd_health.model.deliveries import Incoming
from tests import watching
from tests.github_stub import GitHubStub
from tests.github_world import Repository, Webhook
from tests.stub_server import Answer, Request

REPO = "kestrel/checkout-api"
TOKEN = "ghp_stub"


@pytest.fixture(autouse=True)
def ready(database: sa.Engine) -> None:
    flow.start(watching.now())


@pytest.fixture
def github() -> Iterator[GitHubStub]:
    with GitHubStub() as stub:
        yield stub


@pytest.fixture
def repo(github: GitHubStub) -> Repository:
    return github.repo(REPO)


def watch(github: GitHubStub, name: str = REPO, *, backfill: bool = False) -> int:
    source_id = flow.connect_github(watching.now(), api_url=github.url, token=TOKEN)
    return flow.watch(source_id, name, watching.now(), backfill=backfill)


def receive(webhooks: list[Webhook]) -> None:
    """Deliveries as they arrive, many at a time."""
    for start in range(0, len(webhooks), 50):
        batch = [
            Incoming(
                provider="github",
                external_id=f"{one.host}-{one.guid}",
                event=one.event,
                action=one.body["action"],
                body=one.raw,
                payload=one.body,
                received_at=one.at,
                headers={"x-github-event": one.event, "x-github-enterprise-host": one.host},
            )
            for one in webhooks[start : start + 50]
        ]
        assert {receipt.state for receipt in flow.receive(batch, watching.now())} == {"applied"}


def a_busy_hour(repo: Repository) -> None:
    """Runs of every kind, some of them begun before the cut and ended in it, one still under way."""
    began = watching.now().replace(microsecond=0) - timedelta(hours=2)
    minute = timedelta(minutes=1)
    repo.play(began, jobs=("unit", "lint"))
    failed = repo.play(began + 2 * minute, "failure", jobs=("unit", "unit"))
    slow = repo.request(began + 3 * minute, branch="feature/x")
    slow_job = repo.queue_job(slow["id"], began + 3 * minute)
    repo.start(slow["id"], began + 4 * minute)
    repo.play(began + 10 * minute, "cancelled", workflow="deploy")
    repo.play_again(failed["id"], began + 20 * minute, "success", jobs=("unit", "unit"))
    repo.start_job(slow_job, began + 25 * minute)
    repo.finish_job(slow_job, began + 30 * minute, "failure")
    repo.finish(slow["id"], began + 30 * minute, "failure")
    for place in range(5):
        repo.play(began + (40 + place) * minute, "success" if place % 2 else "failure", workflow="nightly")
    under_way = repo.request(began + 50 * minute)
    job = repo.queue_job(under_way["id"], began + 50 * minute)
    repo.start(under_way["id"], began + 51 * minute)
    repo.start_job(job, began + 51 * minute)
    waiting = repo.request(began + 52 * minute)
    repo.queue_job(waiting["id"], began + 52 * minute)


def test_with_webhooks_cut_off_for_a_while_and_then_a_poll_the_database_equals_one_that_received_everything():
    with GitHubStub() as heard, GitHubStub() as cut_off:
        a_busy_hour(heard.repo(REPO))
        cut_off.repos = copy.deepcopy(heard.repos)
        all_of_it = watch(heard)
        some_of_it = watch(cut_off)
        told = heard.webhooks()
        missed = range(7, len(told) - 3)
        receive(told)
        receive([one for place, one in enumerate(cut_off.webhooks()) if place not in missed])
        line = watching.poll(some_of_it)
        assert (line.state, line.error) == ("ok", None)
        received = watching.stored(watching.line(all_of_it).source_id)
        polled = watching.stored(line.source_id)
        assert watching.differences(received, polled) == []
        assert len(received["runs"]) == 11
        assert len(received["attempts"]) == 12


def test_what_was_polled_without_any_webhook_equals_it_too(github: GitHubStub):
    with GitHubStub() as heard:
        a_busy_hour(heard.repo(REPO))
        github.repos = copy.deepcopy(heard.repos)
        received_id, polled_id = watch(heard), watch(github)
        receive(heard.webhooks())
        polled = watching.poll(polled_id)
        left = watching.stored(watching.line(received_id).source_id)
        assert watching.differences(left, watching.stored(polled.source_id)) == []


def test_a_second_poll_is_answered_by_304_and_costs_no_quota(github: GitHubStub, repo: Repository):
    began = watching.now() - timedelta(hours=3)
    for place in range(120):
        repo.play(began + timedelta(minutes=place), "failure" if place % 9 == 0 else "success")
    id = watch(github)
    watching.poll(id)
    before, remaining = watching.stored(watching.line(id).source_id), github.remaining
    assert len(before["runs"]) == len(before["jobs"]) == 120
    github.forget()
    line = watching.poll(id)
    assert (line.state, github.remaining) == ("ok", remaining)
    assert github.not_modified == len(github.asked()) <= 3
    assert watching.stored(line.source_id) == before


def test_a_default_branch_of_any_name_is_known_from_the_first_poll(github: GitHubStub, repo: Repository):
    repo.default_branch = "trunk"
    at = watching.now() - timedelta(hours=1)
    repo.play(at, branch="trunk")
    repo.play(at, branch="main")
    watching.poll(watch(github))
    assert {run["branch"]: run["default_branch"] for run in watching.runs()} == {"trunk": True, "main": False}


def test_a_workflow_that_gives_its_runs_titles_keeps_its_own_name(github: GitHubStub, repo: Repository):
    repo.workflow_names[99] = "CodeQL"
    at = watching.now() - timedelta(hours=1)
    for number in (1, 2):
        title = f"PR #{number}"
        repo.play(at, workflow=title, display_title=title, workflow_id=99, path="dynamic/github-code-scanning/codeql")
    watching.poll(watch(github))
    assert {run["pipeline"] for run in watching.runs()} == {"CodeQL"}


def test_a_startup_failure_of_which_no_webhook_is_sent_is_found(github: GitHubStub, repo: Repository):
    at = watching.now() - timedelta(hours=1)
    run = repo.request(at)
    id = watch(github)
    watching.poll(id)
    repo.finish(run["id"], at + timedelta(seconds=2), "startup_failure", silent=True)
    watching.poll(id)
    [row] = watching.runs()
    assert (row["status"], row["outcome"]) == ("completed", "startup_failure")


def test_runs_that_were_deleted_end_and_keep_their_history(github: GitHubStub, repo: Repository):
    at = watching.now() - timedelta(hours=1)
    ended, under_way = repo.play(at), repo.request(at)
    repo.start(under_way["id"], at)
    id = watch(github)
    watching.poll(id)
    repo.vanish(ended["id"])
    repo.vanish(under_way["id"])
    assert watching.poll(id).state == "ok"
    rows = {row["external_id"]: (row["status"], row["raw_conclusion"]) for row in watching.runs()}
    assert rows == {str(ended["id"]): ("completed", "success"), str(under_way["id"]): ("completed", "gone")}


def test_an_old_run_that_is_run_again_is_seen_on_the_next_day(github: GitHubStub, repo: Repository):
    created = watching.now() - timedelta(days=12)
    run = repo.play(created, "failure")
    id = watch(github, backfill=True)
    watching.walk(id)
    watching.poll(id)
    repo.play_again(run["id"], watching.now() - timedelta(minutes=5), "success")
    watching.poll(id, watching.now() + timedelta(days=1))
    [row] = watching.runs()
    assert (row["attempts"], row["outcome"], row["first_outcome"]) == (2, "success", "failure")


def test_a_renamed_repository_is_followed_under_its_new_name(github: GitHubStub, repo: Repository):
    at = watching.now() - timedelta(hours=1)
    repo.play(at)
    id = watch(github)
    watching.poll(id)
    github.rename(repo, "kestrel/till")
    repo.play(at + timedelta(minutes=5))
    line = watching.poll(id)
    assert (line.name, line.state) == ("kestrel/till", "ok")
    assert {row["repo"] for row in watching.runs()} == {"kestrel/till"}
    assert len(watching.runs()) == 2
    assert watching.count("repositories") == 1
    github.forget()
    watching.poll(id)
    assert github.asked(r"^/repos/kestrel/checkout-api") == []


def test_jobs_that_come_late_are_fetched_by_a_later_poll(github: GitHubStub, repo: Repository):
    repo.play(watching.now() - timedelta(minutes=2))
    repo.jobs_late = 1
    id = watch(github)
    watching.poll(id)
    watching.poll(id)
    assert watching.count("jobs") == 1


def test_a_run_that_makes_no_sense_is_kept_and_the_others_come(github: GitHubStub, repo: Repository):
    at = watching.now() - timedelta(hours=1)
    repo.play(at)
    repo.add({"id": None, "created_at": "yesterday, perhaps", "status": "completed"})
    repo.add({"id": "x", "status": 7, "created_at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "repository": []})
    repo.play(at + timedelta(minutes=1))
    id = watch(github)
    line = watching.poll(id)
    assert line.state == "ok"
    assert len(watching.runs()) == 2
    kept = watching.count("deliveries")
    assert 1 <= kept <= 2
    watching.poll(id)
    assert watching.count("deliveries") == kept


def test_the_way_back_takes_more_than_a_thousand_runs_and_can_be_stopped(github: GitHubStub, repo: Repository):
    newest = watching.now() - timedelta(days=2)
    for place in range(1250):
        repo.play(newest - timedelta(minutes=30 * place))
    id = watch(github, backfill=True)
    line = watching.line(id)
    assert (line.state, line.backfill.state.value) == ("backfilling", "running")
    stop_in_the_middle(github, id)
    stopped = watching.line(id)
    assert stopped.backfill.state.value == "stopped"
    assert 0 < stopped.backfill.listed < 1250
    assert watching.walk(id).backfill.listed == stopped.backfill.listed, "what is stopped does not go on"
    flow.resume_backfill(id, watching.now())
    done = watching.walk(id)
    assert done.backfill.state.value == "done"
    assert (done.backfill.listed, done.backfill.done) == (1250, 1250)
    assert (watching.count("runs"), watching.count("jobs")) == (1250, 1250)


def stop_in_the_middle(github: GitHubStub, id: int) -> None:
    """Walk until some pages are in, when somebody stops it."""

    def stop(request: Request) -> Answer:
        if watching.line(id).backfill.listed >= 300:
            flow.stop_backfill(id, watching.now())
        return github.answer(request)

    github.instead(stop, 1000, r"/actions/runs$")
    watching.walk(id)
    github.all_well()


def test_a_run_of_which_half_is_nonsense_stops_no_other(github: GitHubStub, repo: Repository):
    at = watching.now() - timedelta(hours=1)
    repo.play(at)
    odd = {"status": "completed", "conclusion": {"was": ["failure"]}, "run_attempt": 2**31 - 1, "workflow_id": 9}
    repo.add({"id": "7/../../../../user", "created_at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "name": "CI\x00", **odd})
    id = watch(github)
    line = watching.poll(id)
    assert (line.state, line.error) == ("ok", None)
    assert watching.count("jobs") == 1
    assert {asked.path.removesuffix("/jobs").rpartition("/")[2] for asked in github.asked("/user")} == set()


def test_a_repository_renamed_on_the_way_back_is_walked_to_the_end(github: GitHubStub, repo: Repository):
    newest = watching.now() - timedelta(days=2)
    for place in range(120):
        repo.play(newest - timedelta(minutes=place))
    id = watch(github, backfill=True)
    github.rename(repo, "kestrel/till")
    done = watching.walk(id)
    assert (done.name, done.backfill.state.value, done.backfill.done) == ("kestrel/till", "done", 120)
    assert watching.count("jobs") == 120


def test_nothing_is_called_complete_before_the_way_back_has_ended(github: GitHubStub, repo: Repository):
    repo.play(watching.now() - timedelta(days=30))
    id = watch(github, backfill=True)
    assert watching.poll(id).complete_until is None
    assert watching.source(watching.line(id).source_id).complete_until is None
    assert watching.walk(id).complete_until is not None
    assert watching.source(watching.line(id).source_id).complete_until is not None
