"""What real servers answered, put into the stubs: the files of the shared test data, which stay where they are."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.bodies import iso
from tests.conftest import SHARED_DATA
from tests.github_stub import GitHubStub
from tests.github_world import Repository
from tests.jenkins_stub import JenkinsStub
from tests.jenkins_world import FREESTYLE, MATRIX, MULTIJOB, PIPELINE, Job

GITHUB = SHARED_DATA / "github" / "rest"
JENKINS = SHARED_DATA / "jenkins"
HUB4J = "hub4j-test-org/GHWorkflowRunTest"
LATER = ("testApproval.5", "testCancelAndRerun.8")  # states that came after others that are recorded too
NODE_CI = "https://ci.nodejs.org"
NODE_CI_AT = datetime(2018, 6, 12, 10, 0, tzinfo=UTC)  # the recordings leave the times out
CLOCK = re.compile(r"\{\{(?:now|testStartDate)(?: offset='(\d+) seconds')?[^}]*?(format='unix')?\}\}")


def read(path: Path, now: datetime | None = None) -> Any:
    """A recorded document, its clock placeholders filled in."""
    moment = now or datetime.now(UTC)

    def filled(found: re.Match[str]) -> str:
        then = moment + timedelta(seconds=int(found[1] or 0))
        return str(int(then.timestamp())) if found[2] else f"{then:%a, %d %b %Y %H:%M:%S GMT}"

    return json.loads(CLOCK.sub(filled, path.read_text(encoding="utf-8")))


def fill_github(github: GitHubStub, *, first: bool = False) -> None:
    """Every recorded run and job. `first`: as they were before what came later was recorded."""
    for path, document in _recorded():
        if first and path.name.startswith(LATER):
            continue
        for run in _runs(document):
            _repo(github, run["repository"]).add(run)
        for job in _jobs(document):
            _add_job(github, job)
    log = SHARED_DATA / "github" / "logs" / "hub4j-job-2270858630.txt"
    github.repo(HUB4J).logs[2270858630] = log.read_bytes()


def _recorded() -> Iterator[tuple[Path, Any]]:
    """Documents; of a recorded exchange the body of its answer."""
    for path in sorted(GITHUB.rglob("*.json")):
        if path.name.startswith("exchange."):
            continue
        document = read(path)
        for one in document if isinstance(document, list) else [document]:
            yield path, json.loads(one["body"]) if isinstance(one.get("body"), str) else one.get("body", one)


def _runs(document: Any) -> list[dict[str, Any]]:
    found = document.get("workflow_runs", [document])
    return [one for one in found if "workflow_id" in one]


def _jobs(document: Any) -> list[dict[str, Any]]:
    found = document.get("jobs", [document])
    return [one for one in found if "run_id" in one]


def _repo(github: GitHubStub, about: dict[str, Any]) -> Repository:
    return github.repo(about["full_name"], id=about["id"])


def _add_job(github: GitHubStub, job: dict[str, Any]) -> None:
    """Of one run only its jobs were recorded: it is made from them."""
    full_name = job["run_url"].split("/repos/")[1].split("/actions/")[0]
    repo = github.repo(full_name)
    if job["run_id"] not in repo.attempts:
        started = datetime.fromisoformat(job["started_at"])
        run = repo.request(started - timedelta(seconds=5), id=job["run_id"], head_sha=job["head_sha"])
        run.update(status="completed", conclusion=job["conclusion"], updated_at=iso(started + timedelta(minutes=1)))
    repo.add_jobs(job["run_id"], [job])


def fill_devlake(jenkins: JenkinsStub) -> None:
    """The rows of `allBuilds` and `wfapi/describe` that DevLake kept."""
    folder = JENKINS / "rest" / "devlake"
    for row in _rows(folder / "_raw_jenkins_api_builds.csv"):
        document = json.loads(row["data"])
        full_name = json.loads(row["params"])["FullName"]
        job = jenkins.root.make(full_name, FREESTYLE if "/" in full_name else PIPELINE)
        job.add(document)
    for row in _rows(folder / "_raw_jenkins_api_stages.csv"):
        stage = json.loads(row["data"])
        if stage["_links"]["self"]["href"].startswith("/job/pipeline-test2/1/"):
            jenkins.root.find("pipeline-test2").builds[1].stages[:] = [stage]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def fill_node_ci(jenkins: JenkinsStub) -> None:
    """The trees of ci.nodejs.org: MultiJobs, a matrix below them, its cells with their consoles."""
    folder = JENKINS / "node-ci"
    for path in sorted(folder.glob("*/*.json")):
        document = read(path)
        found = re.fullmatch(r"(.+?)-(?:(?:label|nodes)-.+-)?(\d+)", path.stem)
        kind = _kind(document)
        if found is None or kind is None:
            continue
        text = json.dumps(document).replace(NODE_CI, jenkins.address)
        jenkins.root.make(found[1], kind).add(json.loads(text), NODE_CI_AT, int(found[2]))
    _add_cells(jenkins.root)
    for path in sorted(folder.glob("*/*.txt")):
        for parent, axis, value, number in re.findall(r"(.+?)-(label|nodes)-(.+)-(\d+)", path.stem):
            cell = jenkins.root.children[parent].children[f"{axis}={value}"]
            cell.builds[int(number)].log = path.read_bytes()


def _kind(document: Any) -> str | None:
    name = document.get("_class", "") if isinstance(document, dict) else ""
    return {"MultiJobBuild": MULTIJOB, "MatrixBuild": MATRIX}.get(name.rpartition(".")[2])


def _add_cells(root: Job) -> None:
    """The cells that matrix builds name, with the results they give them."""
    for job in [one for one in root.children.values() if one.kind == MATRIX]:
        for build in list(job.builds.values()):
            for run in build.document["runs"]:
                name, number = run["url"].rstrip("/").split("/")[-2:]
                cell = job.children.setdefault(name, Job(name, "hudson.matrix.MatrixConfiguration", job))
                known = {"_class": "hudson.matrix.MatrixRun", "result": run.get("result"), "number": int(number)}
                cell.add(known, NODE_CI_AT, int(number))
