"""A repository as GitHub keeps it, changed step by step: each change is also a webhook that GitHub would have sent."""

from __future__ import annotations

import copy
import hashlib
import hmac
import itertools
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.bodies import iso

_ids = itertools.count(1_000)
OWNER = {"login": "kestrel", "id": 500, "type": "Organization"}
WREN = {"login": "wren", "id": 501, "type": "User"}


@dataclass(frozen=True, slots=True)
class Webhook:
    """One delivery that GitHub would have sent at a moment."""

    at: datetime
    event: str
    guid: str
    body: dict[str, Any]
    host: str = ""  # of an Enterprise Server

    @property
    def raw(self) -> bytes:
        return json.dumps(self.body).encode()

    def headers(self, secret: str) -> dict[str, str]:
        named = {"X-GitHub-Enterprise-Host": self.host} if self.host else {}
        return named | {
            "Content-Type": "application/json",
            "X-GitHub-Event": self.event,
            "X-GitHub-Delivery": self.guid,
            "X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), self.raw, hashlib.sha256).hexdigest(),
        }


@dataclass(slots=True)
class Hook:
    """A webhook of a repository, and its deliveries as the API lists them."""

    id: int
    url: str
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    redelivered: list[int] = field(default_factory=list)


class Repository:
    """Runs by id: their attempts, oldest first, and all their jobs. Times are the caller's."""

    def __init__(self, full_name: str, *, id: int | None = None, site: str = "https://github.com") -> None:
        self.id = id or next(_ids)
        self.full_name = full_name
        self.site = site
        self.default_branch = "main"
        self.private = False
        self.hidden = self.forbidden = self.sso = False
        self.attempts: dict[Any, list[dict[str, Any]]] = {}
        self.jobs: dict[Any, list[dict[str, Any]]] = {}
        self.logs: dict[int, bytes] = {}  # by job; a finished job without one answers 404
        self.expired_logs: set[int] = set()
        self.jobs_late = 0  # so many answers about jobs are empty yet
        self.workflow_names: dict[Any, str] = {}  # of workflows that give their runs a title as name
        self.hooks: list[Hook] = []
        self.webhooks: list[Webhook] = []
        self.version = 0  # grows with every change
        self._numbers = itertools.count(1)

    def about(self) -> dict[str, Any]:
        owner, _, name = self.full_name.partition("/")
        return {
            "id": self.id,
            "name": name,
            "full_name": self.full_name,
            "private": self.private,
            "owner": OWNER | {"login": owner},
            "html_url": f"{self.site}/{self.full_name}",
            "default_branch": self.default_branch,
        }

    def briefly(self) -> dict[str, Any]:
        """As a run tells of its repository."""
        return {name: value for name, value in self.about().items() if name != "default_branch"}

    # Changes, in the order of a run's life.

    def request(
        self, at: datetime, *, branch: str = "main", workflow: str = "ci", event: str = "push", **more: Any
    ) -> dict[str, Any]:
        """A new run, queued."""
        id = more.pop("id", None) or next(_ids)
        number = next(self._numbers)
        run = {
            "id": id,
            "name": workflow,
            "display_title": f"Change {number}",
            "run_number": number,
            "run_attempt": 1,
            "event": event,
            "status": "queued",
            "conclusion": None,
            "workflow_id": 11 + len(workflow),
            "path": f".github/workflows/{workflow}.yml",
            "head_branch": branch,
            "head_sha": f"{id:040x}",
            "head_commit": {"id": f"{id:040x}", "message": f"Change {number}"},
            "html_url": f"{self.site}/{self.full_name}/actions/runs/{id}",
            "pull_requests": [],
            "actor": WREN,
            "triggering_actor": WREN,
            "created_at": iso(at),
            "run_started_at": iso(at),
            "updated_at": iso(at),
            "repository": self.briefly(),
            "head_repository": self.briefly(),
        } | more
        self.attempts[id] = [run]
        self.jobs[id] = []
        self._tell_run("requested", run, at)
        return run

    def start(self, id: int, at: datetime) -> None:
        self._change(id, at, status="in_progress")
        self._tell_run("in_progress", self.attempts[id][-1], at)

    def finish(self, id: int, at: datetime, conclusion: str = "success", *, silent: bool = False) -> None:
        """The last attempt ends. Of a startup failure GitHub sends nothing: `silent`."""
        self._change(id, at, status="completed", conclusion=conclusion)
        if not silent:
            self._tell_run("completed", self.attempts[id][-1], at)

    def rerun(self, id: int, at: datetime) -> None:
        """A new attempt: the run starts anew, created_at and number stay."""
        before = self.attempts[id][-1]
        again = copy.deepcopy(before) | {
            "run_attempt": before["run_attempt"] + 1,
            "status": "queued",
            "conclusion": None,
            "run_started_at": iso(at),
            "updated_at": iso(at),
        }
        self.attempts[id].append(again)
        self._tell_run("requested", again, at)

    def queue_job(self, run_id: int, at: datetime, name: str = "unit", **more: Any) -> dict[str, Any]:
        run = self.attempts[run_id][-1]
        id = next(_ids)
        job = {
            "id": id,
            "run_id": run_id,
            "run_attempt": run["run_attempt"],
            "workflow_name": run["name"],
            "name": name,
            "head_branch": run["head_branch"],
            "head_sha": run["head_sha"],
            "status": "queued",
            "conclusion": None,
            "created_at": iso(at),
            "started_at": iso(at),
            "completed_at": None,
            "runner_id": 0,
            "runner_name": "",
            "labels": ["ubuntu-latest"],
            "steps": [],
            "html_url": f"{run['html_url']}/job/{id}",
        } | more
        self.jobs[run_id].append(job)
        self._tell_job("queued", job, at)
        return job

    def start_job(self, job: dict[str, Any], at: datetime) -> None:
        job.update(status="in_progress", started_at=iso(at), runner_id=7, runner_name="runner-7")
        job["steps"] = [_step(1, "Set up job", at, None, None), _step(2, "Test", None, None, None)]
        self._tell_job("in_progress", job, at)

    def finish_job(
        self, job: dict[str, Any], at: datetime, conclusion: str = "success", log: bytes | None = None
    ) -> None:
        began = datetime.fromisoformat(job["started_at"])
        if job["steps"]:
            job["steps"] = [
                _step(1, "Set up job", began, began + timedelta(seconds=1), "success"),
                _step(2, "Test", began + timedelta(seconds=1), at, conclusion),
            ]
        job.update(status="completed", conclusion=conclusion, completed_at=iso(at))
        if log is not None:
            self.logs[job["id"]] = log
        self._tell_job("completed", job, at)

    def play(
        self, at: datetime, conclusion: str = "success", *, jobs: tuple[str, ...] = ("unit",), seconds: int = 60,
        log: bytes | None = None, **more: Any,
    ) -> dict[str, Any]:  # fmt: skip
        """A whole run: queued, started after 3 s, its jobs side by side, ended."""
        run = self.request(at, **more)
        self._play_attempt(run["id"], at, conclusion, jobs, seconds, log)
        return self.attempts[run["id"]][-1]

    def play_again(
        self, id: int, at: datetime, conclusion: str = "success", *, jobs: tuple[str, ...] = ("unit",),
        seconds: int = 60, log: bytes | None = None,
    ) -> None:  # fmt: skip
        """A whole further attempt of a run."""
        self.rerun(id, at)
        self._play_attempt(id, at, conclusion, jobs, seconds, log)

    def _play_attempt(
        self, id: int, at: datetime, conclusion: str, jobs: tuple[str, ...], seconds: int, log: bytes | None
    ) -> None:
        queued = [self.queue_job(id, at + timedelta(seconds=1), name) for name in jobs]
        self.start(id, at + timedelta(seconds=3))
        for job in queued:
            self.start_job(job, at + timedelta(seconds=4))
        for place, job in enumerate(queued):
            worst = conclusion if place == 0 else "success"
            self.finish_job(job, at + timedelta(seconds=seconds - 1), worst, log)
        self.finish(id, at + timedelta(seconds=seconds), conclusion)

    def vanish(self, id: int) -> None:
        """Somebody deleted the run: GitHub sends nothing, and answers 404."""
        self.version += 1
        del self.attempts[id], self.jobs[id]

    def add(self, run: dict[str, Any]) -> None:
        """A run as it was recorded, or one that makes no sense; a newer state of one with the same id replaces it."""
        self.version += 1
        attempts = self.attempts.setdefault(run.get("id"), [])
        attempts[:] = [one for one in attempts if one.get("run_attempt") != run.get("run_attempt")] + [run]
        attempts.sort(key=lambda one: one.get("run_attempt") or 1)
        self.jobs.setdefault(run.get("id"), [])

    def add_jobs(self, run_id: int, jobs: list[dict[str, Any]]) -> None:
        self.version += 1
        known = self.jobs.setdefault(run_id, [])
        known.extend(job for job in jobs if job["id"] not in {one["id"] for one in known})

    def lose(self, hook: Hook, webhook: Webhook) -> dict[str, Any]:
        """GitHub tried to deliver this, and nobody answered."""
        return self._note_delivery(hook, webhook, 503, "Service Unavailable")

    def delivered(self, hook: Hook, webhook: Webhook) -> dict[str, Any]:
        return self._note_delivery(hook, webhook, 202, "OK")

    def _note_delivery(self, hook: Hook, webhook: Webhook, code: int, status: str) -> dict[str, Any]:
        row = {
            "id": next(_ids),
            "guid": webhook.guid,
            "delivered_at": iso(webhook.at),
            "redelivery": False,
            "duration": 0.1,
            "status": status,
            "status_code": code,
            "event": webhook.event,
            "action": webhook.body["action"],
            "installation_id": None,
            "repository_id": self.id,
            "throttled_at": None,
        }
        hook.deliveries.insert(0, row)
        return row

    def _change(self, id: int, at: datetime, **values: Any) -> None:
        self.attempts[id][-1].update(values, updated_at=iso(at))

    def _tell_run(self, action: str, run: dict[str, Any], at: datetime) -> None:
        name = self.workflow_names.get(run["workflow_id"], run["name"])
        workflow = {"id": run["workflow_id"], "name": name, "path": run["path"]}
        self._tell("workflow_run", at, {"action": action, "workflow_run": run, "workflow": workflow})

    def _tell_job(self, action: str, job: dict[str, Any], at: datetime) -> None:
        self._tell("workflow_job", at, {"action": action, "workflow_job": job})

    def _tell(self, event: str, at: datetime, body: dict[str, Any]) -> None:
        self.version += 1
        whole = copy.deepcopy(body | {"repository": self.about(), "sender": WREN})
        guid = f"{self.id:08x}-0000-4000-8000-{len(self.webhooks):012x}"
        self.webhooks.append(Webhook(at, event, guid, whole))


def _step(
    number: int, name: str, started: datetime | None, completed: datetime | None, conclusion: str | None
) -> dict[str, Any]:
    state = "completed" if completed else "in_progress" if started else "queued"
    return {
        "number": number,
        "name": name,
        "status": state,
        "conclusion": conclusion,
        "started_at": iso(started) if started else None,
        "completed_at": iso(completed) if completed else None,
    }
