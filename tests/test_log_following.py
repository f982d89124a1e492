"""Logs that Jenkins writes while a build runs, and logs that are sent to us."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from cicd_health import flow, queue
from cicd_health.flow import log_reading
from cicd_health.model.logs import LogState
from cicd_health.store.tables import JobRow, RunRow
from tests import watching
from tests.bodies import delivery, github_job, github_run, jenkins_build
from tests.jenkins_stub import JenkinsStub
from tests.jenkins_world import PIPELINE, Build
from tests.jenkins_world import Job as JenkinsJob
from tests.log_keeping import ago, fetch_all, rows, texts, wanted

LOST = "AssertionError: refund of 12 EUR was lost"


@pytest.fixture(autouse=True)
def ready(database: sa.Engine) -> None:
    flow.start(watching.now())


@pytest.fixture
def jenkins() -> Iterator[JenkinsStub]:
    with JenkinsStub() as stub:
        yield stub


@pytest.fixture
def nightly(jenkins: JenkinsStub) -> JenkinsJob:
    flow.connect_jenkins(watching.now(), url=jenkins.address)
    return jenkins.root.make("payments/nightly", PIPELINE)


def notify(jenkins: JenkinsStub, start: int = 0) -> None:
    told = jenkins.notifications()[start:]
    now = watching.now()
    assert {
        receipt.state for receipt in flow.receive([delivery(one, provider="jenkins", at=now) for one in told], now)
    } == {"applied"}


def test_the_console_of_a_failed_build_is_the_runs_log(jenkins: JenkinsStub, nightly: JenkinsJob):
    nightly.play(ago(10), "FAILURE", log=b"Started\nERROR: refund was lost\nFinished: FAILURE\n")
    notify(jenkins)
    [run] = rows(RunRow)
    assert run.log_state == "pending"
    fetch_all()
    [run] = rows(RunRow)
    assert run.log_state == "kept"
    assert "ERROR: refund was lost" in run.excerpt


def test_a_running_build_is_read_on_and_the_whole_is_fetched_at_its_end(jenkins: JenkinsStub, nightly: JenkinsJob):
    build = nightly.start(ago(1))
    build.log = b"Started by user Wren\n[Pipe"
    notify(jenkins)
    [log_id] = wanted()
    now = watching.now()
    assert flow.fetch_log(log_id, now) == now + timedelta(seconds=5)
    assert texts(log_id) == ["Started by user Wren", "[Pipe"]
    build.log += b"line] { (Test)\nERROR: refund"
    flow.fetch_log(log_id, now)
    assert texts(log_id) == ["Started by user Wren", "[Pipeline] { (Test)", "ERROR: refund"]
    [run] = rows(RunRow)
    assert (run.log_state, run.excerpt) == ("pending", None)
    silent = flow.fetch_log(log_id, now)
    assert silent == now + timedelta(seconds=5)
    told = len(jenkins.notifications())
    end(build, nightly, b" was lost\nFinished: FAILURE\n")
    notify(jenkins, told)
    assert flow.fetch_log(log_id, now) is None
    assert len(texts(log_id)) == 4
    [run] = rows(RunRow)
    assert run.log_state == "kept"
    assert "ERROR: refund was lost" in run.excerpt
    assert log_reading.search(log_id, "refund") == (3,)


def end(build: Build, job: JenkinsJob, rest: bytes) -> None:
    job.finish(build, watching.now(), "FAILURE", (build.log or b"") + rest)


def test_a_build_that_falls_silent_is_asked_less_and_less(jenkins: JenkinsStub, nightly: JenkinsJob):
    build = nightly.start(ago(1))
    build.log = b"one\n"
    notify(jenkins)
    [log_id] = wanted()
    now = watching.now()
    flow.fetch_log(log_id, now)
    build.building = False  # and nobody told us
    waits = [flow.fetch_log(log_id, now) for _ in range(5)]
    seconds = [(at - now).total_seconds() for at in waits if at is not None]
    assert len(seconds) == 5
    assert seconds[4] > 5 * seconds[0]
    assert flow.fetch_log(log_id, now + timedelta(hours=25)) is None
    assert rows(RunRow)[0].log_state == "kept"
    told = len(jenkins.notifications())
    end(build, nightly, b"ERROR: refund was lost\n")
    notify(jenkins, told)
    fetch_all()
    assert texts(log_id) == ["one", "ERROR: refund was lost"]


def test_no_more_than_twenty_builds_are_read_on_at_once(jenkins: JenkinsStub, nightly: JenkinsJob):
    for _ in range(25):
        nightly.start(ago(1))
    notify(jenkins)
    assert len(wanted()) == 20


def test_a_stage_has_no_log_of_its_own(jenkins: JenkinsStub, nightly: JenkinsJob):
    nightly.play(ago(10), "FAILURE", log=b"ERROR: refund was lost\n")
    flow.poll(1, watching.now())
    stages = rows(JobRow)
    assert stages
    assert {flow.want_log(stage.run_id, stage.id, watching.now()) for stage in stages} == {LogState.NONE}
    fetch_all()
    assert "ERROR: refund was lost" in rows(RunRow)[0].excerpt


# Logs that are sent to us.


def flat(status: str, said: str | None) -> None:
    form = {
        "pipeline": "deploy",
        "repo": "kestrel/shop",
        "status": status,
        "started_at": "2026-03-02T12:00:00Z",
        "url": "https://ci.example/7",
        "logs": said,
    }
    flow.receive([delivery(form, provider="flat:drone")], watching.now())


def test_a_posted_log_is_kept_and_understood(database: sa.Engine):
    flat("failure", f"$ pytest\nE   {LOST}\nexit 1")
    [run] = rows(RunRow)
    assert run.log_state == "kept"
    assert LOST in run.excerpt
    assert texts(1)[0] == "$ pytest"


def test_the_longest_of_several_posted_logs_stays_in_any_order(database: sa.Engine):
    for said in ("one", "one\ntwo\nthree", "one\ntwo", None):
        flat("in_progress", said)
    assert texts(1) == ["one", "two", "three"]


def test_a_failure_told_without_its_log_is_looked_for_in_the_log_told_before(database: sa.Engine):
    flat("in_progress", f"$ pytest\nE   {LOST}\nexit 1")
    flat("failure", None)
    assert rows(RunRow)[0].excerpt is None
    assert queue.depth() == 1
    flow.find_cause(1, watching.now())
    assert LOST in rows(RunRow)[0].excerpt


def test_the_last_lines_that_jenkins_sends_are_replaced_by_the_console(jenkins: JenkinsStub, nightly: JenkinsJob):
    nightly.play(ago(10), "FAILURE", log=b"Started\nERROR: refund was lost\nFinished: FAILURE\n")
    for one in (told := jenkins.notifications()):
        one["build"]["log"] = "Finished: FAILURE\n" if one["build"]["phase"] != "STARTED" else ""
    flow.receive([delivery(one, provider="jenkins", at=watching.now()) for one in told], watching.now())
    assert texts(1) == ["Finished: FAILURE"]
    assert rows(RunRow)[0].log_state == "kept"
    flow.receive([delivery(told[-1], provider="jenkins", at=watching.now())], watching.now())
    assert fetch_all() == [None]
    assert len(texts(1)) == 3
    assert "ERROR: refund was lost" in rows(RunRow)[0].excerpt
    flow.receive([delivery(told[-1], provider="jenkins", at=watching.now())], watching.now())
    assert len(texts(1)) == 3


def test_a_posted_log_that_makes_no_sense_harms_nothing(database: sa.Engine):
    flat("failure", "\x00\x1b[31m\ud800<script>" + "\x1b[999;999H" * 1000 + "x" * 100_000)
    [run] = rows(RunRow)
    assert run.log_state == "kept"
    assert "more characters cut" in texts(1)[0]


def test_a_log_at_hand_can_be_kept(database: sa.Engine):
    now = watching.now()
    flow.receive([delivery(github_run(900, conclusion="failure")), delivery(github_job(1, conclusion="failure"))], now)
    [run], [job] = rows(RunRow), rows(JobRow)
    log = flow.keep_log(
        run.id, job.id, 1, [b"$ pytest\nE   Assert", b"ionError: refund of 12 EUR was lost\nexit 1\n"], now
    )
    assert (log.state, log.lines, log.job_id) == (LogState.KEPT, 3, job.id)
    assert LOST in rows(RunRow)[0].excerpt
    with pytest.raises(LookupError):
        flow.keep_log(run.id, None, 7, [b""], now)
    assert flow.want_log(run.id, job.id, now) is LogState.KEPT


def test_old_logs_are_pruned(database: sa.Engine):
    flow.receive([delivery(jenkins_build(status="FAILURE", log="ERROR: boom"), provider="jenkins")], watching.now())
    assert texts(1) == ["ERROR: boom"]
    assert flow.prune(watching.now() + timedelta(days=179)) == 1
    assert texts(1) == ["ERROR: boom"]
    assert flow.prune(watching.now() + timedelta(days=181)) == 1
    [run] = rows(RunRow)
    assert (texts(1), run.log_state, run.excerpt) == ([], "gone", "ERROR: boom")
