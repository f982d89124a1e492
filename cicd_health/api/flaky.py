"""Flaky jobs: confirmed, suspected, and those that are broken."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from fastapi import Query as Parameter

from cicd_health.api.auth import READER
from cicd_health.api.clock import Now
from cicd_health.api.findings import Flaky
from cicd_health.api.paging import Page, Positioned
from cicd_health.api.question import the_pipeline
from cicd_health.api.words import Word, words
from cicd_health.metrics import report
from cicd_health.model import flakes
from cicd_health.model.flakes import FlakyState
from cicd_health.model.health import Query
from cicd_health.model.windows import Window
from cicd_health.store import engine

router = APIRouter(prefix="/api/v1", tags=["metrics"], dependencies=[READER])


@router.get("/flaky")
def flaky(
    page: Positioned,
    now: Now,
    provider: Word | None = None,
    repo: Word | None = None,
    pipeline: Annotated[Word | None, Parameter(description="Its id or its name.")] = None,
    branch: Word | None = None,
    state: Annotated[Word | None, Parameter(description=f"One or more of {', '.join(FlakyState)}.")] = None,
) -> Page[Flaky]:
    """Jobs that failed and then passed on the same commit, in the last 14 days."""
    states = words("state", state, FlakyState) or tuple(FlakyState)
    window = Window("custom", now - flakes.WINDOW, now)
    with engine.reading() as session:
        pipeline_id = None if pipeline is None else the_pipeline(session, pipeline, repo)
        query = Query(window, provider=provider, repo=repo, pipeline_id=pipeline_id, branch=branch)
        found = [job for job in report.flaky(session, query, now) if job.state in states]
    jobs, following = page.cut(found)
    return Page(items=[Flaky.of_job(job, window.start) for job in jobs], next=following)
