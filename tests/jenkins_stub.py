"""Jenkins on this machine: a real server over the jobs of `tests.jenkins_world`, with `tree=` understood.

    with JenkinsStub() as jenkins:
        job = jenkins.root.make("payments/nightly")
        job.play(NOON, "FAILURE", log=b"...")
        ...  # jenkins.address is what a person would enter as JENKINS_URL

It checks Basic authentication, and goes wrong on demand: see StubServer.
"""

from __future__ import annotations

import base64
import copy
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from tests.jenkins_tree import Lazy, parse_tree, prune, shallow
from tests.jenkins_world import (
    BUILD_CLASSES,
    COLORS,
    FOLDER,
    MATRIX,
    MULTIBRANCH,
    MULTIJOB,
    PIPELINE,
    Build,
    Job,
    ms,
)
from tests.stub_server import Answer, Request, StubServer, as_json

VERSION = "2.462.3"
MOST_BUILDS = 100  # in `builds`; `allBuilds` has all
NOT_FOUND = b"<html><head><title>Not Found</title></head><body><h1>Not Found</h1></body></html>"
LOGIN = (
    b"<html><head><meta http-equiv='refresh' content='1;url=/login?from=%2Fapi%2Fjson'/></head>"
    b"<body>Authentication required</body></html>"
)


