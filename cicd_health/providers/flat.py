"""Runs as people post them by hand: the flat form of one build, and the run shape of the API for any CI.

Both tell a run again and again as it goes on: the same identity is the same run, in any order.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from urllib.parse import quote, unquote

from cicd_health.model.runs import OUTCOME_OF_STATUS, Attempt, Event, Job, Outcome, Pipeline, Repo, Status, Step
from cicd_health.providers import github, jenkins
from cicd_health.providers.form_reader import Form, form_of
from cicd_health.providers.json_reader import NAME_LENGTH, first, newest, without_ref
from cicd_health.providers.provider import BadPayload

# Where posted runs of the providers we know live: beside those that their webhooks tell of.
HOSTS = {github.SLUG: github.HOST, jenkins.SLUG: jenkins.HOST}
SLUG = re.compile(r"[a-z][a-z0-9_-]{0,31}")
RANKS = github.RANKS

# One word says where a build is and how it ended. GitHub's, Jenkins' and other systems' words, in lower case.
STATES: dict[str, tuple[Status, Outcome]] = {
    "success": (Status.COMPLETED, Outcome.SUCCESS),
    "failure": (Status.COMPLETED, Outcome.FAILURE),
    "cancelled": (Status.COMPLETED, Outcome.CANCELLED),
    "in_progress": (Status.IN_PROGRESS, Outcome.RUNNING),
    "queued": (Status.QUEUED, Outcome.QUEUED),
    "waiting": (Status.WAITING, Outcome.WAITING),
    "unstable": (Status.COMPLETED, Outcome.UNSTABLE),
    "timed_out": (Status.COMPLETED, Outcome.TIMED_OUT),
    "startup_failure": (Status.COMPLETED, Outcome.STARTUP_FAILURE),
    "skipped": (Status.COMPLETED, Outcome.SKIPPED),
    "neutral": (Status.COMPLETED, Outcome.NEUTRAL),
    "stale": (Status.COMPLETED, Outcome.STALE),
    "superseded": (Status.COMPLETED, Outcome.SUPERSEDED),
    "action_required": (Status.COMPLETED, Outcome.ACTION_REQUIRED),
    "unknown": (Status.COMPLETED, Outcome.UNKNOWN),
}
SYNONYMS = {
    "succeeded": "success",
    "successful": "success",
    "passed": "success",
    "fixed": "success",
    "failed": "failure",
    "fail": "failure",
    "error": "failure",
    "errored": "failure",
    "broken": "failure",
    "canceled": "cancelled",
    "aborted": "cancelled",
    "killed": "cancelled",
    "running": "in_progress",
    "started": "in_progress",
    "building": "in_progress",
    "pending": "queued",
    "requested": "queued",
    "created": "queued",
    "scheduled": "queued",
    "blocked": "waiting",
    "manual": "waiting",
    "paused_pending_input": "waiting",
    "timeout": "timed_out",
    "timedout": "timed_out",
    "not_built": "skipped",
    "not_executed": "skipped",
}
WORDS = STATES | {word: STATES[same] for word, same in SYNONYMS.items()}
# "completed" alone says where a run is; how it ended then stands in `conclusion` or `outcome`.
COMPLETED = frozenset({"completed", "complete", "finished", "finalized", "done"})


def parse_flat(provider: str, payload: object, received_at: datetime | None = None) -> Attempt:
    """One build in the flat form. Raises BadPayload.

    Its identity is its url, without one its start; `received_at` stands in for times that are not said.
    """
    form = form_of(payload)
    pipeline, repo = form.needed("pipeline"), form.text("repo") or ""
    status, outcome = _flat_state(form)
    started_at, completed_at = form.moment("started_at"), form.moment("completed_at")
    duration_s = form.seconds("duration_seconds")
    ended = status is Status.COMPLETED
    url = form.address("url")
    identity = _flat_identity(url, first(started_at, completed_at, received_at))
    if ended and duration_s is not None:
        if completed_at is None and started_at is not None:
            completed_at = started_at + timedelta(seconds=duration_s)
        elif started_at is None and completed_at is not None:
            started_at = completed_at - timedelta(seconds=duration_s)
    branch = without_ref(form.text("branch"))
    return Attempt(
        provider=provider,
        host=HOSTS.get(provider, provider),
        repo=Repo(repo),
        pipeline=Pipeline(pipeline),
        external_id=scoped_id(pipeline, identity),
        attempt=1,
        status=status,
        outcome=outcome,
        created_at=_created_at(started_at, completed_at, received_at),
        raw_status=form.text("status"),
        branch=branch,
        started_at=started_at,
        completed_at=first(completed_at, received_at) if ended else None,
        updated_at=newest(started_at, completed_at if ended else None),
        duration_s=duration_s if ended else None,
        rank=RANKS[status],
        url=url,
        multibranch=provider == jenkins.SLUG and branch == pipeline,
        log=form.lines("logs"),
    )


def parse_generic(payload: object, received_at: datetime | None = None) -> list[Event]:
    """Runs of any CI in the run shape of the API, one or a list, each followed by its jobs. Raises BadPayload."""
    if not isinstance(payload, list):
        return _run(form_of(payload), received_at)
    return [event for index, one in enumerate(payload) for event in _run(form_of(one, f"[{index}]."), received_at)]


def scoped_id(pipeline: str, external_id: str) -> str:
    """An id that is unique in its repository, of one that is unique in its pipeline: "deploy#42"."""
    scoped = f"{pipeline}#{external_id}"
    if len(scoped) <= NAME_LENGTH:
        return scoped
    return "sha256:" + hashlib.sha256(scoped.encode()).hexdigest()


def posted_id(provider: str, pipeline: str, external_id: str) -> str:
    """The id as it was posted: the reverse of `scoped_id`. Jenkins' own "app#42" stays as it is."""
    posted = external_id.removeprefix(f"{pipeline}#")
    return external_id if provider == jenkins.SLUG and posted.isdecimal() else posted


