"""Flat aliases for people who know this family of tools: bare arrays, four status words, rates in per cent."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cicd_health.api import alert_bodies, alert_settings, logs, metrics
from cicd_health.api.auth import ADMIN, READER
from cicd_health.api.clock import Now
from cicd_health.api.problems import answers
from cicd_health.api.question import Asked
from cicd_health.api.words import Id, Word
from cicd_health.model.health import Summary
from cicd_health.model.runs import FAILED, UNFINISHED, Outcome
from cicd_health.store import engine, lists
from cicd_health.store.lists import RunFilter

router = APIRouter(tags=["flat aliases"], dependencies=[READER])


class Build(BaseModel):
    """One run. `status` is success, failure, cancelled or in_progress."""

    id: int
    provider: str
    pipeline: str
    repo: str
    branch: str | None
    status: str
    started_at: datetime | None
    completed_at: datetime | None
    duration_seconds: float | None
    url: str | None

    @classmethod
    def of(cls, row: lists.Row) -> Build:
        outcome = Outcome(row["outcome"])
        return cls(**{**row, "status": word(outcome), "duration_seconds": row["duration_s"]})


class FlatSummary(BaseModel):
    """Rates in per cent; null when there is nothing to tell. `avg_build_time` is in seconds, over successes."""

    window: str
    success_rate: float | None
    failure_rate: float | None
    avg_build_time: float | None
    last_status_by_pipeline: dict[str, str]

    @classmethod
    def of(cls, summary: Summary) -> FlatSummary:
        return cls(
            window=summary.window.slug,
            success_rate=_per_cent(summary.success_rate),
            failure_rate=_per_cent(summary.failure_rate),
            avg_build_time=None if summary.duration.mean is None else round(summary.duration.mean, 3),
            last_status_by_pipeline=_by_short_name(summary.last_outcome_by_pipeline),
        )


def word(outcome: Outcome) -> str:
    """One of the four words: whatever ended without a verdict is cancelled."""
    if outcome is Outcome.SUCCESS:
        return "success"
    if outcome in FAILED:
        return "failure"
    return "in_progress" if outcome in UNFINISHED else "cancelled"


def _per_cent(rate: float | None) -> float | None:
    return None if rate is None else round(rate * 100, 1)


def _by_short_name(outcomes: dict[str, str]) -> dict[str, str]:
    """Keyed by the pipeline's own name where that is enough to tell it apart, else by "repo » name"."""
    shared = Counter(name.rpartition(" » ")[2] for name in outcomes)
    short = {name: name.rpartition(" » ")[2] for name in outcomes}
    return {
        short[name] if shared[short[name]] == 1 else name: word(Outcome(outcome)) for name, outcome in outcomes.items()
    }


@router.get("/metrics/summary", responses=answers(400, 404))
@router.get("/api/summary", name="api_summary", responses=answers(400, 404))
@router.get("/api/metrics", name="api_metrics", responses=answers(400, 404))
def summary(asked: Asked, now: Now) -> FlatSummary:
    """The main numbers of a window."""
    return FlatSummary.of(metrics.read_summary(asked, now))


@router.get("/builds")
@router.get("/api/runs", name="api_runs")
def builds(limit: Annotated[int, Query(ge=1, le=500)] = 50) -> list[Build]:
    """The latest builds, newest first."""
    with engine.reading() as session:
        return [Build.of(row) for row in lists.runs(session, RunFilter(), limit)]


@router.get("/api/logs/{run_id}", response_class=Response, responses=logs.TEXT)
def log(run_id: Id) -> Response:
    """The log of a run as text."""
    return logs.of_run(run_id)


@router.get("/builds/latest", responses=answers(404))
def latest(pipeline: Word) -> Build:
    """The newest build of one pipeline, by its name or id."""
    with engine.reading() as session:
        rows = lists.runs(session, RunFilter(pipeline=pipeline), limit=1)
    if not rows:
        raise HTTPException(404, f"There is no build of a pipeline {pipeline}.")
    return Build.of(rows[0])


@router.post("/api/alerts/test", dependencies=[ADMIN], responses=answers(404, 409))
def try_alerts(now: Now, wanted: alert_bodies.TestDraft | None = None) -> alert_settings.TestResults:
    """A test message to one channel, to an address, or to every channel."""
    return alert_settings.try_out(now, wanted)
