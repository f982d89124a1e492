"""One build as Jenkins describes it when asked: an attempt, and its stages or the builds on other jobs as its jobs.

Source: https://github.com/jenkinsci/jenkins (hudson.model.Run and its exported fields)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from cicd_health.model.runs import OUTCOME_OF_STATUS, Attempt, Event, Outcome, Pipeline, Repo, Status, sane_seconds
from cicd_health.providers.jenkins import children, stages
from cicd_health.providers.jenkins.places import (
    address,
    is_branch_job,
    names_in,
    pull_request_of,
    split_url,
    title_of,
    without_remote,
)
from cicd_health.providers.jenkins.words import (
    ENDED_RANK,
    PAUSED,
    RESULTS,
    RUNNING_RANK,
    SLUG,
    actor_of,
    causes_in,
    event_of,
)
from cicd_health.providers.json_reader import (
    TEXT_LENGTH,
    count,
    first,
    integer,
    mapping,
    moment_from_ms,
    sequence,
    text,
)
from cicd_health.providers.provider import BadPayload

NO_BRANCH = "detached"  # what Git calls it
# The fields that are read; Jenkins leaves out those that a kind of build does not have.
FIELDS = (
    "_class,number,url,result,building,timestamp,duration,displayName,"
    "actions[causes[shortDescription,userId],lastBuiltRevision[SHA1,branch[name]],remoteUrls,queuingDurationMillis],"
    f"{children.FIELDS}"
)


@dataclass(frozen=True, slots=True)
class PolledJob:
    """The job of a build, as `polled.Project`; `root` is the server's address."""

    host: str
    root: str
    path: str
    multibranch: bool | None
    scm_urls: frozenset[str]


@dataclass(frozen=True, slots=True)
class State:
    """Where a build is: a phase as the notifications name it, and its result, None while it runs."""

    status: Status
    outcome: Outcome
    word: str
    result: str | None = None

    @property
    def ended(self) -> bool:
        return self.status is Status.COMPLETED


@dataclass(frozen=True, slots=True)
class Times:
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    duration_s: float | None


def is_running(build: Mapping[str, Any]) -> bool:
    """A running build may carry a result already. Where Jenkins does not say, a result means that it ended."""
    building = build.get("building")
    return building if isinstance(building, bool) else "building" not in build and text(build.get("result")) is None


def is_pipeline(build: Any) -> bool:
    """Whether it may have stages: yes where Jenkins does not say what it is."""
    kind = text(mapping(build).get("_class"))
    return kind is None or "WorkflowRun" in kind


def events(job: PolledJob, build: dict[str, Any], described: Any, received_at: datetime | None) -> list[Event]:
    """The build and its jobs. `described` is the Pipeline REST API's answer, None when it was not asked.

    Raises BadPayload.
    """
    number = count(build.get("number"))
    if number is None:
        raise BadPayload("build.number: missing, or not a number from 1 up")
    names = tuple(job.path.split("/"))
    own_name = unquote(names[-1])
    state = _state(build, mapping(described))
    times = _times(build, state, described)
    sha, built = _revision(build, job, own_name)
    multibranch = job.multibranch if job.multibranch is not None else is_branch_job(names, built)
    causes = causes_in(build.get("actions"))
    job_url = f"{job.root}{_job_path(job.path, build)}"
    attempt = Attempt(
        provider=SLUG,
        host=job.host,
        repo=Repo("/".join(names[:-1])),
        pipeline=Pipeline(own_name, path=job.path, url=job_url),
        external_id=f"{job.path}#{number}",
        attempt=1,
        status=state.status,
        outcome=state.outcome,
        created_at=times.created_at,
        number=number,
        raw_status=state.word,
        raw_conclusion=state.result,
        title=title_of(build.get("displayName"), number),
        branch=own_name if multibranch else built,
        sha=sha,
        event=event_of(causes),
        actor=actor_of(causes),
        pull_request=pull_request_of(own_name) if multibranch else None,
        started_at=times.started_at,
        completed_at=times.completed_at,
        updated_at=times.completed_at if state.ended else received_at,
        duration_s=times.duration_s,
        rank=ENDED_RANK if state.ended else RUNNING_RANK,
        url=f"{job_url}{number}/",
        multibranch=multibranch,
        exact_start=True,
    )
    inner = stages.jobs(attempt, mapping(described), received_at) or children.jobs(
        attempt, job.root, build, received_at
    )
    return [attempt, *inner]


