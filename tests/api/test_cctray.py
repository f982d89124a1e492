"""`GET /cctray.xml`, held against the published rules of the format: https://cctray.org/v1/"""

from __future__ import annotations

import base64
import re
from datetime import datetime, timedelta
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from cicd_health import access
from tests.api.conftest import KEY, NOW, RECENTLY, receive
from tests.bodies import github_run, jenkins_build
from tests.hostile_text import EVERY, turns

once = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # the database makes no difference
ACTIVITIES = {"Sleeping", "Building", "CheckingModifications"}
STATUSES = {"Pending", "Success", "Failure", "Exception", "Unknown"}
NEEDED = {"name", "activity", "lastBuildStatus", "lastBuildTime", "webUrl"}
MAY = NEEDED | {"lastBuildLabel", "nextBuildTime"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")


def projects(client: TestClient, **params: str) -> dict[str, dict[str, str]]:
    """What a monitor reads, by name; every rule of the format is held."""
    answer = client.get("/cctray.xml", params=params, headers=KEY)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/xml")
    root = ElementTree.fromstring(answer.content)
    assert (root.tag, root.attrib) == ("Projects", {})
    found = {}
    for one in root:
        assert (one.tag, len(one), (one.text or "").strip()) == ("Project", 0, "")
        assert set(one.attrib) >= NEEDED
        assert set(one.attrib) <= MAY
        assert one.attrib["activity"] in ACTIVITIES
        assert one.attrib["lastBuildStatus"] in STATUSES
        assert MOMENT.fullmatch(one.attrib["lastBuildTime"])
        assert one.attrib["name"] not in found
        found[one.attrib["name"]] = one.attrib
    return found


def test_each_pipeline_is_a_project_with_its_last_verdict(client: TestClient) -> None:
    receive(github_run(900, created=RECENTLY, seconds=60, conclusion="failure"))
    receive(jenkins_build(7, ended=RECENTLY), provider="jenkins")
    found = projects(client)
    assert set(found) == {"kestrel/checkout-api » ci", "payments » nightly"}
    failed = found["kestrel/checkout-api » ci"]
    assert (failed["activity"], failed["lastBuildStatus"], failed["lastBuildLabel"]) == ("Sleeping", "Failure", "900")
    assert datetime.fromisoformat(failed["lastBuildTime"]) == RECENTLY + timedelta(seconds=60)
    assert re.fullmatch(r"http://localhost:3000/pipelines/\d+", failed["webUrl"])
    assert found["payments » nightly"]["lastBuildStatus"] == "Success"


def test_a_running_build_is_said_beside_the_verdict_before(client: TestClient) -> None:
    receive(
        github_run(900, created=RECENTLY, conclusion="timed_out"),
        github_run(901, created=RECENTLY + timedelta(minutes=5), status="in_progress"),
        github_run(902, created=RECENTLY, status="in_progress", workflow="lint", workflow_id=12, branch="main"),
    )
    found = projects(client)["kestrel/checkout-api » ci"]
    assert (found["activity"], found["lastBuildStatus"], found["lastBuildLabel"]) == ("Building", "Exception", "900")


def test_the_default_branch_counts_unless_another_is_asked_for(client: TestClient) -> None:
    receive(
        github_run(900, created=RECENTLY),
        github_run(901, created=RECENTLY + timedelta(minutes=5), branch="topic", conclusion="failure"),
    )
    name = "kestrel/checkout-api » ci"
    assert projects(client)[name]["lastBuildStatus"] == "Success"
    assert projects(client, branch="topic")[name]["lastBuildStatus"] == "Failure"
    assert projects(client, branch="nowhere") == {}
    assert set(projects(client, repo="kestrel/checkout-api", provider="github", pipeline="ci")) == {name}
    assert projects(client, provider="jenkins") == {}
    assert client.get("/cctray.xml?pipeline=none", headers=KEY).status_code == 404


@once
def test_text_from_outside_is_text(client: TestClient) -> None:
    runs = [
        github_run(900 + n, created=RECENTLY, workflow=text.replace("\0", ""), workflow_id=100 + n)
        for n, text in enumerate(EVERY)
    ]
    for n, run in enumerate(runs):
        run["workflow"] |= {"id": 100 + n, "path": f".github/workflows/{n}.yml"}
    receive(*runs)
    found = projects(client)
    assert len(found) == len(EVERY)
    assert "".join(turns(name) for name in found) == ""
    assert any("<script>" in name for name in found)


@once
def test_programs_that_can_send_no_header_use_a_key_that_only_reads(client: TestClient) -> None:
    reading = access.create_key("tray", ["read"], NOW).key
    more = access.create_key("all", ["read", "ingest"], NOW).key
    assert client.get("/cctray.xml").status_code == 401
    assert client.get("/cctray.xml", params={"token": "wrong"}).status_code == 401
    assert client.get("/cctray.xml", params={"token": more}).status_code == 403
    assert client.get("/cctray.xml", params={"token": reading}).status_code == 200
    basic = base64.b64encode(f"anybody:{more}".encode()).decode()
    assert client.get("/cctray.xml", headers={"Authorization": f"Basic {basic}"}).status_code == 200
    assert client.get("/cctray.xml", headers={"Authorization": "Basic !"}).status_code == 401
