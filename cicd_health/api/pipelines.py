"""Pipelines: the list with the state and the numbers of each, and one with everything that is known of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel import Session
from starlette.exceptions import HTTPException

from cicd_health.api import shapes
from cicd_health.api.auth import READER
from cicd_health.api.clock import Now
from cicd_health.api.paging import NamedPage, Page
from cicd_health.api.pipeline_shapes import PipelineDetail, PipelineLine
from cicd_health.api.question import AskedSpan, WindowSlug
from cicd_health.api.words import Id, Word
from cicd_health.metrics import report
from cicd_health.model import health
from cicd_health.model.health import PipelineHealth
from cicd_health.model.windows import window_ending
from cicd_health.store import engine, lists
from cicd_health.store.lists import RunFilter

router = APIRouter(prefix="/api/v1", tags=["pipelines"], dependencies=[READER])


@router.get("/pipelines")
def pipelines(
    page: NamedPage,
    now: Now,
    provider: Word | None = None,
    repo: Word | None = None,
    window: WindowSlug = "7d",
    numbers: Annotated[bool, Query(description="Also the state and the numbers of each.")] = True,
) -> Page[PipelineLine]:
    """Pipelines, each with its state and its numbers in the window."""
    with engine.reading() as session:
        found = lists.pipelines(session, provider, repo, page.one_more, page.after, by_name=page.by_name)
        rows, following = page.cut(found)
        asked = health.Query(window_ending(window, now), provider=provider, repo=repo)
        states = _healths(session, asked, now) if rows and numbers else {}
    return Page(items=[PipelineLine.of(row, states.get(row["id"])) for row in rows], next=following)


def _healths(session: Session, asked: health.Query, now: datetime) -> dict[int, PipelineHealth]:
    return {one.pipeline_id: one for one in report.pipelines(session, asked, now)}


@router.get("/pipelines/{pipeline_id}")
def pipeline(pipeline_id: Id, now: Now, span: AskedSpan, branch: Word | None = None) -> PipelineDetail:
    """One pipeline: its newest run, its state, and in the window its numbers, series, jobs, steps and failures."""
    with engine.reading() as session:
        row = lists.pipeline(session, pipeline_id)
        if row is None:
            raise HTTPException(404, f"There is no pipeline {pipeline_id}.")
        newest = lists.runs(session, RunFilter(pipeline=str(pipeline_id)), limit=1)
        asked = health.Query(span.window(now), pipeline_id=pipeline_id, branch=branch, tz=span.tz)
        found = report.pipeline(session, asked, now)
    if found is None:
        raise HTTPException(404, f"There is no pipeline {pipeline_id}.")
    return PipelineDetail.of_report(row, found, last_run=shapes.Run.of(newest[0]) if newest else None)