def _state(build: Mapping[str, Any], described: Mapping[str, Any]) -> State:
    result = text(build.get("result"))
    if not is_running(build):
        return State(Status.COMPLETED, RESULTS.get((result or "").upper(), Outcome.UNKNOWN), "FINISHED", result)
    paused = stages.is_paused(described)
    status = Status.WAITING if paused else Status.IN_PROGRESS
    return State(status, OUTCOME_OF_STATUS[status], PAUSED if paused else "STARTED")


def _times(build: Mapping[str, Any], state: State, described: Any) -> Times:
    """`timestamp` is when the build was made, which is when it left the queue; the Pipeline REST API knows the start.

    A pipeline that was not described yet has no start: it is milliseconds later than `timestamp`, rarely more.
    A duration that makes no sense is handed on, to be counted as unmeasured.
    """
    made_at = moment_from_ms(build.get("timestamp"))
    if made_at is None:
        raise BadPayload("build.timestamp: missing, or not a time")
    started_at = stages.started_at(mapping(described), made_at) or made_at
    milliseconds = integer(build.get("duration")) if state.ended else None
    duration_s = completed_at = None
    if milliseconds is not None:
        duration_s = milliseconds / 1000 - stages.paused_s(mapping(described))
        if sane_seconds(milliseconds / 1000) is not None:
            completed_at = started_at + timedelta(milliseconds=milliseconds)
    return Times(
        created_at=made_at - _queued(build),
        started_at=None if state.ended and described is None and is_pipeline(build) else started_at,
        completed_at=first(completed_at, started_at) if state.ended else None,
        duration_s=duration_s,
    )


def _queued(build: Mapping[str, Any]) -> timedelta:
    """The time in the queue, which only the Metrics plugin tells."""
    for action in sequence(build.get("actions")):
        milliseconds = integer(mapping(action).get("queuingDurationMillis"))
        if milliseconds is not None and sane_seconds(milliseconds / 1000) is not None:
            return timedelta(milliseconds=milliseconds)
    return timedelta()


def _revision(build: Mapping[str, Any], job: PolledJob, own_name: str) -> tuple[str | None, str | None]:
    """The commit and the branch that were built.

    A build lists every repository it checked out, shared libraries too. The job's own is the one of its SCM address;
    where that is not told, the one whose branch is named as the job; else the first.
    """
    found = [action for action in map(mapping, sequence(build.get("actions"))) if action.get("lastBuiltRevision")]
    of_scm = [action for action in found if job.scm_urls.intersection(_texts(action.get("remoteUrls")))]
    named = [action for action in found if _branch(action) == own_name]
    chosen = next(iter([*of_scm, *named, *found]), {})
    return text(mapping(chosen.get("lastBuiltRevision")).get("SHA1")), _branch(chosen)


def _branch(action: Mapping[str, Any]) -> str | None:
    branches = sequence(mapping(action.get("lastBuiltRevision")).get("branch"))
    names = (without_remote(text(mapping(branch).get("name"))) for branch in branches)
    return next((name for name in names if name and name != NO_BRANCH), None)


def _texts(values: object) -> Sequence[str]:
    return [value for value in sequence(values) if isinstance(value, str)]


def _job_path(path: str, build: Mapping[str, Any]) -> str:
    """The job's address below the server's, as Jenkins writes it where it is the same job."""
    _, said = split_url(text(build.get("url"), TEXT_LENGTH))
    names, _, job_path = names_in(said)
    return job_path if "/".join(names) == path else f"/{address(path)}"
