"""GitHub's runs and jobs, as webhooks and the REST API write them alike.

Source: https://docs.github.com/rest/actions/workflow-runs
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cicd_health.model.runs import OUTCOME_OF_STATUS, Attempt, Job, Outcome, Pipeline, Repo, Status, Step
from cicd_health.providers.json_reader import (
    TEXT_LENGTH,
    count,
    first,
    identifier,
    integer,
    mapping,
    moment,
    newest,
    sequence,
    text,
    without_ref,
)
from cicd_health.providers.provider import BadPayload

SLUG = "github"
HOST = "github.com"

STATUSES = {
    "queued": Status.QUEUED,
    "requested": Status.QUEUED,
    "pending": Status.QUEUED,  # waits for a concurrency limit
    "waiting": Status.WAITING,  # waits for a deployment's approval
    "in_progress": Status.IN_PROGRESS,
    "completed": Status.COMPLETED,
}
CONCLUSIONS = {
    "success": Outcome.SUCCESS,
    "failure": Outcome.FAILURE,
    "timed_out": Outcome.TIMED_OUT,
    "startup_failure": Outcome.STARTUP_FAILURE,
    "cancelled": Outcome.CANCELLED,
    "skipped": Outcome.SKIPPED,
    "neutral": Outcome.NEUTRAL,
    "stale": Outcome.STALE,
    "action_required": Outcome.ACTION_REQUIRED,
}
RANKS = {Status.QUEUED: 0, Status.WAITING: 0, Status.IN_PROGRESS: 1, Status.COMPLETED: 2}


def read_attempt(host: str, payload: dict[str, Any], run: dict[str, Any], received_at: datetime | None) -> Attempt:
    """One `workflow_run` object, as webhooks and the REST API write it. Raises BadPayload."""
    raw_status, raw_conclusion = text(run.get("status")), text(run.get("conclusion"))
    status, outcome = _state(raw_status, raw_conclusion)
    created_at, started_at = moment(run.get("created_at")), moment(run.get("run_started_at"))
    updated_at = moment(run.get("updated_at"))
    commit = mapping(run.get("head_commit"))
    actor = run.get("triggering_actor") or run.get("actor")
    return Attempt(
        provider=SLUG,
        host=host,
        repo=_repo(payload, run),
        pipeline=_pipeline(mapping(payload.get("workflow")), run),
        external_id=_needed(identifier(run.get("id")), "workflow_run.id"),
        attempt=count(run.get("run_attempt")) or 1,
        status=status,
        outcome=outcome,
        created_at=_needed(first(created_at, started_at, updated_at, received_at), "workflow_run.created_at"),
        number=integer(run.get("run_number")),
        raw_status=raw_status,
        raw_conclusion=raw_conclusion,
        title=text(run.get("display_title")) or _first_line(commit.get("message")),
        branch=without_ref(text(run.get("head_branch"))),
        sha=text(run.get("head_sha")),
        event=text(run.get("event")),
        actor=text(mapping(actor).get("login")),
        pull_request=_pull_request(run.get("pull_requests")),
        started_at=started_at,
        # A run has no completed_at; the first completed event's updated_at is frozen when events are merged.
        # What waits for an approval is "completed" too, and goes on under the same attempt.
        completed_at=updated_at if status is Status.COMPLETED and outcome is not Outcome.ACTION_REQUIRED else None,
        updated_at=newest(created_at, started_at, updated_at),
        rank=RANKS[status],
        url=text(run.get("html_url"), TEXT_LENGTH),
    )


def read_job(host: str, payload: dict[str, Any], job: dict[str, Any], received_at: datetime | None) -> Job:
    """One `workflow_job` object, as webhooks and the REST API write it. Raises BadPayload."""
    raw_status, raw_conclusion = text(job.get("status")), text(job.get("conclusion"))
    status, outcome = _state(raw_status, raw_conclusion)
    created_at, started_at = moment(job.get("created_at")), moment(job.get("started_at"))
    completed_at = moment(job.get("completed_at"))
    # The only time that differs between queued, waiting and queued again.
    approved_at = moment(mapping(payload.get("deployment")).get("updated_at")) if "deployment" in payload else None
    steps = tuple(_step(index, step) for index, step in enumerate(sequence(job.get("steps")), 1))
    external_id = _needed(identifier(job.get("id")), "workflow_job.id")
    return Job(
        provider=SLUG,
        host=host,
        repo=_repo(payload, job),
        run_external_id=_needed(identifier(job.get("run_id")), "workflow_job.run_id"),
        external_id=external_id,
        name=text(job.get("name")) or f"job {external_id}",
        attempt=count(job.get("run_attempt")) or 1,
        status=status,
        outcome=outcome,
        raw_status=raw_status,
        raw_conclusion=raw_conclusion,
        runner=text(job.get("runner_name")),
        labels=tuple(label for label in map(text, sequence(job.get("labels"))) if label),
        created_at=created_at,
        started_at=started_at if _really_started(job, status, outcome) else None,
        completed_at=completed_at if status is Status.COMPLETED else None,
        updated_at=newest(created_at, started_at, completed_at, approved_at, *(step.completed_at for step in steps)),
        rank=RANKS[status],
        url=text(job.get("html_url"), TEXT_LENGTH),
        pipeline_name=text(job.get("workflow_name")),
        steps=steps,
    )


def _needed(value: Any, field: str) -> Any:
    if value is None:
        raise BadPayload(f"{field}: missing, or not what GitHub sends there")
    return value


def _state(status: str | None, conclusion: str | None) -> tuple[Status, Outcome]:
    """Where it is and how it ended. Words that GitHub adds one day are unknown, never refused."""
    known = STATUSES.get((status or "").lower())
    if known is None:
        known = Status.COMPLETED if conclusion else Status.QUEUED
        return known, CONCLUSIONS.get((conclusion or "").lower(), Outcome.UNKNOWN)
    if known is Status.COMPLETED:
        return known, CONCLUSIONS.get((conclusion or "").lower(), Outcome.UNKNOWN)
    return known, OUTCOME_OF_STATUS[known]


def _repo(payload: dict[str, Any], subject: dict[str, Any]) -> Repo:
    """The repository the hook belongs to, not the fork a pull request comes from."""
    repository = mapping(payload.get("repository")) or mapping(subject.get("repository"))
    return Repo(
        name=_needed(text(repository.get("full_name")), "repository.full_name"),
        external_id=identifier(repository.get("id")),
        default_branch=text(repository.get("default_branch")),
        url=text(repository.get("html_url"), TEXT_LENGTH),
    )


def _pipeline(workflow: dict[str, Any], run: dict[str, Any]) -> Pipeline:
    """The workflow. Never named after `workflow_run.name`: that can be the run's own title."""
    path = text(workflow.get("path")) or text(run.get("path"))
    if path:
        path = path.partition("@")[0]  # a workflow of another repository or ref carries "@ref"
    name = text(workflow.get("name"))
    if name is None or name == path or name.startswith(".github/"):
        name = (name or path or "").rstrip("/").rpartition("/")[2]
    external_id = identifier(workflow.get("id")) or identifier(run.get("workflow_id"))
    if not name:
        name = f"workflow {_needed(external_id, 'workflow_run.workflow_id')}"
    return Pipeline(name=name, external_id=external_id, path=path, url=text(workflow.get("html_url"), TEXT_LENGTH))


def _really_started(job: dict[str, Any], status: Status, outcome: Outcome) -> bool:
    """False where GitHub only repeats another time as `started_at`: before the start, and where none came.

    A job that was skipped or cancelled before a runner took it says so by an empty runner_name.
    """
    if status in (Status.QUEUED, Status.WAITING):
        return False
    never_taken = "runner_name" in job and not job["runner_name"]
    return not (never_taken and outcome in (Outcome.SKIPPED, Outcome.CANCELLED))


def _step(index: int, step: object) -> Step:
    step = mapping(step)
    number = count(step.get("number")) or index
    status, outcome = _state(text(step.get("status")), text(step.get("conclusion")))
    name = text(step.get("name")) or f"step {number}"
    return Step(number, name, status, outcome, moment(step.get("started_at")), moment(step.get("completed_at")))


def _pull_request(pull_requests: object) -> int | None:
    """The number of the first pull request; GitHub lists none for one that comes from a fork."""
    known = sequence(pull_requests)
    return integer(mapping(known[0]).get("number")) if known else None


def _first_line(message: object) -> str | None:
    known = text(message)
    return known.splitlines()[0] if known else None
