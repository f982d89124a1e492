"""One run as GitHub tells it: `workflow_run` and `workflow_job` deliveries, each with the moment it is sent.

Source: https://docs.github.com/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zlib import crc32

from cicd_health.demo.company import GITHUB, PIPELINES, PipelinePlan
from cicd_health.demo.runs import Attempt, Job, Run, Step
from cicd_health.demo.telling import Telling, verdict_of
from cicd_health.model.deliveries import Incoming

Body = dict[str, Any]
ORGANISATION = "kestrel"
DELIVERIES = uuid.UUID("5f0c1c5e-6f6b-4c52-9d0e-0d9a4f6d2f10")  # the name space of their ids


def tellings(run: Run, *, whole: bool) -> Iterator[Telling]:
    """Every delivery of the run; without `whole` only how its attempts and jobs ended."""
    for attempt in run.attempts:
        yield from _jobs(run, attempt, whole=whole)
        if whole and attempt.outcome != "startup_failure":
            yield from _beginning(run, attempt)
        end = attempt.completed_at + timedelta(seconds=1)
        deliver = partial(_run_delivery, run, attempt, "completed", "completed", end)
        last = attempt is run.attempts[-1]
        yield Telling(end, deliver, verdict_of(run, attempt), run if last else None)


def _beginning(run: Run, attempt: Attempt) -> Iterator[Telling]:
    """Asked for; then running, or held for an approval and running afterwards."""
    asked_at = attempt.created_at
    yield Telling(asked_at, partial(_run_delivery, run, attempt, "requested", "queued", asked_at))
    held = next((job for job in attempt.jobs if job.approved_at), None)
    if held is not None:
        yield Telling(held.created_at, partial(_run_delivery, run, attempt, "requested", "waiting", held.created_at))
    begins = held.started_at if held else attempt.started_at
    if any(job.outcome != "skipped" for job in attempt.jobs):
        yield Telling(begins, partial(_run_delivery, run, attempt, "in_progress", "in_progress", begins))


def _jobs(run: Run, attempt: Attempt, *, whole: bool) -> Iterator[Telling]:
    for job in attempt.jobs:
        if whole and job.outcome != "skipped":
            if job.approved_at:
                yield Telling(job.created_at, partial(_job_delivery, run, attempt, job, "waiting", job.created_at))
            asked_at = job.approved_at or job.created_at
            yield Telling(asked_at, partial(_job_delivery, run, attempt, job, "queued", asked_at))
            yield Telling(job.started_at, partial(_job_delivery, run, attempt, job, "in_progress", job.started_at))
        yield Telling(job.completed_at, partial(_job_delivery, run, attempt, job, "completed", job.completed_at))


def _run_delivery(run: Run, attempt: Attempt, action: str, status: str, at: datetime) -> Incoming:
    body = run_body(run, attempt, action, status, at)
    return _incoming("workflow_run", body, f"{_run_url(run)}/{attempt.number}/{status}", at)


def _job_delivery(run: Run, attempt: Attempt, job: Job, action: str, at: datetime) -> Incoming:
    body = job_body(run, attempt, job, action)
    return _incoming("workflow_job", body, f"{_run_url(run)}/{attempt.number}/{job.place}/{action}", at)


def _incoming(event: str, body: Body, name: str, at: datetime) -> Incoming:
    delivery = str(uuid.uuid5(DELIVERIES, name))
    return Incoming(
        provider="github",
        external_id=delivery,
        event=event,
        action=body["action"],
        body=json.dumps(body, separators=(",", ":")).encode(),
        payload=body,
        received_at=at,
        headers={"x-github-event": event, "x-github-delivery": delivery, "content-type": "application/json"},
    )


def run_body(run: Run, attempt: Attempt, action: str, status: str, at: datetime) -> Body:
    """The body of a `workflow_run` delivery."""
    plan, url = run.plan, _run_url(run)
    workflow_run = {
        "id": run.id,
        "name": plan.name,
        "head_branch": run.branch,
        "head_sha": run.sha,
        "path": _path(plan),
        "display_title": run.title,
        "run_number": run.number,
        "event": run.event,
        "status": status,
        "conclusion": attempt.outcome if status == "completed" else None,
        "workflow_id": _workflow_id(plan),
        "check_suite_id": run.id + 7,
        "url": _api(url),
        "html_url": url,
        "pull_requests": [{"number": run.pull_request, "id": run.pull_request}] if run.pull_request else [],
        "created_at": _iso(run.created_at),
        "updated_at": _iso(at),
        "actor": _user(run.actor),
        "run_attempt": attempt.number,
        "run_started_at": _iso(attempt.created_at),
        "triggering_actor": _user(run.actor),
        "jobs_url": f"{_api(url)}/jobs",
        "logs_url": f"{_api(url)}/logs",
        "head_commit": {
            "id": run.sha,
            "message": run.title,
            "timestamp": _iso(run.created_at),
            "author": {"name": run.actor, "email": f"{run.actor}@kestrel.example"},
        },
        "repository": _repository(plan),
        "head_repository": _repository(plan),
    }
    return {
        "action": action,
        "workflow_run": workflow_run,
        "workflow": {
            "id": _workflow_id(plan),
            "name": plan.name,
            "path": _path(plan),
            "state": "active",
            "html_url": f"{_repo_url(plan)}/actions/workflows/{plan.name}.yml",
        },
        **_around(run),
    }


def job_body(run: Run, attempt: Attempt, job: Job, action: str) -> Body:
    """The body of a `workflow_job` delivery. Until it starts GitHub gives `created_at` as its `started_at`."""
    begun, ended = action in ("in_progress", "completed"), action == "completed"
    on_runner = begun and job.outcome != "skipped"
    job_id = run.id * 100 + attempt.number * 10 + job.place
    url = f"{_run_url(run)}/job/{job_id}"
    workflow_job = {
        "id": job_id,
        "run_id": run.id,
        "run_url": _api(_run_url(run)),
        "run_attempt": attempt.number,
        "workflow_name": run.plan.name,
        "head_branch": run.branch,
        "head_sha": run.sha,
        "name": job.name,
        "status": action,
        "conclusion": job.outcome if ended else None,
        "created_at": _iso(job.created_at),
        "started_at": _iso(job.started_at if begun else job.created_at),
        "completed_at": _iso(job.completed_at) if ended else None,
        "steps": [_step(number, step) for number, step in enumerate(job.steps, start=1)] if ended else [],
        "labels": [job.label],
        "runner_id": job_id % 41 + 1 if on_runner else None,
        "runner_name": f"{job.label}-{job_id % 41 + 1:02}" if on_runner else None,
        "runner_group_name": "kestrel" if on_runner else None,
        "url": f"{GITHUB}/api/v3/repos/{run.plan.repo}/actions/jobs/{job_id}",
        "html_url": url,
        "check_run_url": f"{GITHUB}/api/v3/repos/{run.plan.repo}/check-runs/{job_id}",
    }
    return {"action": action, "workflow_job": workflow_job, **_around(run)}


def _step(number: int, step: Step) -> Body:
    return {
        "number": number,
        "name": step.name,
        "status": "completed",
        "conclusion": step.outcome,
        "started_at": _iso(step.started_at),
        "completed_at": _iso(step.completed_at),
    }


def _around(run: Run) -> Body:
    return {
        "repository": _repository(run.plan),
        "organization": {"login": ORGANISATION, "id": 7001, "url": f"{GITHUB}/api/v3/orgs/{ORGANISATION}"},
        "sender": _user(run.actor),
    }


def _repository(plan: PipelinePlan) -> Body:
    repos = sorted({one.repo for one in PIPELINES if one.provider == "github"})
    return {
        "id": 81_000 + repos.index(plan.repo),
        "name": plan.repo.split("/")[1],
        "full_name": plan.repo,
        "private": True,
        "owner": {"login": ORGANISATION, "id": 7001, "type": "Organization"},
        "html_url": _repo_url(plan),
        "url": f"{GITHUB}/api/v3/repos/{plan.repo}",
        "default_branch": "main",
    }


def _user(login: str) -> Body:
    return {"login": login, "id": crc32(login.encode()), "type": "User", "html_url": f"{GITHUB}/{login}"}


def _workflow_id(plan: PipelinePlan) -> int:
    return 5_100 + PIPELINES.index(plan)


def _path(plan: PipelinePlan) -> str:
    return f".github/workflows/{plan.name}.yml"


def _repo_url(plan: PipelinePlan) -> str:
    return f"{GITHUB}/{plan.repo}"


def _run_url(run: Run) -> str:
    return f"{_repo_url(run.plan)}/actions/runs/{run.id}"


def _api(url: str) -> str:
    return url.replace(GITHUB, f"{GITHUB}/api/v3/repos", 1)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
