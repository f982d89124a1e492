"""Asking a Jenkins, played by a real server on this machine: builds, stages, children, history, consoles."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cicd_health.providers.jenkins import REMOTE
from cicd_health.providers.remote import Asked, Connection, LogAsked, LogGone, LogNotReady, RemoteError, Trouble
from tests.conftest import SHARED_DATA
from tests.jenkins_stub import JenkinsStub, child
from tests.jenkins_world import CELL, FREESTYLE, MATRIX, MULTIBRANCH, MULTIJOB, PIPELINE, Job
from tests.providers.jenkins_memory import Memory

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
RECORDED = SHARED_DATA / "jenkins"
needs_recordings = pytest.mark.skipif(not RECORDED.exists(), reason=f"the recordings are not at {RECORDED}")


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


@pytest.fixture(params=["", "/ci"], ids=["at the root", "below a path"])
def jenkins(request: pytest.FixtureRequest) -> Iterator[JenkinsStub]:
    with JenkinsStub(request.param) as stub:
        yield stub


def connected(stub: JenkinsStub, **more: Any) -> Connection:
    return Connection("jenkins", stub.address.partition("://")[2], stub.address, **more)


def poll(stub: JenkinsStub, memory: Memory, *, name: str = "", since: float = -60, now: float = 60) -> Memory:
    asked = Asked(name, since=minutes(since), until=minutes(now))
    return memory.take(REMOTE.poll(connected(stub), asked, memory, minutes(now)), minutes(now))


def backfill(
    stub: JenkinsStub, memory: Memory, *, name: str = "", cursor: str | None = None, days: int = 3000
) -> Memory:
    asked = Asked(name, since=NOON - timedelta(days=days), until=minutes(60), cursor=cursor)
    return memory.take(REMOTE.backfill(connected(stub), asked, memory, minutes(60)), minutes(60))


def shown(memory: Memory) -> dict[str, str]:
    return {run_id: memory.run(run_id)["outcome"] for run_id in sorted(memory.states)}


def test_a_poll_finds_the_builds_of_all_jobs_in_all_folders(jenkins: JenkinsStub):
    jenkins.root.make("nightly").play(NOON, "FAILURE")
    jenkins.root.make("payments/checkout").play(NOON, "UNSTABLE")
    jenkins.root.make("a/b/c/d/e/f/g/h/deep").play(NOON, "ABORTED")
    jenkins.root.make("payments/app", MULTIBRANCH).make("feature%2Fx", PIPELINE).play(NOON)
    memory = poll(jenkins, Memory())
    assert shown(memory) == {
        "a/b/c/d/e/f/g/h/deep#1": "cancelled",
        "nightly#1": "failure",
        "payments/app/feature%2Fx#1": "success",
        "payments/checkout#1": "unstable",
    }
    branch = memory.run("payments/app/feature%2Fx#1")
    assert (branch["branch"], branch["default_branch"]) == ("feature/x", False)
    assert branch["url"] == f"{jenkins.address}/job/payments/job/app/job/feature%252Fx/1/"
    assert memory.bad == []


def test_a_poll_of_what_is_known_is_one_request(jenkins: JenkinsStub):
    for name in ("one", "two", "payments/three"):
        jenkins.root.make(name, PIPELINE).play(NOON)
    memory = poll(jenkins, Memory())
    jenkins.forget()
    before = shown(memory)
    poll(jenkins, memory)
    assert [one.path for one in jenkins.requests] == [f"{jenkins.prefix}/api/json"]
    assert shown(memory) == before


def test_more_builds_than_come_with_the_list_are_read_on(jenkins: JenkinsStub):
    busy = jenkins.root.make("busy")
    for number in range(230):
        busy.play(minutes(number * 0.25), seconds=5)
    assert len(poll(jenkins, Memory()).states) == 230


def test_a_gap_below_a_known_build_is_filled(jenkins: JenkinsStub):
    busy = jenkins.root.make("busy")
    for number in range(60):
        busy.play(minutes(number), seconds=5)
    memory = Memory()
    for body in jenkins.notifications()[-4:]:  # the webhooks of the newest build alone arrived
        memory.hear(body, minutes(60))
    assert len(poll(jenkins, memory).states) == 60


def test_only_what_is_new_enough_is_read(jenkins: JenkinsStub):
    job = jenkins.root.make("nightly")
    job.play(minutes(-500))
    job.play(NOON)
    assert list(poll(jenkins, Memory(), since=-30).states) == ["nightly#2"]


@pytest.mark.parametrize("name", ["payments/checkout", "payments", "payments/app/feature%2Fx"])
def test_a_watch_may_name_a_folder_a_job_or_a_branch(jenkins: JenkinsStub, name: str):
    jenkins.root.make("other/job").play(NOON)
    jenkins.root.make("payments/checkout").play(NOON)
    jenkins.root.make("payments/app", MULTIBRANCH).make("feature%2Fx", PIPELINE).play(NOON)
    found = poll(jenkins, Memory(), name=name)
    assert found.states
    assert all(run_id.startswith(name) for run_id in found.states)
    assert {run["branch"] for run in map(found.run, found.states) if "feature" in run["external_id"]} <= {"feature/x"}


def test_a_job_that_is_named_and_not_there_is_said(jenkins: JenkinsStub):
    with pytest.raises(RemoteError, match="payments/lost is not on") as caught:
        poll(jenkins, Memory(), name="payments/lost")
    assert caught.value.trouble is Trouble.NOT_FOUND


def test_a_running_build_is_followed_until_it_ends(jenkins: JenkinsStub):
    job = jenkins.root.make("app", PIPELINE)
    build = job.start(NOON)
    job.stage(build, "Build", NOON, minutes(1))
    job.stage(build, "Approve", minutes(1), status="PAUSED_PENDING_INPUT")
    memory = poll(jenkins, Memory(), now=3)
    assert shown(memory) == {"app#1": "waiting"}
    assert [stage["outcome"] for stage in memory.jobs("app#1")] == ["success", "waiting"]
    build.stages[1].update(status="SUCCESS", durationMillis=600_000, pauseDurationMillis=540_000)
    job.stage(build, "Deploy", minutes(11))
    poll(jenkins, memory, now=12, since=5)
    assert shown(memory) == {"app#1": "running"}
    assert [stage["outcome"] for stage in memory.jobs("app#1")] == ["success", "success", "running"]
    job.finish(build, minutes(12), "FAILURE")
    poll(jenkins, memory, now=13, since=11)
    assert shown(memory) == {"app#1": "failure"}
    assert memory.run("app#1")["duration_s"] == 12 * 60 - 540  # less what it waited for a person
    assert [stage["duration_s"] for stage in memory.jobs("app#1")] == [60, 60, 60]
    assert memory.run("app#1")["failed_job"] == "Deploy"
    assert memory.jobs_known["app#1"] == 1


def test_a_build_that_vanished_has_ended_and_keeps_its_history(jenkins: JenkinsStub):
    job = jenkins.root.make("payments/app")
    job.play(NOON)
    job.start(minutes(1))
    memory = poll(jenkins, Memory(), now=5)
    jenkins.root.remove("payments/app")
    poll(jenkins, memory, now=10)
    assert shown(memory) == {"payments/app#1": "success", "payments/app#2": "unknown"}
    assert memory.run("payments/app#2")["raw_conclusion"] == "gone"
    poll(jenkins, memory, now=15)  # asked for once more, in case it was only hidden
    jenkins.forget()
    poll(jenkins, memory, now=20)
    assert len(jenkins.requests) == 1


def test_a_build_that_was_hidden_for_one_poll_comes_back(jenkins: JenkinsStub):
    job = jenkins.root.make("app")
    build = job.start(NOON)
    memory = poll(jenkins, Memory(), now=5)
    job.hidden = True
    poll(jenkins, memory, now=10)
    assert shown(memory) == {"app#1": "unknown"}
    job.hidden = False
    job.finish(build, minutes(11), "FAILURE")
    assert shown(poll(jenkins, memory, now=15)) == {"app#1": "failure"}


def test_without_the_stage_plugin_builds_have_no_jobs_and_are_done(jenkins: JenkinsStub):
    jenkins.stage_api = False
    job = jenkins.root.make("app", PIPELINE)
    for number in range(6):
        job.play(minutes(number))
    memory = poll(jenkins, Memory())
    assert set(memory.jobs_known.values()) == {1}
    assert len(jenkins.asked("wfapi")) == 2  # then it is believed


def test_stages_that_cannot_be_read_today_are_read_another_day(jenkins: JenkinsStub):
    jenkins.root.make("app", PIPELINE).play(NOON)
    jenkins.fail_next(3, status=500, path="wfapi")
    memory = poll(jenkins, Memory())
    assert (shown(memory), memory.jobs_known) == ({"app#1": "success"}, {"app#1": 0})
    jenkins.all_well()
    poll(jenkins, memory)
    poll(jenkins, memory)
    assert [stage["name"] for stage in poll(jenkins, memory).jobs("app#1")] == ["Build", "Test"]


def test_the_cells_of_a_matrix_are_its_jobs(jenkins: JenkinsStub):
    matrix = jenkins.root.make("folder/tests", MATRIX)
    cells = [Job(name, CELL, matrix) for name in ("os=linux", "os=mac")]
    matrix.children |= {cell.name: cell for cell in cells}
    linux, mac = cells[0].play(NOON, "FAILURE", log=b"red\n"), cells[1].play(NOON)
    matrix.play(
        NOON, "FAILURE", children=[child(cells[0], linux), child(cells[1], mac), child(cells[1], mac, number=7)]
    )
    memory = poll(jenkins, Memory())
    assert {job["name"]: job["outcome"] for job in memory.jobs("folder/tests#1")} == {
        "os=linux": "failure",
        "os=mac": "success",
    }
    red = next(job for job in memory.jobs("folder/tests#1") if job["outcome"] == "failure")
    assert red["url"] == f"{jenkins.address}/job/folder/job/tests/os=linux/1/"
    with REMOTE.log(connected(jenkins), LogAsked("folder", "folder/tests#1", red["external_id"], 1, True)) as stream:
        assert b"".join(stream.chunks) == b"red\n"


def test_the_sub_builds_of_a_multijob_are_its_jobs_down_to_those_with_a_log(jenkins: JenkinsStub):
    parent, middle, leaf = (jenkins.root.make(name, MULTIJOB) for name in ("all", "linux", "linux-arm"))
    built = leaf.play(NOON, "FAILURE", log=b"red\n")
    inner = middle.play(NOON, "FAILURE", children=[child(leaf, built)])
    below = child(middle, inner) | {"build": {"subBuilds": [{**child(leaf, built), "url": f"{leaf.path}1/"}]}}
    never = {"path": "", "jobName": "windows", "buildNumber": 0, "result": "NOT_BUILT", "build": None}
    parent.play(NOON, "FAILURE", children=[below, never])
    memory = poll(jenkins, Memory(), name="all")
    assert {job["name"]: (job["outcome"], job["external_id"]) for job in memory.jobs("all#1")} == {
        "linux / linux-arm": ("failure", "all#1/linux-arm#1"),
        "windows": ("skipped", "all#1/windows#-"),
    }
    with REMOTE.log(connected(jenkins), LogAsked("", "all#1", "all#1/linux-arm#1", 1, True)) as stream:
        assert b"".join(stream.chunks) == b"red\n"
    with pytest.raises(LogGone), REMOTE.log(connected(jenkins), LogAsked("", "all#1", "all#1/windows#-", 1, True)):
        pass


def test_a_number_used_again_is_not_taken_for_the_build_that_had_it(jenkins: JenkinsStub):
    jenkins.root.make("app").play(NOON, "FAILURE")
    memory = poll(jenkins, Memory(), now=5)
    jenkins.root.remove("app")
    jenkins.root.make("app").play(minutes(30))
    jenkins.forget()
    poll(jenkins, memory, now=40)
    assert len(jenkins.asked("/app/1/api/json")) == 1


def test_webhooks_and_a_poll_tell_the_same_of_a_build(jenkins: JenkinsStub):
    branch = jenkins.root.make("payments/app", MULTIBRANCH).make("main", PIPELINE)
    branch.play(NOON, "FAILURE", seconds=90, waited=timedelta(0))
    jenkins.root.make("payments/nightly").play(NOON, "UNSTABLE")
    told = Memory()
    for body in jenkins.notifications():
        told.hear(body, minutes(2))
    read = poll(jenkins, Memory())
    poll(jenkins, told)
    assert set(told.states) == set(read.states)
    for run_id, state in told.states.items():
        other = read.states[run_id]
        assert state.jobs == other.jobs
        for mine, theirs in ((state.run, other.run), (state.attempts[1], other.attempts[1])):
            assert mine is not None
            assert theirs is not None
            assert mine == theirs


def test_a_backfill_walks_all_history_and_counts_it(jenkins: JenkinsStub):
    for name, kind, builds in (("app", PIPELINE, 130), ("folder/old", FREESTYLE, 40), ("empty", FREESTYLE, 0)):
        job = jenkins.root.make(name, kind)
        for number in range(builds):
            job.play(minutes(-1000 + number), seconds=5)
    memory = backfill(jenkins, Memory())
    assert len(memory.states) == 170
    assert sum(batch.listed for batch in memory.batches) == sum(batch.done for batch in memory.batches) == 170
    assert memory.batches[0].total == memory.batches[-1].total == 170
    assert set(memory.jobs_known.values()) == {1}
    assert memory.batches[-1].reach is None
    assert any(batch.reach == NOON - timedelta(days=3000) for batch in memory.batches)
    assert max(len(batch.documents) for batch in memory.batches) <= 100
    assert sum(batch.requests for batch in memory.batches) == len(jenkins.requests)


def test_a_backfill_goes_on_from_every_place_where_it_was_stopped(jenkins: JenkinsStub):
    for name, kind in (("app", PIPELINE), ("other", FREESTYLE)):
        job = jenkins.root.make(name, kind)
        for number in range(120):
            job.play(minutes(-1000 + number), seconds=5)
    whole = backfill(jenkins, Memory())
    cursor, memory = None, Memory()
    while len(memory.batches) < len(whole.batches):
        walk = REMOTE.backfill(
            connected(jenkins), Asked("", NOON - timedelta(days=9), minutes(60), cursor=cursor), memory, minutes(60)
        )
        memory.take([next(iter(walk))], minutes(60))
        cursor = memory.batches[-1].cursor
    assert shown(memory) == shown(whole)
    assert memory.jobs_known == whole.jobs_known
    assert sum(batch.done for batch in memory.batches) == 240


def test_a_backfill_stops_at_its_end_and_leaves_what_is_new_to_the_poll(jenkins: JenkinsStub):
    job = jenkins.root.make("app")
    for number in range(30):
        job.play(NOON - timedelta(days=30 - number))
    job.play(minutes(90))
    memory = backfill(jenkins, Memory(), name="app", days=10)
    assert len(memory.states) == 10
    assert [batch.reach for batch in memory.batches if batch.reach] == [NOON - timedelta(days=10)] * 2


def test_a_console_is_read_whole_once_and_bit_by_bit_while_it_grows(jenkins: JenkinsStub):
    job = jenkins.root.make("folder/app")
    build = job.start(NOON, log=b"one\n")
    asked = LogAsked("folder", "folder/app#1", None, 1, finished=False)
    with REMOTE.log(connected(jenkins), asked) as stream:
        assert (b"".join(stream.chunks), stream.position, stream.more) == (b"one\n", 4, True)
    job.finish(build, minutes(1), log=b"one\ntwo\n")
    rest = LogAsked("folder", "folder/app#1", None, 1, finished=True, position=4)
    with REMOTE.log(connected(jenkins), rest) as stream:
        assert (b"".join(stream.chunks), stream.position, stream.more) == (b"two\n", 8, False)
    whole = LogAsked("folder", "folder/app#1", None, 1, finished=True)
    with REMOTE.log(connected(jenkins), whole) as stream:
        assert (b"".join(stream.chunks), stream.charset) == (b"one\ntwo\n", "utf-8")
    assert [one.path.rpartition("/")[2] for one in jenkins.requests] == ["progressiveText"] * 2 + ["consoleText"]


@pytest.mark.parametrize(
    ("job_id", "finished", "error"),
    [(None, True, LogGone), (None, False, LogNotReady), ("app#9/6", True, LogGone), ("app#9/x#1", True, LogGone)],
)
def test_a_console_that_is_not_there_is_gone_or_not_ready(jenkins: JenkinsStub, job_id, finished, error):
    jenkins.root.make("app").play(NOON)
    with pytest.raises(error), REMOTE.log(connected(jenkins), LogAsked("", "app#9", job_id, 1, finished)):
        pass


def test_an_earlier_build_of_a_number_has_no_log_any_more(jenkins: JenkinsStub):
    jenkins.root.make("app").play(NOON, log=b"of another build")
    with pytest.raises(LogGone), REMOTE.log(connected(jenkins), LogAsked("", "app#1~1", None, 1, True)):
        pass
    assert jenkins.requests == []


# What others recorded.


@needs_recordings
def test_recorded_builds_end_in_the_figures_that_are_known_of_them(jenkins: JenkinsStub):
    job, other = jenkins.root.make("dir/sub/devlake"), jenkins.root.make("pipeline-test2")
    with (RECORDED / "rest" / "devlake" / "_raw_jenkins_api_builds.csv").open() as file:
        for row in csv.DictReader(file):
            build = json.loads(row["data"])
            (other if "test2" in build["fullDisplayName"] else job).add(build)
    memory = backfill(jenkins, Memory())
    assert (len(memory.states), memory.bad) == (14, [])
    still = [run_id for run_id in memory.states if memory.run(run_id)["status"] != "completed"]
    assert len(still) == 3  # `building` with a result: not ended
    assert memory.run("dir/sub/devlake#10004")["outcome"] == "unknown"  # "NOT_BUILD" is no word of Jenkins
    for build in job.builds.values():
        build.document["building"] = False
    poll(jenkins, memory)
    durations = [memory.run(run_id)["duration_s"] for run_id in memory.states]
    assert (len(durations), round(sum(durations) * 1000)) == (14, 23_243)
    assert memory.run("dir/sub/devlake#31")["branch"] == "main"


def recorded_tree(case: str, name: str) -> dict[str, Any]:
    return json.loads((RECORDED / "node-ci" / case / f"{name}.json").read_text())


@needs_recordings
@pytest.mark.parametrize(
    ("case", "name", "jobs", "red"),
    [
        (
            "git-failure-1",
            "node-test-pull-request-15449",
            12,
            ["node-test-commit / node-test-commit-freebsd", "node-test-commit / node-test-commit-linuxone"],
        ),
        ("git-failure-1", "node-test-commit-linuxone-2220", 1, ["label=rhel72-s390x"]),
        ("no-compiler-error", "node-test-commit-osx-19307", 1, ["nodes=osx1010"]),
        ("trigger-failure", "node-test-pull-request-15442", 0, []),
        ("citgm-nobuild", "citgm-smoker-nobuild-866", 12, None),
    ],
)
def test_recorded_trees_of_builds_name_the_red_leaves(jenkins: JenkinsStub, case, name, jobs, red):
    path, _, number = name.rpartition("-")
    build = {"number": int(number), "timestamp": 1_528_700_000_000, "building": False} | recorded_tree(case, name)
    jenkins.root.make(path, MULTIJOB).add(build)
    memory = backfill(jenkins, Memory())
    run_id = f"{path}#{number}"
    assert (memory.run(run_id)["outcome"], len(memory.jobs(run_id))) == ("failure", jobs)
    if red is not None:
        failed = [job["name"] for job in memory.jobs(run_id) if job["outcome"] in ("failure", "unstable")]
        assert sorted(failed) == red