class JenkinsStub(StubServer):
    """`prefix` is the context path, such as "/jenkins". While `anonymous` is set, nobody needs to sign in."""

    def __init__(self, prefix: str = "") -> None:
        super().__init__()
        self.prefix = prefix
        self.root = Job("", FOLDER)
        self.users: dict[str, str] = {"wren": "api-token"}
        self.anonymous = True
        self.stage_api = True
        self.queue: list[dict[str, Any]] = []

    @property
    def address(self) -> str:
        return f"{self.url}{self.prefix}"

    def notifications(self) -> list[dict[str, Any]]:
        """What the Notification plugin would have posted so far, in order."""
        told = copy.deepcopy(self.root.notifications)
        for one in told:
            one["build"]["full_url"] = one["build"]["full_url"].format(root=self.address)
        return told

    def wait(self, job: Job, since: datetime, why: str = "Waiting for next available executor") -> dict[str, Any]:
        """A build of this job waits in the queue; take it out of `queue` when it starts."""
        known = {
            "_class": "hudson.model.Queue$BuildableItem",
            "id": 9000 + len(self.queue),
            "why": why,
            "inQueueSince": ms(since),
            "blocked": False,
            "buildable": True,
            "stuck": False,
            "task": {"name": job.name, "url": f"{self.address}/{job.path}"},
        }
        self.queue.append(known)
        return known

    def answer(self, request: Request) -> Answer:
        user = self._user(request)
        if not request.path.startswith(self.prefix + "/"):
            return _html(404, NOT_FOUND)
        if "authorization" in request.headers and user is None:
            return _html(401, b"<html>Invalid password/token</html>", WWW_Authenticate='Basic realm="Jenkins"')
        path = request.path.removeprefix(self.prefix)
        if user is None and not self.anonymous and path != "/login":
            return _html(403, LOGIN, X_You_Are_Authenticated_As="anonymous")
        if request.method == "POST" and "jenkins-crumb" not in request.headers and user is None:
            return _html(403, b"No valid crumb was included in the request")
        found = self._found(request, path, user)
        found.headers.setdefault("X-Jenkins", VERSION)
        return found

    def _user(self, request: Request) -> str | None:
        kind, _, said = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "basic":
            return None
        name, _, secret = base64.b64decode(said).decode().partition(":")
        return name if self.users.get(name) == secret else None

    def _found(self, request: Request, path: str, user: str | None) -> Answer:
        segments = [unquote(part) for part in path.split("/") if part]
        job: Job | None = self.root
        while job is not None and segments[:1] == ["job"] and len(segments) > 1:
            job = job.children.get(segments[1])
            job = None if job is None or job.hidden else job
            segments = segments[2:]
        if job is not None and job.kind == MATRIX and segments and segments[0] in job.children:
            job, segments = job.children[segments[0]], segments[1:]
        if job is None:
            return _html(404, NOT_FOUND)
        if job is self.root:
            return self._about_us(request, segments, user)
        return self._of_job(request, job, segments)

    def _about_us(self, request: Request, rest: list[str], user: str | None) -> Answer:
        name = user or "anonymous"
        known = {
            ("api", "json"): lambda: self._folder(self.root),
            ("queue", "api", "json"): lambda: {"_class": "hudson.model.Queue", "items": self.queue},
            ("crumbIssuer", "api", "json"): lambda: {"crumb": "c0ffee", "crumbRequestField": "Jenkins-Crumb"},
            ("whoAmI", "api", "json"): lambda: {"name": name, "anonymous": user is None, "authenticated": True},
            ("me", "api", "json"): lambda: {"id": name, "fullName": name.title()} if user else None,
        }
        item = known.get(tuple(rest))
        if item is None and rest[:2] == ["queue", "item"] and rest[3:] == ["api", "json"]:
            item = lambda: next((one for one in self.queue if str(one["id"]) == rest[2]), None)  # noqa: E731
        document = item() if item else None
        return self._pruned(request, document) if document is not None else _html(404, NOT_FOUND)

    def _of_job(self, request: Request, job: Job, rest: list[str]) -> Answer:
        if rest == ["api", "json"]:
            return self._pruned(request, self._job(job))
        if rest == ["wfapi", "runs"]:
            return self._stages_of(job, [job.builds[number] for number in sorted(job.builds, reverse=True)][:10])
        number = self._number(job, rest[0]) if rest else None
        build = job.builds.get(number) if number is not None else None
        if build is None:
            return _html(404, NOT_FOUND)
        if rest[1:] == ["api", "json"]:
            return self._pruned(request, self._build(job, build))
        if rest[1:] == ["wfapi", "describe"]:
            return self._stages_of(job, [build], single=True)
        if rest[1:] in (["consoleText"], ["logText", "progressiveText"]):
            return _console(request, build, progressive=len(rest) == 3)
        return _html(404, NOT_FOUND)

    def _number(self, job: Job, text: str) -> int | None:
        if text in ("lastBuild", "lastCompletedBuild"):
            ended = [number for number, build in job.builds.items() if text == "lastBuild" or not build.building]
            return max(ended, default=None)
        return int(text) if text.isdigit() else None

    def _pruned(self, request: Request, document: Any) -> Answer:
        tree = request.query.get("tree")
        return as_json(prune(document, parse_tree(tree)) if tree else shallow(document))

    # Documents, whole; `tree=` chooses from them.

    def _folder(self, job: Job) -> dict[str, Any]:
        jobs = [self._job(child) for child in job.children.values() if not child.hidden]
        if job is self.root:
            return {"_class": "hudson.model.Hudson", "mode": "NORMAL", "url": f"{self.address}/", "jobs": jobs}
        return {**self._names(job), "jobs": jobs}

    def _names(self, job: Job) -> dict[str, Any]:
        shown = unquote(job.name)
        return {
            "_class": job.kind,
            "name": job.name,
            "displayName": shown,
            "fullName": job.full_name,
            "fullDisplayName": " » ".join(unquote(part) for part in job.full_name.split("/")),
            "url": f"{self.address}/{job.path}",
        }

    def _job(self, job: Job) -> dict[str, Any]:
        if job.kind in (FOLDER, MULTIBRANCH):
            return self._folder(job)
        numbers = sorted(job.builds, reverse=True)
        last = job.builds[numbers[0]] if numbers else None
        every = Lazy(lambda cut: [self._build(job, job.builds[number]) for number in numbers[cut]])
        newest = Lazy(lambda cut: [self._build(job, job.builds[number]) for number in numbers[:MOST_BUILDS][cut]])
        known = self._names(job) | {
            "buildable": True,
            "color": _color(job, numbers),
            "inQueue": False,
            "nextBuildNumber": job.next_number,
            "builds": newest,
            "allBuilds": every,
            "lastBuild": self._build(job, last) if last else None,
            "firstBuild": self._build(job, job.builds[numbers[-1]]) if numbers else None,
        }
        if job.kind == MATRIX:
            known["activeConfigurations"] = [self._job(cell) for cell in job.children.values()]
        return known

    def _build(self, job: Job, build: Build) -> dict[str, Any]:
        url = f"{self.address}/{job.path}{build.number}/"
        if build.document:
            usual = {"building": build.building, "timestamp": ms(build.at), "duration": 0}
            return self._with_children({**usual, **build.document, "number": build.number, "url": url})
        shown = unquote(job.name)
        known: dict[str, Any] = {
            "_class": BUILD_CLASSES[job.kind],
            "id": str(build.number),
            "number": build.number,
            "url": url,
            "displayName": f"#{build.number}",
            "fullDisplayName": f"{shown} #{build.number}",
            "description": None,
            "result": build.result,
            "building": build.building,
            "inProgress": build.building,
            "timestamp": ms(build.at),
            "duration": build.duration_ms,
            "estimatedDuration": 60_000,
            "queueId": build.queue_id,
            "actions": self._actions(build),
            "culprits": [],
        }
        if job.kind != PIPELINE:
            known["builtOn"] = "agent-1"
        known |= {"changeSets": []} if job.kind == PIPELINE else {"changeSet": {"_class": "", "items": []}}
        children = {MATRIX: "runs", MULTIJOB: "subBuilds"}.get(job.kind)
        if children:
            # A matrix says whole addresses, a MultiJob paths below the server's.
            root = f"{self.address}/" if job.kind == MATRIX else ""
            known[children] = [{**child, "url": child["path"] and root + child["path"]} for child in build.children]
        return known

    def _with_children(self, document: dict[str, Any]) -> dict[str, Any]:
        """A recorded MultiJob with the builds below it, where those were recorded too."""
        subs = []
        for sub in document.get("subBuilds", []):
            inner = sub.get("build") or self._recorded(str(sub.get("jobName")), sub.get("buildNumber"))
            subs.append({**sub, "build": self._with_children(inner)} if inner else sub)
        return {**document, "subBuilds": subs} if subs else document

    def _recorded(self, name: str, number: Any) -> dict[str, Any] | None:
        job = self.root.children.get(name)
        build = job.builds.get(number) if job else None
        return self._build(job, build) if job and build else None

    def _actions(self, build: Build) -> list[dict[str, Any]]:
        cause = build.cause or {
            "_class": "hudson.model.Cause$UserIdCause",
            "shortDescription": "Started by user Wren",
            "userId": "wren",
            "userName": "Wren",
        }
        revision = {"SHA1": build.sha, "branch": [{"SHA1": build.sha, "name": f"refs/remotes/origin/{build.branch}"}]}
        built = {
            "_class": "hudson.plugins.git.util.BuildData",
            "lastBuiltRevision": revision,
            "remoteUrls": ["https://github.com/kestrel/checkout-api.git"],
        }
        return [{"_class": "hudson.model.CauseAction", "causes": [cause]}, {}, built, {}]

    def _stages_of(self, job: Job, builds: list[Build], *, single: bool = False) -> Answer:
        if not (self.stage_api and job.stage_api and job.kind == PIPELINE):
            return _html(404, NOT_FOUND)
        described = [_described(job, build) for build in builds]
        return as_json(described[0] if single else described)


