"""One run as its events build it up: pure, so that every order of events can be tried without a database.

Rows are plain dicts of column values, as the store reads and writes them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from cicd_health.model import runs as model
from cicd_health.model.machine_time import is_reused, machine_time
from cicd_health.model.merge import earliest, fold, merge
from cicd_health.model.runs import Outcome, Status

Values = dict[str, Any]

# What a run shows of its last attempt.
OF_LAST_ATTEMPT = (
    "attempt",
    "status",
    "outcome",
    "raw_status",
    "raw_conclusion",
    "started_at",
    "completed_at",
    "duration_s",
    "queue_s",
)


@dataclass
class RunState:
    """A run's row, its attempts by number and its jobs by external id; `run` is None until the run arrives."""

    repo_id: int
    run: Values | None = None
    attempts: dict[int, Values] = field(default_factory=dict)
    jobs: dict[str, Values] = field(default_factory=dict)
    steps: dict[str, tuple[model.Step, ...]] = field(default_factory=dict)  # of jobs whose steps are to be written

    @property
    def verdict(self) -> tuple[int, str] | None:
        """The last attempt and its outcome, to tell whether something ended."""
        return (self.run["attempt"], self.run["outcome"]) if self.run and self.attempts else None


def apply_attempt(
    state: RunState, event: model.Attempt, *, pipeline_id: int, default_branch: str | None, quiet: bool
) -> None:
    """Merge one event of one attempt."""
    if state.run is None:
        state.run = _new_run(state, event, quiet)
    state.run["quiet"] = state.run["quiet"] and quiet  # one event that is news makes the run news
    furthest = _merge_into_attempt(state, event) and event.attempt >= max(state.attempts)
    run = state.run
    created_at = earliest(run["created_at"], event.created_at)
    fold(run, _run_values(event), wins=furthest)
    run["created_at"], run["pipeline_id"] = created_at, pipeline_id
    if furthest:
        run["default_branch"] = model.on_default_branch(event, default_branch)


def apply_job(state: RunState, event: model.Job) -> None:
    """Merge one event of one job; its run may still be unknown."""
    values: Values = _job_values(event)
    stored = state.jobs.get(event.external_id)
    if stored is None:
        identity: Values = {
            "id": None,
            "run_id": None,
            "pipeline_id": None,
            "counted_at": None,
            "repo_id": state.repo_id,
            "run_external_id": event.run_external_id,
            "external_id": event.external_id,
        }
        stored = state.jobs[event.external_id] = values | identity
        wins = True
    else:
        wins = merge(stored, values)
    ran_s = model.seconds_between(stored["started_at"], stored["completed_at"])
    stored["duration_s"] = model.sane_seconds(ran_s - event.paused_s) if ran_s and event.paused_s else ran_s
    stored["queue_s"] = _job_queue(event.provider, stored)
    if wins and event.steps:
        state.steps[event.external_id] = event.steps


def finish(state: RunState) -> None:
    """Bring the run's row, and its jobs' reference to it, in line with what its attempts and jobs now say."""
    run = state.run
    if run is None or not state.attempts:
        return
    for attempt in state.attempts.values():
        jobs = [job for job in state.jobs.values() if job["attempt"] == attempt["attempt"]]
        attempt["duration_s"] = _attempt_duration(attempt, jobs)
        attempt["queue_s"] = _attempt_queue(run, attempt, jobs)
    run["spent_s"], run["rerun_s"] = machine_time(state.attempts, state.jobs.values())
    last, first = state.attempts[max(state.attempts)], state.attempts.get(1)
    if run.get("attempt") not in (None, last["attempt"]):
        run |= {"excerpt": None, "signature": None, "log_state": "none"}  # of the attempt before
    run |= {name: last[name] for name in OF_LAST_ATTEMPT}
    run["attempts"] = last["attempt"]
    run["first_outcome"] = first["outcome"] if first and first["status"] == Status.COMPLETED else None
    run["failed_job"], run["failed_step"] = _first_failure(state, last["attempt"])
    run["excerpt"], run["signature"] = _why(state, run)
    if not (run["default_branch"] and run["outcome"] == Outcome.SUCCESS):
        run["restored_s"] = None  # of what passes, the verdicts before it decide: see `store.breakages`
    for job in state.jobs.values():
        job["pipeline_id"], job["counted_at"] = run["pipeline_id"], job["created_at"] or run["created_at"]


def _new_run(state: RunState, event: model.Attempt, quiet: bool) -> Values:
    return _run_values(event) | {
        "id": None,
        "repo_id": state.repo_id,
        "provider": event.provider,
        "external_id": event.external_id,
        "created_at": event.created_at,
        "default_branch": True,
        "first_outcome": None,
        "failed_job": None,
        "failed_step": None,
        "excerpt": None,
        "signature": None,
        "restored_s": None,
        "log_state": "none",
        "quiet": quiet,
    }


