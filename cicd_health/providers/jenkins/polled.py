"""What Jenkins tells when asked, as documents; and the events in them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from cicd_health.model.runs import Attempt, Event, Outcome, Pipeline, Repo, Status
from cicd_health.model.watches import KnownRun
from cicd_health.providers.jenkins import build as builds
from cicd_health.providers.jenkins.places import BuildId, is_branch_job, is_path
from cicd_health.providers.jenkins.words import RUNNING_RANK, SLUG
from cicd_health.providers.json_reader import TEXT_LENGTH, count, mapping, moment, sequence, text
from cicd_health.providers.provider import BadPayload, Headers
from cicd_health.providers.remote import Connection, Document

GONE = "gone"  # in place of a result: the build, or its job, is not there any more


@dataclass(frozen=True, slots=True)
class Project:
    """What is known of the job of a build. `multibranch`: it is a branch of one; None where Jenkins did not say."""

    path: str
    multibranch: bool | None = None
    scm_urls: tuple[str, ...] = ()


def document(connection: Connection, project: Project, build: Any, described: dict[str, Any] | None) -> Document:
    """One build, with what the Pipeline REST API said of it: {} for nothing, None when it was not asked."""
    complete = described is not None or not builds.is_pipeline(build)
    ended = not builds.is_running(mapping(build))
    payload = {"polled": _polled(connection, project), "build": build, "described": described}
    return _document(project.path, payload, jobs_known=1 if complete and ended else 0)


def gone(connection: Connection, project: Project, external_id: str, build: BuildId, known: KnownRun) -> Document:
    """A build that was here and is there no more: it has ended, and nobody knows how.

    The first time it may be hidden only, so it is not done with: it is asked for once more.
    """
    polled = _polled(connection, project) | {
        "gone": True,
        "number": build.number,
        "external_id": external_id,
        "created_at": known.created_at.isoformat(),
    }
    return _document(build.path, {"polled": polled}, jobs_known=1 if known.completed else 0)


def is_polled(payload: object) -> bool:
    return isinstance(mapping(payload).get("polled"), dict)


def parse(headers: Headers, payload: object) -> list[Event]:
    """The build in one document, and its jobs. Raises BadPayload."""
    body = mapping(payload)
    said, received_at = mapping(body.get("polled")), moment(headers.get("x-received-at"))
    path, host = text(said.get("path"), TEXT_LENGTH), text(said.get("host"))
    if path is None or host is None or not is_path(path):
        raise BadPayload("polled: the host is missing, or the path is not the full name of a job")
    if said.get("gone") is True:
        return [_gone(host, path, said, received_at)]
    if not isinstance(body.get("build"), dict):
        raise BadPayload("build: not an object")
    job = builds.PolledJob(
        host=host,
        root=text(said.get("api_url"), TEXT_LENGTH) or "",
        path=path,
        multibranch=said.get("multibranch") if isinstance(said.get("multibranch"), bool) else None,
        scm_urls=frozenset(url for url in map(text, sequence(said.get("scm_urls"))) if url),
    )
    return builds.events(job, body["build"], body.get("described"), received_at)


def _polled(connection: Connection, project: Project) -> dict[str, Any]:
    return {
        "host": connection.host,
        "api_url": connection.api_url,
        "path": project.path,
        "multibranch": project.multibranch,
        "scm_urls": list(project.scm_urls),
    }


def _document(path: str, payload: dict[str, Any], jobs_known: int) -> Document:
    """Named by its content: what cannot be understood is kept once for each state it is in."""
    mark = hashlib.sha256(json.dumps(payload, sort_keys=True, default=str).encode("utf-8", "replace")).hexdigest()
    return Document("build", f"poll:{path[:200]}:{mark[:32]}", payload, jobs_known=jobs_known)


def _gone(host: str, path: str, said: Mapping[str, Any], received_at: datetime | None) -> Attempt:
    """More than what was last known of it when it ran, less than any end that is told later."""
    number, created_at = count(said.get("number")), moment(said.get("created_at"))
    if number is None or created_at is None:
        raise BadPayload("polled: number or created_at is missing")
    names = tuple(path.split("/"))
    own_name = unquote(names[-1])
    multibranch = said.get("multibranch")
    of_branch = multibranch if isinstance(multibranch, bool) else is_branch_job(names, None)
    return Attempt(
        provider=SLUG,
        host=host,
        repo=Repo("/".join(names[:-1])),
        pipeline=Pipeline(own_name, path=path),
        external_id=text(said.get("external_id")) or f"{path}#{number}",
        attempt=1,
        status=Status.COMPLETED,
        outcome=Outcome.UNKNOWN,
        created_at=created_at,
        branch=own_name if of_branch else None,
        raw_conclusion=GONE,
        updated_at=received_at,
        rank=RUNNING_RANK,
        multibranch=of_branch,
    )