def child(job: Job, build: Build, **more: Any) -> dict[str, Any]:
    """How a MultiJob's or matrix's build lists one below it; `path=""` for one that never started."""
    known: dict[str, Any] = {
        "path": f"{job.path}{build.number}/",
        "jobName": job.name,
        "number": build.number,
        "buildNumber": build.number,
        "result": build.result,
        "duration": f"{build.duration_ms / 1000:.0f} sec",
        "phaseName": "Build",
        "icon": f"{COLORS.get(build.result or '', 'grey')}.png",
        "parentJobName": "",
        "parentBuildNumber": 0,
        "abort": False,
        "retry": False,
    }
    if build.children:
        below = [{**one, "url": one["path"]} for one in build.children]
        known["build"] = {"_class": BUILD_CLASSES[job.kind], "subBuilds": below}
    return known | more


def _described(job: Job, build: Build) -> dict[str, Any]:
    words = {None: "IN_PROGRESS", "SUCCESS": "SUCCESS", "FAILURE": "FAILED", "NOT_BUILT": "NOT_EXECUTED"}
    paused = any(stage["status"] == "PAUSED_PENDING_INPUT" for stage in build.stages)
    return {
        "_links": {"self": {"href": f"/{job.path}{build.number}/wfapi/describe"}},
        "id": str(build.number),
        "name": f"#{build.number}",
        "status": "PAUSED_PENDING_INPUT" if paused else words.get(build.result, build.result),
        "startTimeMillis": ms(build.started),
        "endTimeMillis": ms(build.ended or build.started),
        "durationMillis": build.duration_ms,
        "queueDurationMillis": ms(build.started) - ms(build.at),
        "pauseDurationMillis": 0,
        "stages": build.stages,
    }


def _console(request: Request, build: Build, *, progressive: bool) -> Answer:
    if build.log is None:
        return _html(404, NOT_FOUND)
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    if not progressive:
        return Answer(200, build.log, headers)
    begin = min(int(request.query.get("start", 0)), len(build.log))
    headers["X-Text-Size"] = str(len(build.log))
    if build.building:
        headers["X-More-Data"] = "true"
    return Answer(200, build.log[begin:], headers)


def _html(status: int, body: bytes, **headers: str) -> Answer:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, body, {"Content-Type": "text/html;charset=utf-8", "X-Jenkins": VERSION, **named})


def _color(job: Job, numbers: list[int]) -> str:
    """Never a result: while a build runs, the colour is that of the build before."""
    ended = [job.builds[number].result for number in numbers if not job.builds[number].building]
    word = COLORS.get(ended[0] or "", "notbuilt") if ended else "notbuilt"
    return f"{word}_anime" if numbers and job.builds[numbers[0]].building else word
