"""Jenkins, as its plugins push it: Notification, CloudEvents (the same in camelCase) and Outbound WebHook.

Source: https://github.com/jenkinsci/notification-plugin (Phase, JobListener, NotifyStep)
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from cicd_health.model.runs import (
    OUTCOME_OF_STATUS,
    Attempt,
    Event,
    Outcome,
    Pipeline,
    Repo,
    Status,
    sane_seconds,
)
from cicd_health.providers.jenkins.places import (
    is_branch_job,
    names_in,
    pull_request_of,
    split_url,
    title_of,
    without_remote,
)
from cicd_health.providers.jenkins.words import HOST, PHASES, RESULTS, SLUG
from cicd_health.providers.json_reader import (
    NAME_LENGTH,
    TEXT_LENGTH,
    clean,
    count,
    decode_json,
    first,
    integer,
    mapping,
    moment,
    moment_from_ms,
    text,
)
from cicd_health.providers.provider import BadPayload, BadSignature, Envelope, Headers, Ignored

# Phases whose time, as sent, is that of the build itself. FINALIZED's and NONE's is the present moment.
EXACT_PHASES = ("QUEUED", "STARTED", "COMPLETED")
# Outbound WebHook says phase and result in one word.
OUTBOUND_EVENTS = {
    "start": ("STARTED", None),
    "success": ("COMPLETED", "SUCCESS"),
    "failure": ("COMPLETED", "FAILURE"),
    "unstable": ("COMPLETED", "UNSTABLE"),
}


def verify(headers: Headers, query: Mapping[str, str], body: bytes, secrets: tuple[str, ...]) -> None:
    """Raise BadSignature unless a token came along: Jenkins signs nothing.

    It may be `?token=`, `Authorization: Bearer`, the password of a user:password@ in the URL, or `X-Jenkins-Token`.
    """
    sent = [token for token in _tokens(headers, query) if token]
    if not sent:
        raise BadSignature("no token: send ?token=, Authorization or X-Jenkins-Token")
    for token in sent:
        for secret in secrets:
            if secret and hmac.compare_digest(secret.encode(), token.encode("utf-8", "replace")):
                return
    raise BadSignature("the token is not ours")


def decode(headers: Headers, body: bytes) -> object:
    """The JSON in the body. Raises NotJson, for the plugin's XML format too."""
    return decode_json(body)


def envelope(headers: Headers, payload: object, body: bytes) -> Envelope:
    """Jenkins gives deliveries no id: equal bodies are one delivery, as the plugin may send one body many times."""
    notification = mapping(payload)
    phase = mapping(notification.get("build")).get("phase")
    return Envelope(hashlib.sha256(body).hexdigest(), "build", text(phase) or text(notification.get("event")))


def parse(headers: Headers, payload: object) -> list[Event]:
    """The build in one notification. `x-received-at` (ISO) stands in for a time that an old body does not carry."""
    notification = _notification(payload)
    if notification is None:
        kind = text(headers.get("ce-type"))
        if kind:
            raise Ignored(f"{kind}: nothing about a build")
        raise BadPayload("build: missing, or not an object; expected a body of the Notification plugin in JSON")
    return [_attempt(notification, moment(headers.get("x-received-at")))]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a build lives: the names of folders and job as Jenkins writes them, its server, the job's address."""

    names: tuple[str, ...]
    host: str
    job_url: str | None
    number: int | None


@dataclass(frozen=True, slots=True)
class Times:
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    duration_s: float | None
    exact: bool  # the start, or the creation, is the build's own and not reckoned back from the present moment


def _attempt(notification: dict[str, Any], received_at: datetime | None) -> Attempt:
    build = mapping(notification.get("build"))
    place = _place(notification, build)
    number = count(build.get("number")) or place.number
    if number is None:
        raise BadPayload("build.number: missing, or not a number from 1 up")
    raw_status, result = text(build.get("phase")), text(build.get("status"))
    status, rank = _phase(raw_status, result)
    times = _times(build, raw_status, status, received_at)
    scm = mapping(build.get("scm"))
    own_name = unquote(place.names[-1])
    branch = without_remote(text(scm.get("branch")))
    multibranch = is_branch_job(place.names, branch)
    return Attempt(
        provider=SLUG,
        host=place.host,
        repo=Repo(name="/".join(place.names[:-1])),
        pipeline=Pipeline(name=own_name, path="/".join(place.names), url=place.job_url),
        external_id=f"{'/'.join(place.names)}#{number}",
        attempt=1,
        status=status,
        outcome=_outcome(status, result),
        created_at=times.created_at,
        number=number,
        raw_status=raw_status,
        raw_conclusion=result if status is Status.COMPLETED else None,
        title=title_of(build.get("display_name"), number),
        branch=own_name if multibranch else branch,
        sha=text(scm.get("commit")),
        actor=text(notification.get("user_id")),
        pull_request=pull_request_of(own_name) if multibranch else None,
        started_at=times.started_at,
        completed_at=times.completed_at,
        updated_at=first(moment_from_ms(build.get("timestamp")), received_at),
        duration_s=times.duration_s,
        rank=rank,
        url=f"{place.job_url}{number}/" if place.job_url else None,
        multibranch=multibranch,
        exact_start=times.exact,
        log=_log(build.get("log")),
    )


