"""Stages of a pipeline, from the Pipeline REST API, as jobs of its run.

Source: https://github.com/jenkinsci/pipeline-stage-view-plugin/tree/master/rest-api
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cicd_health.model.runs import OUTCOME_OF_STATUS, Attempt, Job, Outcome, Status, sane_seconds
from cicd_health.providers.jenkins.words import ENDED_RANK, PAUSED, RUNNING_RANK, RUNNING_STAGES, STAGES
from cicd_health.providers.json_reader import (
    NAME_LENGTH,
    first,
    identifier,
    integer,
    mapping,
    moment_from_ms,
    sequence,
    text,
)

MOST = 2000  # stages of one build
LONGEST_QUEUE = timedelta(days=35)


def jobs(run: Attempt, described: Mapping[str, Any], received_at: datetime | None) -> list[Job]:
    """The stages in the order they began; stages side by side overlap."""
    rows = [row for row in sequence(described.get("stages"))[:MOST] if isinstance(row, dict)]
    found: dict[str, Job] = {}
    for index, row in enumerate(rows, 1):
        job = _job(run, row, identifier(row.get("id")) or str(index), received_at)
        found.setdefault(job.external_id, job)
    return list(found.values())


def is_paused(described: Mapping[str, Any]) -> bool:
    """Whether a person has to answer before the build goes on."""
    return any(
        text(row.get("status")) == PAUSED for row in (described, *map(mapping, sequence(described.get("stages"))))
    )


def paused_s(described: Mapping[str, Any]) -> float:
    """How long the build waited for people's input, in seconds: only its stages carry it, in newer versions."""
    of_stages = sum(_pause_s(mapping(row)) for row in sequence(described.get("stages")))
    return of_stages or _pause_s(described)


def started_at(described: Mapping[str, Any], made_at: datetime) -> datetime | None:
    """When the build left the queue, None where that is not said or makes no sense."""
    moment = moment_from_ms(described.get("startTimeMillis"))
    return moment if moment is not None and made_at <= moment <= made_at + LONGEST_QUEUE else None


def _job(run: Attempt, row: Mapping[str, Any], node: str, received_at: datetime | None) -> Job:
    word = text(row.get("status"))
    status, outcome = _state(word, run)
    begun_at, duration = moment_from_ms(row.get("startTimeMillis")), integer(row.get("durationMillis"))
    ended_at = None
    if status is Status.COMPLETED and begun_at is not None and duration is not None:
        ended_at = begun_at + timedelta(milliseconds=duration) if sane_seconds(duration / 1000) is not None else None
    return Job(
        provider=run.provider,
        host=run.host,
        repo=run.repo,
        run_external_id=run.external_id,
        external_id=f"{run.external_id}/{node}"[:NAME_LENGTH],
        name=text(row.get("name")) or f"stage {node}",
        attempt=run.attempt,
        status=status,
        outcome=outcome,
        raw_status=word,
        raw_conclusion=word if status is Status.COMPLETED else None,
        runner=text(row.get("execNode")),
        started_at=begun_at,
        completed_at=ended_at,
        paused_s=_pause_s(row) or None,
        updated_at=first(ended_at, run.updated_at) if status is Status.COMPLETED else received_at,
        rank=ENDED_RANK if status is Status.COMPLETED else RUNNING_RANK,
        url=run.url,
        pipeline_name=run.pipeline.name,
    )


def _state(word: str | None, run: Attempt) -> tuple[Status, Outcome]:
    """A stage of a build that has ended has ended too: with the build when that was aborted, else nobody says how."""
    known = (word or "").upper()
    running = RUNNING_STAGES.get(known)
    if running is not None and run.status is not Status.COMPLETED:
        return running, OUTCOME_OF_STATUS[running]
    cut_short = running is not None and run.outcome is Outcome.CANCELLED
    return Status.COMPLETED, Outcome.CANCELLED if cut_short else STAGES.get(known, Outcome.UNKNOWN)


def _pause_s(row: Mapping[str, Any]) -> float:
    milliseconds = integer(row.get("pauseDurationMillis"))
    return sane_seconds(milliseconds / 1000) or 0.0 if milliseconds is not None else 0.0
