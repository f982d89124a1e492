"""A Jenkins that is down, slow, closed to us, or not what it says: told apart, and never followed elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from cicd_health.providers import http
from cicd_health.providers.jenkins import REMOTE
from cicd_health.providers.remote import Asked, LogAsked, RemoteError, Trouble
from tests.jenkins_stub import JenkinsStub
from tests.jenkins_world import PIPELINE
from tests.providers.jenkins_memory import Memory
from tests.providers.test_jenkins_remote import NOON, backfill, connected, minutes, poll, shown
from tests.stub_server import Answer, as_json


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PAUSE_S", 0.01)


@pytest.fixture
def jenkins() -> Iterator[JenkinsStub]:
    with JenkinsStub("/ci") as stub:
        for name in ("app", "lib", "tool"):
            stub.root.make(name).play(NOON)
        yield stub


Happening = Callable[[JenkinsStub], object]
HAPPENINGS: dict[str, tuple[Trouble, Happening]] = {
    "500": (Trouble.SERVER, lambda stub: stub.fail_next(9)),
    "503 while it starts": (Trouble.SERVER, lambda stub: stub.fail_next(9, 503)),
    "half an answer": (Trouble.GARBLED, lambda stub: stub.garbage(9)),
    "a list": (Trouble.GARBLED, lambda stub: stub.garbage(9, body=b"[]")),
    "deep nonsense": (Trouble.GARBLED, lambda stub: stub.garbage(9, body=b"[" * 100_000)),
    "a sign-in page": (Trouble.UNAUTHORIZED, lambda stub: stub.html(9)),
    "a sign-in page elsewhere": (Trouble.UNAUTHORIZED, lambda stub: stub.redirect("https://sso.example/authorize", 9)),
    "another address": (Trouble.GARBLED, lambda stub: stub.redirect("https://elsewhere.example/", 9)),
    "a redirect to nowhere": (Trouble.GARBLED, lambda stub: stub.redirect("http://[", 9)),
    "too often": (Trouble.SLOWED, lambda stub: stub.fail_next(9, 429, Retry_After="120")),
    "nobody there": (Trouble.UNREACHABLE, lambda stub: stub.hang_up(9)),
    "closed to visitors": (Trouble.UNAUTHORIZED, lambda stub: setattr(stub, "anonymous", False)),
    "all hidden": (Trouble.NOT_FOUND, lambda stub: stub.fail_next(9, 404)),
}


@pytest.mark.parametrize("what", HAPPENINGS)
def test_troubles_are_told_apart(jenkins: JenkinsStub, what: str):
    trouble, happen = HAPPENINGS[what]
    happen(jenkins)
    with pytest.raises(RemoteError) as caught:
        poll(jenkins, Memory())
    assert caught.value.trouble is trouble, caught.value.sentence
    assert (caught.value.retry_at is not None) == (trouble is Trouble.SLOWED)
    assert len(jenkins.requests) <= 3


def test_a_user_without_permission_is_told_so(jenkins: JenkinsStub):
    jenkins.fail_next(1, 403)
    with pytest.raises(RemoteError, match="wren may not read this") as caught:
        list(
            REMOTE.poll(
                connected(jenkins, username="wren", token="api-token"),
                Asked("", minutes(-60), minutes(60)),
                Memory(),
                NOON,
            )
        )
    assert caught.value.trouble is Trouble.FORBIDDEN


def test_a_wrong_token_is_told_without_naming_it(jenkins: JenkinsStub):
    tried = REMOTE.try_out(connected(jenkins, username="wren", token="s3cret-token"), None)
    assert not tried.ok
    assert "refuses the user or the API token" in tried.sentences[0]
    assert "s3cret-token" not in repr(tried)


def test_a_job_that_cannot_be_read_does_not_stop_the_others(jenkins: JenkinsStub):
    jenkins.fail_next(9, path="/job/lib/")
    memory = Memory()
    with pytest.raises(RemoteError, match=r"^lib could not be read, all else was: .* answered 500") as caught:
        poll(jenkins, memory)
    assert caught.value.trouble is Trouble.SERVER
    assert sorted(memory.states) == ["app#1", "tool#1"]


def test_many_jobs_that_cannot_be_read_hide_no_other(jenkins: JenkinsStub):
    for number in range(20):
        jenkins.root.make(f"more/{number}").play(NOON)
    jenkins.fail_next(99, path="/job/more/")
    memory = Memory()
    with pytest.raises(RemoteError, match="and 19 more could not be read") as caught:
        poll(jenkins, memory)
    assert caught.value.partly
    assert sorted(memory.states) == ["app#1", "lib#1", "tool#1"]


def test_a_server_that_falls_ill_after_its_list_is_not_asked_about_every_job(jenkins: JenkinsStub):
    for number in range(20):
        jenkins.root.make(f"more/{number}").play(NOON)
    listed = iter(range(99))
    jenkins.instead(lambda asked: jenkins.answer(asked) if next(listed) == 0 else Answer(500), 99)
    with pytest.raises(RemoteError, match="answered 500") as caught:
        poll(jenkins, Memory())
    assert not caught.value.partly
    assert len(jenkins.asked()) == 5, "the list, three jobs, and the server itself"


def test_a_build_that_makes_no_sense_is_kept_apart_and_the_others_go_on(jenkins: JenkinsStub):
    odd = jenkins.root.make("odd")
    odd.play(NOON)
    for broken in ({"timestamp": "noon"}, {"timestamp": None, "result": ["?"]}, {"timestamp": 10**30}):
        odd.add({"number": odd.next_number, "timestamp": 1, "building": False, "result": "SUCCESS"}).document |= broken
    memory = poll(jenkins, Memory())
    assert sorted(memory.states) == ["app#1", "lib#1", "odd#1", "tool#1"]
    assert memory.bad == ["build.timestamp: missing, or not a time"] * 3
    again = backfill(jenkins, Memory())
    assert (len(again.states), len(again.bad)) == (4, 3)


@pytest.mark.parametrize("name", ["..", ".", "", "a/../../../secret", "a\x00b", None, 7])
def test_names_never_lead_out_of_the_server(jenkins: JenkinsStub, name: object):
    jobs = [{"name": name, "builds": [{"number": 1, "timestamp": 1}]}, {"name": "app", "builds": []}]
    jenkins.instead(lambda _: as_json({"jobs": jobs}), path="^/ci/api/json$")
    assert poll(jenkins, Memory()).states == {}
    assert all(one.path.startswith("/ci/") and ".." not in one.path for one in jenkins.requests)


def test_addresses_in_answers_are_never_followed(jenkins: JenkinsStub):
    with JenkinsStub() as elsewhere:
        for job in list(jenkins.root.walk()):
            job.builds[1].document = {
                "number": 1,
                "url": f"{elsewhere.url}/job/other/1/",
                "timestamp": 1_772_450_000_000,
                "building": False,
                "result": "FAILURE",
                "subBuilds": [{"jobName": "child", "buildNumber": 3, "url": f"{elsewhere.url}/job/child/3/"}],
            }
        memory = poll(jenkins, Memory())
        assert memory.run("app#1")["url"] == f"{jenkins.address}/job/app/1/"
        [job] = memory.jobs("app#1")
        assert job["url"] == f"{jenkins.address}/job/child/3/"
        asked = LogAsked("", "app#1", job["external_id"], 1, finished=True)
        with pytest.raises(Exception, match="has no log"), REMOTE.log(connected(jenkins), asked):
            pass
        assert elsewhere.requests == []


def test_a_console_that_leads_to_a_sign_in_page_is_no_log(jenkins: JenkinsStub):
    jenkins.html(1, path="consoleText")
    with pytest.raises(RemoteError, match="sign-in page"), REMOTE.log(connected(jenkins), _log_of_app()):
        pass
    with JenkinsStub() as elsewhere:
        text = Answer(200, b"token please", {"Content-Type": "text/plain"})
        elsewhere.instead(lambda _: text, n=9)
        jenkins.redirect(f"{elsewhere.url.replace('127.0.0.1', 'localhost')}/steal", path="consoleText")
        signed = connected(jenkins, username="wren", token="api-token")
        with pytest.raises(RemoteError, match="sign-in page"), REMOTE.log(signed, _log_of_app()):
            pass
        assert [one.headers.get("authorization") for one in elsewhere.requests] == [None]


def test_a_slice_that_is_too_much_is_halved_until_it_comes(jenkins: JenkinsStub, monkeypatch: pytest.MonkeyPatch):
    job = jenkins.root.make("huge")
    for number in range(120):
        job.play(minutes(-1000 + number), seconds=5)
    monkeypatch.setitem(http.Client.get.__kwdefaults__, "largest", 20_000)
    memory = backfill(jenkins, Memory(), name="huge")
    assert len(memory.states) == 120
    sizes = [one.query["tree"].rpartition("{")[2] for one in jenkins.asked("/job/huge/api/json$")[1:]]
    assert sizes[:4] == ["0,100}", "0,50}", "0,25}", "25,50}"]


def test_a_list_that_is_too_much_is_asked_for_with_fewer_builds(jenkins: JenkinsStub, monkeypatch: pytest.MonkeyPatch):
    for number in range(30):
        jenkins.root.find("app").play(minutes(1 + number))
    monkeypatch.setitem(http.Client.get.__kwdefaults__, "largest", 2_000)
    assert len(poll(jenkins, Memory()).states) == 33
    assert [
        ("{0,25}" in one.query["tree"], "{0,5}" in one.query["tree"]) for one in jenkins.asked("^/ci/api/json$")
    ] == [
        (True, False),
        (False, True),
    ]


def _log_of_app() -> LogAsked:
    return LogAsked("", "app#1", None, 1, finished=True)


def test_trying_says_who_we_are_and_what_can_be_seen(jenkins: JenkinsStub):
    jenkins.root.make("payments/pipe", PIPELINE).play(NOON)
    signed = REMOTE.try_out(connected(jenkins, username="wren", token="api-token"), None)
    assert signed.ok
    assert signed.sentences == (
        "Jenkins 2.462.3 answers.",
        "Signed in as wren.",
        "4 jobs can be seen.",
        "Stages of pipelines can be read.",
    )
    jenkins.stage_api = False
    visitor = REMOTE.try_out(connected(jenkins), "payments")
    assert visitor.ok
    assert [sentence.split(":")[0] for sentence in visitor.sentences[1:]] == [
        "We are a visitor there",
        "1 job can be seen in payments.",
        "Stages cannot be read",
    ]
    lost = REMOTE.try_out(connected(jenkins), "payments/lost")
    assert not lost.ok
    assert "payments/lost is not on" in lost.sentences[-1]


def test_trying_a_server_that_is_no_jenkins_says_so(jenkins: JenkinsStub):
    for happen in (jenkins.html, jenkins.garbage, lambda n: jenkins.fail_next(n, 502), jenkins.hang_up):
        happen(9)
        tried = REMOTE.try_out(connected(jenkins), None)
        assert (tried.ok, len(tried.sentences)) == (False, 1)
        assert tried.sentences[0].endswith(".")
        jenkins.all_well()
    assert shown(poll(jenkins, Memory())) == {"app#1": "success", "lib#1": "success", "tool#1": "success"}
