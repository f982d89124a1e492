"""Flaky jobs: confirmed, suspected, and those that are broken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter
from fastapi import Query as Parameter

from cicd_health.api.auth import READER
from cicd_health.api.clock import Now
from cicd_health.api.findings import Flaky
from cicd_health.api.paging import Page, RankedPage
from cicd_health.api.problems import answers
from cicd_health.api.question import the_pipeline
from cicd_health.api.words import Word, words
from cicd_health.metrics import report
from cicd_health.model import flakes
from cicd_health.model.flakes import FlakyJob, FlakyState
from cicd_health.model.health import Query
from cicd_health.model.windows import Window
from cicd_health.store import engine

router = APIRouter(prefix="/api/v1", tags=["metrics"], dependencies=[READER])
Sort = Literal["state", "-commits", "-last_at", "-failed"]
WORST_FIRST = {state: rank for rank, state in enumerate(FlakyState)}
RANKS: dict[str, Callable[[FlakyJob], tuple[float, ...]]] = {
    "state": lambda job: (WORST_FIRST[job.state], -job.commits, -job.last_at.timestamp()),
    "-commits": lambda job: (-job.commits, -job.last_at.timestamp()),
    "-last_at": lambda job: (-job.last_at.timestamp(),),
    "-failed": lambda job: (-job.failed, -job.last_at.timestamp()),
}
LENGTHS = {"state": 3, "-commits": 2, "-last_at": 1, "-failed": 2}


@router.get("/flaky", responses=answers(404))
def flaky(
    page: RankedPage,
    now: Now,
    provider: Word | None = None,
    repo: Word | None = None,
    pipeline: Annotated[Word | None, Parameter(description="Its id or its name.")] = None,
    branch: Word | None = None,
    state: Annotated[Word | None, Parameter(description=f"One or more of {', '.join(FlakyState)}.")] = None,
    sort: Annotated[
        Sort, Parameter(description="Confirmed ones first; or most commits, the latest, or most failures first.")
    ] = "state",
) -> Page[Flaky]:
    """Jobs that failed and then passed on the same commit, in the 14 days before the first page was asked for.

    A job whose own numbers change meanwhile may be found at another place of the order.
    """
    states = words("state", state, FlakyState) or tuple(FlakyState)
    order = f"flaky {sort}"
    as_of = page.as_of(now, order, LENGTHS[sort])
    window = Window("custom", as_of - flakes.WINDOW, as_of)
    with engine.reading() as session:
        pipeline_id = None if pipeline is None else the_pipeline(session, pipeline, repo)
        query = Query(window, provider=provider, repo=repo, pipeline_id=pipeline_id, branch=branch)
        found = [job for job in report.flaky(session, query, as_of) if job.state in states]
    jobs, following = page.cut(found, order, as_of, lambda job: (RANKS[sort](job), f"{job.pipeline_id} {job.job}"))
    return Page(items=[Flaky.of_job(job, window.start) for job in jobs], next=following)
