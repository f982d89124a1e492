"""Jobs and builds as Jenkins keeps them, changed step by step: each change is also a Notification plugin body."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

FOLDER = "com.cloudbees.hudson.plugins.folder.Folder"
MULTIBRANCH = "org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject"
PIPELINE = "org.jenkinsci.plugins.workflow.job.WorkflowJob"
FREESTYLE = "hudson.model.FreeStyleProject"
MATRIX = "hudson.matrix.MatrixProject"
CELL = "hudson.matrix.MatrixConfiguration"
MULTIJOB = "com.tikal.jenkins.plugins.multijob.MultiJobProject"
BUILD_CLASSES = {
    PIPELINE: "org.jenkinsci.plugins.workflow.job.WorkflowRun",
    FREESTYLE: "hudson.model.FreeStyleBuild",
    MATRIX: "hudson.matrix.MatrixBuild",
    CELL: "hudson.matrix.MatrixRun",
    MULTIJOB: "com.tikal.jenkins.plugins.multijob.MultiJobBuild",
}
COLORS = {"SUCCESS": "blue", "UNSTABLE": "yellow", "FAILURE": "red", "ABORTED": "aborted", "NOT_BUILT": "notbuilt"}
STAGE_WORDS = {"SUCCESS": "SUCCESS", "FAILURE": "FAILED", "UNSTABLE": "UNSTABLE", "ABORTED": "ABORTED"}
_ids = itertools.count(7_000)


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@dataclass(slots=True)
class Build:
    """One build. `document` overrides or adds fields of its api/json; `waited` is its time in the queue."""

    number: int
    at: datetime
    started: datetime
    ended: datetime | None = None
    result: str | None = None
    building: bool = True
    branch: str = "main"
    sha: str = ""
    cause: dict[str, Any] = field(default_factory=dict)
    waited: timedelta = timedelta()
    queue_id: int = 0
    stages: list[dict[str, Any]] = field(default_factory=list)
    children: list[dict[str, Any]] = field(default_factory=list)  # of `runs` or `subBuilds`
    log: bytes | None = b""
    document: dict[str, Any] = field(default_factory=dict)

    @property
    def duration_ms(self) -> int:
        return ms(self.ended) - ms(self.started) if self.ended else 0


class Job:
    """A job, a folder, a multibranch project or a cell. `name` is the job's own: `feature%2Fx` for a branch."""

    def __init__(self, name: str, kind: str, parent: Job | None = None) -> None:
        self.name, self.kind, self.parent = name, kind, parent
        self.children: dict[str, Job] = {}
        self.builds: dict[int, Build] = {}
        self.notifications: list[dict[str, Any]] = [] if parent is None else parent.notifications
        self.hidden = False
        self.stage_api = True  # whether the Pipeline REST API answers for it
        self.next_number = 1

    @property
    def path(self) -> str:
        """As in the address: `job/folder/job/name/`, each name encoded once."""
        if self.parent is None:
            return ""
        step = quote(self.name, safe="=,.-_~") if self.kind == CELL else f"job/{quote(self.name, safe='=,.-_~')}"
        return f"{self.parent.path}{step}/"

    @property
    def full_name(self) -> str:
        above = self.parent.full_name if self.parent else ""
        return f"{above}/{self.name}" if above else self.name

    def walk(self) -> Iterator[Job]:
        for child in self.children.values():
            yield child
            yield from child.walk()

    def find(self, full_name: str) -> Job:
        """A job below this one by its names, as Jenkins writes them."""
        found = self
        for name in full_name.split("/"):
            found = found.children[name]
        return found

    def make(self, full_name: str, kind: str = FREESTYLE) -> Job:
        """A job at this place; folders above it are made where they are missing."""
        *above, name = full_name.split("/")
        place = self
        for folder in above:
            place = place.children.setdefault(folder, Job(folder, FOLDER, place))
        return place.children.setdefault(name, Job(name, kind, place))

    def remove(self, full_name: str) -> None:
        """Somebody deleted it: Jenkins answers 404 and sends nothing."""
        *above, name = full_name.split("/")
        place = self.find("/".join(above)) if above else self
        del place.children[name]

    # Changes of a build, in the order of its life.

    def start(self, at: datetime, **more: Any) -> Build:
        """A build leaves the queue and starts. Its stages and console grow from here."""
        number = more.pop("number", None) or self.next_number
        self.next_number = number + 1
        if self.parent is not None and self.parent.kind == MULTIBRANCH:
            more.setdefault("branch", unquote(self.name))
        build = Build(number, at, at, queue_id=next(_ids), sha=more.pop("sha", f"{number:040x}"), **more)
        self.builds[number] = build
        self._tell("QUEUED", build, ms(at - build.waited))
        self._tell("STARTED", build, ms(at))
        return build

    def stage(
        self, build: Build, name: str, at: datetime, ended: datetime | None = None, status: str = "", pause_s: float = 0
    ) -> dict[str, Any]:
        """One stage of a pipeline; without an end it is running."""
        word = status or ("SUCCESS" if ended else "IN_PROGRESS")
        known = {
            "id": str(6 + 5 * len(build.stages)),
            "name": name,
            "execNode": "",
            "status": word,
            "startTimeMillis": ms(at),
            "durationMillis": ms(ended) - ms(at) if ended else 0,
            "pauseDurationMillis": round(pause_s * 1000),
        }
        build.stages.append(known)
        return known

    def finish(
        self, build: Build, at: datetime, result: str = "SUCCESS", log: bytes | None = None, *, final: str | None = None
    ) -> None:
        """It ends; `final` is what post-build steps made of the result."""
        build.ended, build.building, build.result = at, False, result
        if log is not None:
            build.log = log
        for stage in build.stages:
            if stage["status"] == "IN_PROGRESS":
                stage.update(status=STAGE_WORDS[result], durationMillis=ms(at) - stage["startTimeMillis"])
        self._tell("COMPLETED", build, ms(at))
        build.result = final or result
        self._tell("FINALIZED", build, ms(at) + 40)

    def play(
        self, at: datetime, result: str = "SUCCESS", *, seconds: float = 60, log: bytes | None = None, **more: Any
    ) -> Build:
        """A whole build; a pipeline's has two stages."""
        build = self.start(at, **more)
        end = at + timedelta(seconds=seconds)
        if self.kind == PIPELINE and not build.stages:
            middle = at + timedelta(seconds=seconds / 2)
            self.stage(build, "Build", at, middle)
            self.stage(build, "Test", middle)
        self.finish(build, end, result, log)
        return build

    def add(self, document: dict[str, Any], at: datetime | None = None, number: int | None = None) -> Build:
        """A build as it was recorded; `at` and `number` where the recording does not say them."""
        if at is None:
            at = datetime.fromtimestamp(document["timestamp"] / 1000, UTC)
        number = number or document["number"]
        known = Build(number, at, at, document=document, building=bool(document.get("building")))
        self.builds[number] = known
        self.next_number = max(self.next_number, number + 1)
        return known

    def _tell(self, phase: str, build: Build, timestamp: int) -> None:
        path = self.path
        body: dict[str, Any] = {
            "number": build.number,
            "queue_id": build.queue_id,
            "phase": phase,
            "timestamp": timestamp,
            "duration": build.duration_ms if phase in ("COMPLETED", "FINALIZED") else 0,
            "url": f"{path}{build.number}/",
            "full_url": f"{{root}}/{path}{build.number}/",
            "scm": {"branch": f"origin/{build.branch}", "commit": build.sha, "changes": [], "culprits": []},
            "artifacts": {},
        }
        if build.result and phase in ("COMPLETED", "FINALIZED"):
            body["status"] = build.result
        name = unquote(self.name)
        self.notifications.append({"name": self.name, "display_name": name, "url": path, "build": body})