def scoped_job_id(provider: str, run_id: str, attempt: int, posted: str) -> str:
    """An id that is unique in its repository, of one that the next run may have too: "deploy#42/1/test".

    GitHub's own ids are numbers and unique as they are: its webhooks tell of the same jobs.
    """
    if provider == github.SLUG and posted.isdecimal():
        return posted
    scoped = f"{run_id}/{attempt}/{quote(posted, safe=' :@()[]#')}"
    if len(scoped) <= NAME_LENGTH:
        return scoped
    return "sha256:" + hashlib.sha256(scoped.encode()).hexdigest()


def posted_job_id(run_id: str, attempt: int, external_id: str) -> str:
    """The job's id as it was posted: the reverse of `scoped_job_id`."""
    before = f"{run_id}/{attempt}/"
    return unquote(external_id.removeprefix(before)) if external_id.startswith(before) else external_id


def _flat_state(form: Form) -> tuple[Status, Outcome]:
    if not form.has("status"):
        raise BadPayload(f"{form.where}status: missing; one of {', '.join(STATES)} is needed")
    if _says_completed(form.fields["status"]):
        return Status.COMPLETED, Outcome.UNKNOWN
    try:
        return form.word("status", WORDS) or STATES["unknown"]
    except BadPayload as error:
        raise form.refuse("status", f"one of {', '.join(STATES)}") from error


def _flat_identity(url: str | None, moment: datetime | None) -> str:
    if url is not None:
        return url
    if moment is None:
        raise BadPayload("url: missing; a url or a started_at is needed to tell builds apart")
    return f"started:{moment.isoformat()}"


def _created_at(*moments: datetime | None) -> datetime:
    created_at = first(*moments)
    if created_at is None:
        raise BadPayload("started_at: missing; an ISO 8601 time such as 2026-01-31T12:00:00Z is needed")
    return created_at


def _run(form: Form, received_at: datetime | None) -> list[Event]:
    attempt = _attempt(form, received_at)
    return [attempt, *(_job(attempt, index, job) for index, job in enumerate(form.forms("jobs")))]


