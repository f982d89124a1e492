"""Tokens, names and times of Jenkins; whole payloads are in test_payloads.py."""

from __future__ import annotations

import base64

import pytest

from cicd_health.model.runs import Attempt
from cicd_health.providers.jenkins import PROVIDER
from cicd_health.providers.provider import BadPayload, BadSignature, Ignored, NotJson

TOKEN = "s3cret-töken"
START_MS = 1772442000000  # 2026-03-02T09:00:00Z


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def attempt(url: str = "job/shop/42/", **build) -> Attempt:
    known = {"number": 42, "url": url, "phase": "STARTED", "timestamp": START_MS} | build
    [event] = PROVIDER.parse({}, {"name": "shop", "url": url, "build": known})
    assert isinstance(event, Attempt)
    return event


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, {"token": TOKEN}),
        ({"authorization": f"Bearer {TOKEN}"}, {}),
        ({"authorization": f"bearer  {TOKEN}"}, {}),
        ({"authorization": basic("jenkins", TOKEN)}, {}),
        ({"x-jenkins-token": TOKEN}, {}),
        ({"x-jenkins-token": "wrong"}, {"token": TOKEN}),
    ],
)
def test_the_token_may_come_in_any_of_four_places(headers: dict[str, str], query: dict[str, str]):
    PROVIDER.verify(headers, query, b"{}", ("older", TOKEN))


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, {}),
        ({}, {"token": ""}),
        ({}, {"token": TOKEN[:-1]}),
        ({"authorization": TOKEN}, {}),
        ({"authorization": basic(TOKEN, "")}, {}),
        ({"authorization": "Basic ????"}, {}),
        ({"authorization": "Basic /////w=="}, {}),
        ({"x-jenkins-token": "\ud800"}, {}),
    ],
)
def test_anything_else_is_refused(headers: dict[str, str], query: dict[str, str]):
    with pytest.raises(BadSignature):
        PROVIDER.verify(headers, query, b"{}", (TOKEN,))


@pytest.mark.parametrize("secrets", [(), ("",)], ids=["none", "empty"])
def test_no_secret_configured_never_means_accept(secrets: tuple[str, ...]):
    with pytest.raises(BadSignature):
        PROVIDER.verify({"authorization": basic("jenkins", "")}, {"token": TOKEN}, b"{}", secrets)


def test_the_plugins_xml_format_is_not_json():
    with pytest.raises(NotJson):
        PROVIDER.decode({}, b"<job><name>shop</name></job>")


def test_equal_bodies_are_one_delivery_and_the_phase_is_its_action():
    def envelope(body: bytes):
        return PROVIDER.envelope({}, {"build": {"phase": "STARTED"}}, body)

    assert envelope(b"{}") == envelope(b"{}")
    assert envelope(b"{}").external_id != envelope(b"{ }").external_id
    assert envelope(b"{}").action == "STARTED"
    assert PROVIDER.envelope({}, [{"event": "strange"}], b"[]").action is None


@pytest.mark.parametrize(
    ("url", "repo", "pipeline", "external_id"),
    [
        ("job/shop/42/", "", "shop", "shop#42"),
        ("job/a%20b/42/", "", "a b", "a b#42"),
        ("/job/folder/job/shop/42", "folder", "shop", "folder/shop#42"),
        ("job/f/job/repo/job/feature%252Fx/42/", "f/repo", "feature/x", "f/repo/feature%2Fx#42"),
        ("job/job/job/job/42/", "job", "job", "job/job#42"),
        ("job/folder/job/2024/42/", "folder", "2024", "folder/2024#42"),
        ("job/matrix/os=linux,py=3/42/", "matrix", "os=linux,py=3", "matrix/os=linux,py=3#42"),
        ("view/all/job/shop/42/", "", "shop", "shop#42"),
        ("job/sh%C3%B6p/42/", "", "shöp", "shöp#42"),
    ],
)
def test_a_build_is_known_by_the_path_in_its_url(url: str, repo: str, pipeline: str, external_id: str):
    known = attempt(url)
    assert (known.repo.name, known.pipeline.name, known.external_id) == (repo, pipeline, external_id)


def test_two_branches_of_the_same_name_in_two_projects_are_two_builds():
    assert attempt("job/a/job/main/1/").external_id != attempt("job/b/job/main/1/").external_id