def _notification(payload: object) -> dict[str, Any] | None:
    """The body in the Notification plugin's words, whichever plugin sent it; None when it is about no build."""
    body = mapping(payload)
    if "specversion" in body and isinstance(body.get("data"), dict):
        body = body["data"]  # a CloudEvent in one piece: its attributes are beside the body, not in headers
    if isinstance(body.get("build"), dict):
        return _from_cloud_event(body) if _is_cloud_event(body) else body
    if "buildUrl" in body:
        return _from_outbound(body)
    return None


def _is_cloud_event(body: dict[str, Any]) -> bool:
    return "userId" in body or not body["build"].keys().isdisjoint(("fullUrl", "scmState", "queueId"))


def _from_cloud_event(body: dict[str, Any]) -> dict[str, Any]:
    """CloudEvents plugin: the same fields in camelCase. SYSTEM is Jenkins itself, no person."""
    build = body["build"]
    names = {"full_url": build.get("fullUrl"), "display_name": build.get("displayName"), "scm": build.get("scmState")}
    user = body.get("userId")
    return {**body, "user_id": None if user == "SYSTEM" else user, "build": {**build, **names}}


def _from_outbound(body: dict[str, Any]) -> dict[str, Any]:
    """Outbound WebHook plugin: no time, and the number only in `buildUrl`."""
    phase, result = OUTBOUND_EVENTS.get((text(body.get("event")) or "").lower(), (None, None))
    if phase is None:
        raise BadPayload(f"event: not one of {', '.join(OUTBOUND_EVENTS)}")
    build = {"full_url": body.get("buildUrl"), "number": body.get("buildNumber"), "phase": phase, "status": result}
    return {"name": body.get("projectName"), "build": build}


def _phase(phase: str | None, result: str | None) -> tuple[Status, int]:
    """Where the build is. Without a phase we know, a result says that it ended."""
    known = PHASES.get((phase or "").upper())
    if known is not None:
        return known
    return PHASES["COMPLETED"] if result else PHASES["STARTED"]


def _outcome(status: Status, result: str | None) -> Outcome:
    """A running pipeline may already carry UNSTABLE or FAILURE: it counts once the build ended."""
    if status is not Status.COMPLETED:
        return OUTCOME_OF_STATUS[status]
    return RESULTS.get((result or "").upper(), Outcome.UNKNOWN)


def _times(build: dict[str, Any], phase: str | None, status: Status, received_at: datetime | None) -> Times:
    """The phase says what `timestamp` is: QUEUED creation, STARTED start, COMPLETED end, FINALIZED the present moment.

    Merging keeps the earliest start and end, so STARTED and COMPLETED correct what FINALIZED only brackets.
    """
    stamp = moment_from_ms(build.get("timestamp"))
    ended = status is Status.COMPLETED
    duration = _duration(build.get("duration")) if ended else None
    started_at = None
    if stamp is not None and status is Status.IN_PROGRESS:
        started_at = stamp
    elif stamp is not None and duration is not None:
        started_at = stamp - duration
    created_at = first(started_at, stamp, received_at)
    if created_at is None:
        raise BadPayload("build.timestamp: missing, and it is not known when this was received")
    return Times(
        created_at=created_at,
        started_at=started_at,
        completed_at=first(stamp, received_at) if ended else None,
        duration_s=duration.total_seconds() if duration is not None else None,
        exact=stamp is not None and (phase or "").upper() in EXACT_PHASES and (duration is not None or not ended),
    )


def _duration(milliseconds: object) -> timedelta | None:
    """None for 0 too: Jenkins sets the duration at the end, and a pipeline step may say COMPLETED before."""
    number = integer(milliseconds)
    if not number or sane_seconds(number / 1000) is None:
        return None
    return timedelta(milliseconds=number)


def _place(notification: dict[str, Any], build: dict[str, Any]) -> Place:
    """The job's path from `url`, which is there always; the server from `full_url`, which may name another job."""
    relative = text(build.get("url"), TEXT_LENGTH) or text(notification.get("url"), TEXT_LENGTH)
    full = text(build.get("full_url"), TEXT_LENGTH)
    root, path = split_url(full)
    if relative:
        _, path = split_url(relative)
    names, number, job_path = names_in(path)
    if not names:
        name = text(notification.get("name"))
        if name is None:
            raise BadPayload("build.url: missing, and there is no name either")
        names = (name,)
    if len("/".join(names)) > NAME_LENGTH:
        raise BadPayload(f"build.url: the job's path is longer than {NAME_LENGTH} characters")
    job_url = f"{root}{job_path}" if root and job_path else None
    host = root.partition("://")[2].lower() if root else HOST
    return Place(names, host, job_url, number)


def _log(log: object) -> str | None:
    """The last lines of the log, if the endpoint asks for them."""
    return clean(log) or None if isinstance(log, str) else None


def _tokens(headers: Headers, query: Mapping[str, str]) -> list[str]:
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    credentials = credentials.strip()
    authorization = ""
    if scheme.lower() == "bearer":
        authorization = credentials
    elif scheme.lower() == "basic":
        authorization = _basic_password(credentials)
    return [query.get("token", ""), authorization, headers.get("x-jenkins-token", "")]


def _basic_password(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""
