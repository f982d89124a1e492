"""What a build built on other jobs: the cells of a matrix, the sub-builds of a MultiJob, as jobs of its run.

Only the leaves count, as only they have a log worth reading. Sources: https://github.com/jenkinsci/matrix-project-plugin
(MatrixBuild), https://github.com/jenkinsci/tikal-multijob-plugin (MultiJobBuild.SubBuild)
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cicd_health.model.runs import OUTCOME_OF_STATUS, Attempt, Job, Outcome, Status, sane_seconds
from cicd_health.providers.jenkins.places import is_path, names_in, split_url
from cicd_health.providers.jenkins.words import ENDED_RANK, RESULTS, RUNNING_RANK
from cicd_health.providers.json_reader import (
    NAME_LENGTH,
    TEXT_LENGTH,
    count,
    first,
    integer,
    mapping,
    moment_from_ms,
    sequence,
    text,
)

DEEPEST = 3  # MultiJobs below MultiJobs that are looked into
MOST = 2000  # leaves of one build
OWN = "number,url,result,building,timestamp,duration,builtOn"


def _fields() -> str:
    cells = f"runs[{OWN}]"
    fields = f"{OWN},{cells}"
    for _ in range(DEEPEST):
        fields = f"{OWN},{cells},subBuilds[buildNumber,jobName,result,url,build[{fields}]]"
    return fields.removeprefix(f"{OWN},")


FIELDS = f"builtOn,{_fields()}"  # of a build


@dataclass(frozen=True, slots=True)
class Leaf:
    """A build below the one asked about. `path` and `number` are None for one that never started."""

    name: str
    path: str | None
    number: int | None
    place: str  # its job's address below the server's
    fields: Mapping[str, Any]


def jobs(run: Attempt, root: str, build: Mapping[str, Any], received_at: datetime | None) -> list[Job]:
    """One job per leaf, each once. A parent whose sub-builds never started has none."""
    found: dict[str, Job] = {}
    for leaf in _leaves(build, "", DEEPEST + 1):
        job = _job(run, root, leaf, received_at)
        found.setdefault(job.external_id, job)
        if len(found) >= MOST:
            break
    return list(found.values())


def _leaves(build: Mapping[str, Any], above: str, depth: int) -> Iterator[Leaf]:
    number = count(build.get("number"))
    for cell in map(mapping, sequence(build.get("runs"))):
        # A matrix lists the cells it did not build this time with the number of the build that did.
        if number is not None and count(cell.get("number")) == number:
            yield _leaf(cell, above, None)
    for sub in map(mapping, sequence(build.get("subBuilds"))):
        inner = mapping(sub.get("build"))
        merged = {
            **{k: v for k, v in inner.items() if v is not None},
            "result": sub.get("result") or inner.get("result"),
        }
        merged |= {"number": count(sub.get("buildNumber")) or inner.get("number"), "url": sub.get("url")}
        name = f"{above}{text(sub.get('jobName')) or ''}"
        below = list(_leaves(merged, f"{name} / ", depth - 1)) if depth else []
        yield from below or [_leaf(merged, "", name)]


def _leaf(fields: Mapping[str, Any], above: str, name: str | None) -> Leaf:
    """`name` is that of a sub-build; a cell has its own, at the end of its address."""
    _, path = split_url(_relative(text(fields.get("url"), TEXT_LENGTH)))
    names, number, place = names_in(path)
    job_path = "/".join(names)
    shown = name or f"{above}{names[-1] if names else 'cell'}"
    if not names or number is None or not is_path(job_path):
        return Leaf(shown, None, None, "", fields)
    return Leaf(shown, job_path, number, place, fields)


def _relative(url: str | None) -> str | None:
    """A MultiJob gives addresses relative to the server: "job/child/7/"."""
    return url if url is None or "://" in url else f"/{url.lstrip('/')}"


def _job(run: Attempt, root: str, leaf: Leaf, received_at: datetime | None) -> Job:
    result, building = text(leaf.fields.get("result")), leaf.fields.get("building") is True
    ended = run.status is Status.COMPLETED or (result is not None and not building)
    status = Status.COMPLETED if ended else (Status.IN_PROGRESS if leaf.path else Status.QUEUED)
    outcome = RESULTS.get((result or "").upper(), Outcome.UNKNOWN) if ended else OUTCOME_OF_STATUS[status]
    begun_at, duration = moment_from_ms(leaf.fields.get("timestamp")), integer(leaf.fields.get("duration"))
    ended_at = None
    if ended and begun_at is not None and duration is not None and sane_seconds(duration / 1000) is not None:
        ended_at = begun_at + timedelta(milliseconds=duration)
    return Job(
        provider=run.provider,
        host=run.host,
        repo=run.repo,
        run_external_id=run.external_id,
        external_id=_external_id(run, leaf),
        name=leaf.name or "job",
        attempt=run.attempt,
        status=status,
        outcome=outcome,
        raw_conclusion=result if ended else None,
        runner=text(leaf.fields.get("builtOn")),
        started_at=begun_at,
        completed_at=ended_at,
        updated_at=first(ended_at, run.updated_at) if ended else received_at,
        rank=ENDED_RANK if ended else RUNNING_RANK,
        url=f"{root}{leaf.place}{leaf.number}/" if leaf.path else run.url,
        pipeline_name=run.pipeline.name,
    )


def _external_id(run: Attempt, leaf: Leaf) -> str:
    """The child's own id below its run's: a build may be a child of several."""
    child = f"{leaf.path}#{leaf.number}" if leaf.path else f"{leaf.name}#-"
    scoped = f"{run.external_id}/{child}"
    return (
        scoped
        if len(scoped) <= NAME_LENGTH
        else f"{run.external_id[:400]}/sha256:{hashlib.sha256(child.encode()).hexdigest()}"
    )