def _run_values(event: model.Attempt) -> Values:
    return {
        "number": event.number,
        "title": event.title,
        "branch": event.branch,
        "sha": event.sha,
        "event": event.event,
        "actor": event.actor,
        "pull_request": event.pull_request,
        "url": event.url,
    }


def _merge_into_attempt(state: RunState, event: model.Attempt) -> bool:
    """True when the event is the attempt's furthest so far."""
    values = {
        "attempt": event.attempt,
        "rank": event.rank,
        "status": event.status.value,
        "outcome": event.outcome.value,
        "raw_status": event.raw_status,
        "raw_conclusion": event.raw_conclusion,
        "started_at": event.started_at,
        "completed_at": event.completed_at,
        "updated_at": event.updated_at,
        "reported_duration_s": event.duration_s,
        "url": event.url,
    }
    stored = state.attempts.get(event.attempt)
    if stored is None:
        state.attempts[event.attempt] = values | {"id": None, "run_id": None}
        return True
    was = stored["outcome"]
    wins = merge(stored, values)
    if was == Outcome.SUPERSEDED and stored["outcome"] == Outcome.CANCELLED:
        stored["outcome"] = was  # the provider only knows "cancelled"; what made it superseded still holds
    return wins


def _job_values(event: model.Job) -> Values:
    return {
        "attempt": event.attempt,
        "rank": event.rank,
        "name": event.name,
        "status": event.status.value,
        "outcome": event.outcome.value,
        "raw_status": event.raw_status,
        "raw_conclusion": event.raw_conclusion,
        "runner": event.runner,
        "labels": json.dumps(event.labels) if event.labels else None,
        "created_at": event.created_at,
        "started_at": event.started_at,
        "completed_at": event.completed_at,
        "updated_at": event.updated_at,
        "url": event.url,
    }


def _job_queue(provider: str, job: Values) -> float | None:
    """Seconds from created to started. A GitHub job without a runner never left the queue: unmeasured."""
    if provider == "github" and not job["runner"]:
        return None
    return model.seconds_between(job["created_at"], job["started_at"])


def _attempt_duration(attempt: Values, jobs: list[Values]) -> float | None:
    """What the provider reports, else first job start to last job end, else its own end less its start."""
    if attempt["status"] != Status.COMPLETED:
        return None
    if attempt["reported_duration_s"] is not None:
        return model.sane_seconds(attempt["reported_duration_s"])
    own = [job for job in jobs if not is_reused(job, attempt)]
    if own and all(job["status"] == Status.COMPLETED for job in own):
        ran = [job for job in own if job["duration_s"] is not None and job["outcome"] != Outcome.SKIPPED]
        if ran:
            return model.seconds_between(min(job["started_at"] for job in ran), max(job["completed_at"] for job in ran))
    return model.seconds_between(attempt["started_at"], attempt["completed_at"])


def _attempt_queue(run: Values, attempt: Values, jobs: list[Values]) -> float | None:
    """How long the first job to start had waited. Without jobs: from creation to start, where both were said.

    GitHub's `run_started_at` is when an attempt was asked for, not when it left the queue.
    """
    started = [job for job in jobs if job["queue_s"] is not None and not is_reused(job, attempt)]
    if started:
        return min(started, key=lambda job: (job["started_at"], job["external_id"]))["queue_s"]
    if run["provider"] == "github" or attempt["attempt"] > 1 or attempt["started_at"] == run["created_at"]:
        return None
    return model.seconds_between(run["created_at"], attempt["started_at"])


def _first_failure(state: RunState, attempt: int) -> tuple[str | None, str | None]:
    """The job of an attempt that failed first, and its failing step where the steps are at hand or were before."""
    run = state.run
    failed = [job for job in state.jobs.values() if job["attempt"] == attempt and job["outcome"] in model.FAILED]
    if run is None or not failed:
        return None, None
    job = min(
        failed, key=lambda job: (job["completed_at"] or job["started_at"] or run["created_at"], job["external_id"])
    )
    before = run["failed_step"] if run["failed_job"] == job["name"] else None
    steps = state.steps.get(job["external_id"], ())
    return job["name"], next((step.name for step in steps if step.outcome.failed), before)


def _why(state: RunState, run: Values) -> tuple[str | None, str | None]:
    """The failing lines and their signature: those of the job that failed first, else what the run's own log said."""
    if run["outcome"] not in model.FAILED:
        return None, None
    for job in state.jobs.values():
        is_first = job["attempt"] == run["attempt"] and job["name"] == run["failed_job"]
        if is_first and job["outcome"] in model.FAILED and job.get("excerpt"):
            return job["excerpt"], job["signature"]
    return run["excerpt"], run["signature"]