def _attempt(form: Form, received_at: datetime | None) -> Attempt:
    provider, pipeline, posted = form.needed("provider"), form.needed("pipeline"), form.needed("external_id")
    if not SLUG.fullmatch(provider):
        raise form.refuse("provider", "a slug: a small letter, then at most 31 of a-z, 0-9, _ and -")
    if len(posted) + len(pipeline) >= NAME_LENGTH:
        raise form.refuse(
            "external_id", f"short enough: it and pipeline may have {NAME_LENGTH - 1} characters together"
        )
    status, outcome = _state(form)
    created_at, started_at = form.moment("created_at"), form.moment("started_at")
    completed_at, updated_at = form.moment("completed_at"), form.moment("updated_at")
    ended, branch = status is Status.COMPLETED, without_ref(form.text("branch"))
    return Attempt(
        provider=provider,
        host=HOSTS.get(provider, provider),
        repo=Repo("" if form.fields.get("repo") == "" else form.needed("repo")),
        pipeline=Pipeline(pipeline),
        # GitHub's and Jenkins' own ids are unique as they are, and are the ids their webhooks give.
        external_id=posted if provider in HOSTS else scoped_id(pipeline, posted),
        attempt=form.count("attempt") or 1,
        status=status,
        outcome=outcome,
        created_at=_created_at(created_at, started_at, completed_at, received_at),
        number=form.count("number"),
        raw_status=form.text("raw_status") or form.text("status"),
        raw_conclusion=form.text("raw_conclusion") or form.text("conclusion") or form.text("outcome"),
        title=form.text("title"),
        branch=branch,
        sha=form.text("sha"),
        event=form.text("event"),
        actor=form.text("actor"),
        pull_request=form.count("pull_request"),
        started_at=started_at,
        completed_at=first(completed_at, updated_at, received_at) if ended else None,
        updated_at=newest(created_at, started_at, completed_at, updated_at),
        duration_s=form.seconds("duration_s") if ended else None,
        rank=RANKS[status],
        url=form.address("url"),
        multibranch=provider == jenkins.SLUG and branch == pipeline,
        log=first(form.lines("log"), form.lines("logs")),
    )


def _job(run: Attempt, index: int, form: Form) -> Job:
    status, outcome = _state(form)
    attempt = form.count("attempt") or run.attempt
    created_at, started_at = form.moment("created_at"), form.moment("started_at")
    completed_at = form.moment("completed_at")
    return Job(
        provider=run.provider,
        host=run.host,
        repo=run.repo,
        run_external_id=run.external_id,
        external_id=scoped_job_id(run.provider, run.external_id, attempt, form.text("external_id") or f"#{index}"),
        name=form.needed("name"),
        attempt=attempt,
        status=status,
        outcome=outcome,
        raw_status=form.text("raw_status") or form.text("status"),
        raw_conclusion=form.text("raw_conclusion") or form.text("conclusion") or form.text("outcome"),
        runner=form.text("runner"),
        created_at=created_at,
        started_at=started_at,
        completed_at=completed_at if status is Status.COMPLETED else None,
        updated_at=newest(created_at, started_at, completed_at, run.updated_at),
        rank=RANKS[status],
        url=form.address("url"),
        pipeline_name=run.pipeline.name,
        steps=tuple(_step(number, step) for number, step in enumerate(form.forms("steps"), 1)),
    )


def _step(number: int, form: Form) -> Step:
    status, outcome = _state(form)
    return Step(
        number=form.count("number") or number,
        name=form.needed("name"),
        status=status,
        outcome=outcome,
        started_at=form.moment("started_at"),
        completed_at=form.moment("completed_at"),
    )


def _state(form: Form) -> tuple[Status, Outcome]:
    """Status and outcome from `conclusion`, `outcome` or `status`, whichever is there; a known status wins."""
    ended_as = form.word("conclusion", WORDS) or form.word("outcome", WORDS)
    if not form.has("status"):
        if ended_as is None:
            raise BadPayload(f"{form.where}outcome: missing; a status, outcome or conclusion is needed")
        return ended_as
    if _says_completed(form.fields["status"]):
        outcome = ended_as[1] if ended_as and ended_as[0] is Status.COMPLETED else Outcome.UNKNOWN
        return Status.COMPLETED, outcome
    status, outcome = _flat_state(form)
    if status is Status.COMPLETED:
        return ended_as if ended_as and ended_as[0] is Status.COMPLETED else (status, outcome)
    return status, OUTCOME_OF_STATUS[status]


def _says_completed(word: object) -> bool:
    return isinstance(word, str) and word.strip().lower() in COMPLETED
