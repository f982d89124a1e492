"""Where runs come from: sources, repositories, pipelines."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.exceptions import HTTPException

from cicd_health.api import shapes
from cicd_health.api.auth import READER
from cicd_health.api.clock import Now
from cicd_health.api.paging import Page, WantedPage
from cicd_health.api.words import Id, Word
from cicd_health.store import engine, lists
from cicd_health.store.lists import RunFilter

router = APIRouter(prefix="/api/v1", tags=["sources"], dependencies=[READER])


@router.get("/sources")
def sources(now: Now) -> Page[shapes.Source]:
    """Every source, and how fresh it is."""
    with engine.reading() as session:
        found = lists.sources(session, now)
    return Page(items=[shapes.Source.of(row, state) for row, state in found])


@router.get("/repos")
def repos(page: WantedPage, provider: Word | None = None) -> Page[shapes.Repo]:
    """Repositories (GitHub) and folders (Jenkins), the latest to appear first."""
    with engine.reading() as session:
        rows, following = page.cut(lists.repos(session, provider, page.one_more, page.after), "created_at")
    return Page(items=[shapes.Repo(**row) for row in rows], next=following)


@router.get("/pipelines")
def pipelines(page: WantedPage, provider: Word | None = None, repo: Word | None = None) -> Page[shapes.Pipeline]:
    """Pipelines, the latest to appear first."""
    with engine.reading() as session:
        rows, following = page.cut(lists.pipelines(session, provider, repo, page.one_more, page.after), "created_at")
    return Page(items=[shapes.Pipeline(**row) for row in rows], next=following)


@router.get("/pipelines/{pipeline_id}")
def pipeline(pipeline_id: Id) -> shapes.PipelineDetail:
    """One pipeline and its newest run."""
    with engine.reading() as session:
        row = lists.pipeline(session, pipeline_id)
        if row is None:
            raise HTTPException(404, f"There is no pipeline {pipeline_id}.")
        newest = lists.runs(session, RunFilter(pipeline=str(pipeline_id)), limit=1)
    return shapes.PipelineDetail(**row, last_run=shapes.Run.of(newest[0]) if newest else None)