def test_the_server_is_where_jenkins_says_it_is_with_the_path_it_is_served_under():
    assert attempt(full_url="https://bot:pw@CI.example:8443/jenkins/job/shop/42/").host == "ci.example:8443/jenkins"
    assert attempt(full_url="https://ci.example/job/shop/42/").host == "ci.example"
    assert attempt().host == "jenkins"
    assert attempt(full_url="javascript:alert(1)").url is None


def test_a_password_in_the_address_is_not_kept():
    assert "pw" not in repr(attempt(full_url="https://bot:pw@ci.example/job/shop/42/"))


@pytest.mark.parametrize(
    ("scm_branch", "branch"),
    [
        ("origin/main", "main"),
        ("refs/remotes/origin/main", "main"),
        ("refs/heads/feature/x", "feature/x"),
        ("main", "main"),
        ("refs/tags/v1", "refs/tags/v1"),
        ("origin/", None),
        (None, None),
    ],
)
def test_a_branch_is_shown_without_its_remote(scm_branch: str | None, branch: str | None):
    assert attempt(scm={"branch": scm_branch}).branch == branch


@pytest.mark.parametrize(
    ("url", "scm_branch", "branch", "multibranch"),
    [
        ("job/repo/job/develop/1/", "origin/develop", "develop", True),
        ("job/repo/job/PR-7/1/", None, "PR-7", True),
        ("job/repo/job/a%252Fb/1/", None, "a/b", True),
        ("job/repo/job/main/1/", None, "main", True),
        ("job/folder/job/deploy/1/", "origin/main", "main", False),
        ("job/folder/job/main/1/", "origin/develop", "develop", False),
        ("job/folder/job/deploy/1/", None, None, False),
        ("job/main/1/", "origin/main", "main", False),
    ],
)
def test_a_job_named_as_its_branch_inside_another_is_part_of_a_multibranch_project(
    url: str, scm_branch: str | None, branch: str | None, multibranch: bool
):
    known = attempt(url, scm={"branch": scm_branch})
    assert (known.branch, known.multibranch) == (branch, multibranch)


def test_a_running_build_has_no_duration_and_no_end():
    known = attempt(phase="STARTED", duration=5000)
    assert (known.duration_s, known.completed_at) == (None, None)


def test_a_duration_of_zero_or_beyond_any_build_is_unmeasured():
    for duration in (0, -5, None, "94", 10**15):
        known = attempt(phase="COMPLETED", status="SUCCESS", duration=duration)
        assert (known.duration_s, known.started_at) == (None, None)


def test_a_later_phase_ranks_higher():
    phases = ["QUEUED", "STARTED", "COMPLETED", "FINALIZED"]
    assert [attempt(phase=phase).rank for phase in phases] == [0, 1, 2, 3]
    assert attempt(phase="FINISHED").rank == attempt(phase="finalized").rank == 3


@pytest.mark.parametrize("bad", [None, [], {}, {"build": []}, {"build": None}, {"buildUrl": "x", "event": "strange"}])
def test_a_body_about_no_build_says_what_is_missing(bad: object):
    with pytest.raises(BadPayload, match=r"build|event"):
        PROVIDER.parse({}, bad)


def test_a_cloud_event_in_one_piece_is_read_like_one_in_headers():
    body = {"userId": "ada", "build": {"number": 1, "url": "job/a/1/", "phase": "STARTED", "timestamp": START_MS}}
    assert PROVIDER.parse({}, {"specversion": "1.0", "type": "x", "data": body}) == PROVIDER.parse({}, body)


def test_a_cloud_event_about_no_build_is_ignored():
    with pytest.raises(Ignored, match=r"org\.jenkinsci\.node\.online"):
        PROVIDER.parse({"ce-type": "org.jenkinsci.node.online"}, {"nodeName": "n1"})


def test_an_old_body_without_times_needs_the_moment_it_was_received():
    payload = {"name": "shop", "build": {"number": 1, "phase": "COMPLETED", "status": "SUCCESS"}}
    with pytest.raises(BadPayload, match="timestamp"):
        PROVIDER.parse({}, payload)
    [event] = PROVIDER.parse({"x-received-at": "2026-03-02T09:00:00+00:00"}, payload)
    assert isinstance(event, Attempt)
    assert event.created_at == event.completed_at
    assert (event.started_at, event.duration_s, event.external_id) == (None, None, "shop#1")
