"""Jenkins asked by REST, from the watch to the database: every kind of job, and the same as if every push had come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from cicd_health import flow
from cicd_health.providers import http
from cicd_health.store import engine, recount
from tests import watching
from tests.bodies import delivery
from tests.jenkins_stub import JenkinsStub, child
from tests.jenkins_world import CELL, MATRIX, MULTIBRANCH, MULTIJOB, PIPELINE, Job, ms
from tests.stub_server import Storage

# A notification does not say why a build ran, and calls its end otherwise; the address is that of the server.
ONLY_ONE_KNOWS = frozenset({"url", "event", "actor", "raw_status", "rank"})


@pytest.fixture(autouse=True)
def ready(database: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PAUSE_S", 0.01)
    flow.start(watching.now())


@pytest.fixture
def jenkins() -> Iterator[JenkinsStub]:
    with JenkinsStub("/jenkins") as stub:
        yield stub


def watch(jenkins: JenkinsStub, *, backfill: bool = False) -> int:
    """Watch all its jobs."""
    source_id = flow.connect_jenkins(watching.now(), url=jenkins.address, username="wren", token="api-token")
    id = next(line.id for line in watching.lines() if line.source_id == source_id)
    if not backfill:
        flow.stop_backfill(id, watching.now())
    return id


def receive(bodies: list[dict]) -> None:
    incoming = [delivery(body, provider="jenkins", at=watching.now()) for body in bodies]
    assert {receipt.state for receipt in flow.receive(incoming, watching.now())} == {"applied"}


def a_busy_hour(jenkins: JenkinsStub, began: datetime) -> None:
    minute = timedelta(minutes=1)
    nightly = jenkins.root.make("payments/nightly")
    nightly.play(began, "FAILURE")
    nightly.play(began + 5 * minute, "UNSTABLE")
    nightly.play(began + 10 * minute, "ABORTED")
    jenkins.root.make("shop", MULTIBRANCH)
    main = jenkins.root.make("shop/main", PIPELINE)
    branch = jenkins.root.make("shop/feature%2Fx", PIPELINE)
    for job in (main, branch):
        job.stage_api = False
        job.play(began + 20 * minute)
    main.finish(main.start(began + 25 * minute), began + 30 * minute, "SUCCESS", final="FAILURE")
    main.start(began + 40 * minute)


def test_with_notifications_cut_off_for_a_while_and_then_a_poll_the_database_equals_one_that_received_everything():
    with JenkinsStub() as heard, JenkinsStub() as cut_off:
        began = watching.now().replace(microsecond=0) - timedelta(minutes=50)
        a_busy_hour(heard, began)
        a_busy_hour(cut_off, began)
        all_of_it, some_of_it = watch(heard), watch(cut_off)
        told = cut_off.notifications()
        receive(heard.notifications())
        receive(told[:6] + told[-3:])
        line = watching.poll(some_of_it)
        assert (line.state, line.error) == ("ok", None)
        received = watching.stored(watching.line(all_of_it).source_id, without=ONLY_ONE_KNOWS)
        polled = watching.stored(line.source_id, without=ONLY_ONE_KNOWS)
        assert watching.differences(received, polled) == []
        assert len(received["runs"]) == 7
        with engine.reading() as session:
            assert recount.check(session) == []


def test_every_kind_of_job_is_read_whole(jenkins: JenkinsStub):
    at = watching.now() - timedelta(minutes=50)
    jenkins.root.make("a/b/c/d/e/f/deep").play(at, "FAILURE")
    jenkins.root.make("shop", MULTIBRANCH)
    jenkins.root.make("shop/PR-7", PIPELINE).play(at)
    matrix = jenkins.root.make("matrix", MATRIX)
    cell = matrix.children["os=linux"] = Job("os=linux", CELL, matrix)
    inner = cell.play(at, "FAILURE")
    matrix.play(at, "FAILURE").children.append(child(cell, inner))
    parent = jenkins.root.make("everything", MULTIJOB)
    leaf = jenkins.root.make("leaf")
    parent.play(at, "FAILURE").children.append(child(leaf, leaf.play(at, "FAILURE")))
    watching.poll(watch(jenkins))
    runs = {run["external_id"]: run for run in watching.runs()}
    assert set(runs) == {"a/b/c/d/e/f/deep#1", "shop/PR-7#1", "matrix#1", "everything#1", "leaf#1"}
    assert (runs["a/b/c/d/e/f/deep#1"]["repo"], runs["a/b/c/d/e/f/deep#1"]["pipeline"]) == ("a/b/c/d/e/f", "deep")
    assert (runs["shop/PR-7#1"]["branch"], runs["shop/PR-7#1"]["pull_request"]) == ("PR-7", 7)
    assert (runs["matrix#1"]["failed_job"], runs["everything#1"]["failed_job"]) == ("os=linux", "leaf")
    stages = [
        dict(row)["name"] for row in watching.stored(1)["jobs"] if dict(row)["run_external_id"] == "'shop/PR-7#1'"
    ]
    assert sorted(stages) == ["'Build'", "'Test'"]


def test_a_pause_for_input_waits_and_does_not_count(jenkins: JenkinsStub):
    at = watching.now().replace(microsecond=0) - timedelta(hours=2)
    job = jenkins.root.make("release", PIPELINE)
    build = job.start(at)
    job.stage(build, "Build", at, at + timedelta(minutes=1))
    paused = job.stage(build, "Approve", at + timedelta(minutes=1), status="PAUSED_PENDING_INPUT")
    id = watch(jenkins)
    watching.poll(id)
    [run] = watching.runs()
    assert run["outcome"] == "waiting"
    paused.update(status="SUCCESS", durationMillis=3_600_000, pauseDurationMillis=3_540_000)
    job.finish(build, at + timedelta(minutes=61))
    watching.poll(id)
    [run] = watching.runs()
    assert (run["outcome"], run["duration_s"]) == ("success", 61 * 60 - 3540)


def test_more_builds_than_a_list_holds_are_all_walked_and_a_stop_holds(jenkins: JenkinsStub):
    newest = watching.now() - timedelta(days=1)
    job = jenkins.root.make("payments/nightly")
    for place in reversed(range(260)):
        job.play(newest - timedelta(hours=place), "FAILURE" if place % 10 == 0 else "SUCCESS")
    id = watch(jenkins, backfill=True)
    done = watching.walk(id)
    assert (done.backfill.state.value, done.backfill.listed) == ("done", 260)
    assert watching.count("runs") == 260
    assert not [one for one in jenkins.asked() if "depth" in one.query]
    stored = watching.stored(done.source_id)
    flow.resume_backfill(id, watching.now())
    watching.walk(id)
    assert watching.differences(stored, watching.stored(done.source_id)) == []


def test_a_job_that_vanished_keeps_its_history_and_stops_nobody(jenkins: JenkinsStub):
    at = watching.now() - timedelta(minutes=50)
    jenkins.root.make("shop", MULTIBRANCH)
    branch = jenkins.root.make("shop/feature%2Fx", PIPELINE)
    branch.play(at)
    branch.start(at + timedelta(minutes=1))
    other = jenkins.root.make("other")
    id = watch(jenkins)
    watching.poll(id)
    jenkins.root.remove("shop/feature%2Fx")
    other.play(at + timedelta(minutes=5))
    line = watching.poll(id)
    assert line.state == "ok"
    found = {run["external_id"]: (run["status"], run["raw_conclusion"]) for run in watching.runs()}
    assert found == {
        "shop/feature%2Fx#1": ("completed", "SUCCESS"),
        "shop/feature%2Fx#2": ("completed", "gone"),
        "other#1": ("completed", "SUCCESS"),
    }


def test_numbers_that_begin_anew_are_other_builds(jenkins: JenkinsStub):
    at = watching.now().replace(microsecond=0) - timedelta(minutes=50)
    jenkins.root.make("nightly").play(at, "FAILURE")
    id = watch(jenkins)
    watching.poll(id)
    jenkins.root.remove("nightly")
    jenkins.root.make("nightly").play(at + timedelta(minutes=20))
    watching.poll(id)
    watching.poll(id)
    assert [run["outcome"] for run in watching.runs()] == ["success", "failure"]


def test_a_job_that_may_not_be_seen_is_not_there(jenkins: JenkinsStub):
    at = watching.now() - timedelta(minutes=50)
    jenkins.root.make("secret/job").play(at)
    jenkins.root.make("open").play(at)
    jenkins.root.find("secret").hidden = True
    id = watch(jenkins)
    assert watching.poll(id).state == "ok"
    assert [run["external_id"] for run in watching.runs()] == ["open#1"]
    named = flow.watch(watching.line(id).source_id, "secret/job", watching.now(), backfill=False)
    assert watching.poll(named).missing


HAPPENINGS: dict[str, tuple[str, Callable[[JenkinsStub], object]]] = {
    "500": ("server", lambda jenkins: jenkins.fail_next(99)),
    "504 of a proxy": ("server", lambda jenkins: jenkins.fail_next(99, 504)),
    "half an answer": ("garbled", lambda jenkins: jenkins.garbage(99, body=b'{"jobs": [{"name":')),
    "a login page": ("", lambda jenkins: jenkins.html(99)),
    "no answer": ("unreachable", lambda jenkins: jenkins.hang_up(99)),
    "a wrong token": ("unauthorized", lambda jenkins: jenkins.users.clear()),
    "a redirect to signing in": ("", lambda jenkins: jenkins.redirect(f"{jenkins.address}/login", 99)),
    "without end": ("garbled", lambda jenkins: jenkins.huge(60, 99)),
}


@pytest.mark.parametrize("what", HAPPENINGS)
def test_trouble_is_said_and_left_alone_and_heals_by_itself(jenkins: JenkinsStub, what: str):
    trouble, happen = HAPPENINGS[what]
    at = watching.now() - timedelta(minutes=50)
    job = jenkins.root.make("nightly")
    job.play(at)
    id = watch(jenkins)
    watching.poll(id)
    job.play(at + timedelta(minutes=5))
    jenkins.forget()
    happen(jenkins)
    line = watching.poll(id)
    assert line.trouble == trouble if trouble else line.trouble in ("garbled", "unauthorized", "forbidden")
    assert line.state == "error"
    assert line.error
    assert "api-token" not in line.error
    assert 1 <= len(jenkins.asked()) <= 4
    assert flow.queue_due(watching.now()) == 0
    jenkins.all_well()
    jenkins.users["wren"] = "api-token"
    watching.let_pass(id)
    healed = watching.poll(id)
    assert (healed.state, healed.error) == ("ok", None)
    assert len(watching.runs()) == 2


def test_jobs_that_cannot_be_read_are_said_and_neither_hide_nor_slow_down_the_others(jenkins: JenkinsStub):
    at = watching.now() - timedelta(minutes=50)
    for n in range(6):
        jenkins.root.make(f"job-{n}-broken").play(at)
        jenkins.root.make(f"job-{n}-well").play(at)
    id = watch(jenkins)
    jenkins.fail_next(9999, path=r"broken/\d+/")
    for _ in range(3):
        line = watching.poll(id)
        assert (line.state, line.complete_until) == ("error", None)
        assert "and 5 more could not be read" in (line.error or "")
        assert line.next_poll_at is not None
        assert line.next_poll_at < watching.now() + timedelta(minutes=5, seconds=5), "no growing pauses"
        assert watching.source(line.source_id).trouble is None, "the server is well"
        watching.let_pass(id)
    assert len(watching.runs()) == 6
    jenkins.all_well()
    assert watching.poll(id).state == "ok"
    assert len(watching.runs()) == 12


def test_the_api_token_goes_to_no_other_host(jenkins: JenkinsStub):
    jenkins.root.make("nightly").play(watching.now() - timedelta(minutes=50))
    id = watch(jenkins)
    with Storage() as elsewhere:
        jenkins.redirect(f"{elsewhere.url}/api/json", 99)
        assert watching.poll(id).trouble is not None
        assert elsewhere.leaked == []


def test_an_address_that_jenkins_gives_is_not_followed_elsewhere(jenkins: JenkinsStub):
    """Its own address may be set wrong, or be another's."""
    with Storage() as elsewhere:
        job = jenkins.root.make("nightly", PIPELINE)
        build = job.play(watching.now() - timedelta(minutes=50))
        described = {"number": 1, "timestamp": ms(build.at), "result": "FAILURE", "building": False, "duration": 5}
        job.add(described | {"url": f"{elsewhere.url}/job/nightly/1/"})
        watching.poll(watch(jenkins))
        assert elsewhere.asked() == []
        assert len(watching.runs()) == 1


def test_a_build_that_makes_no_sense_is_kept_and_the_others_come(jenkins: JenkinsStub):
    at = watching.now() - timedelta(minutes=50)
    job = jenkins.root.make("nightly")
    job.play(at)
    job.add({"number": 2, "timestamp": "noon", "result": ["?"], "building": "no", "actions": 7}, at)
    job.play(at + timedelta(minutes=5))
    id = watch(jenkins)
    line = watching.poll(id)
    assert (line.state, line.error) == ("ok", None)
    assert {run["external_id"] for run in watching.runs()} >= {"nightly#1", "nightly#3"}
    kept = watching.count("deliveries")
    watching.poll(id)
    assert watching.count("deliveries") == kept
