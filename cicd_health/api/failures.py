"""Failures grouped by what failed: the same words, wherever they were seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from fastapi import Query as Parameter
from pydantic import BaseModel

from cicd_health.api.auth import READER
from cicd_health.api.clock import Now
from cicd_health.api.paging import Page, RankedPage
from cicd_health.api.problems import answers
from cicd_health.api.question import AskedSpan, the_pipeline
from cicd_health.api.words import Word
from cicd_health.model import failures as model
from cicd_health.model.health import Query
from cicd_health.store import engine
from cicd_health.store.reports import signatures

router = APIRouter(prefix="/api/v1", tags=["failures"], dependencies=[READER])
Sort = Literal["-first_seen_at", "-last_seen_at", "-runs"]
RANKS: dict[str, Callable[[model.Sighting], tuple[float, ...]]] = {
    "-first_seen_at": lambda seen: (-seen.first_seen_at.timestamp(),),
    "-last_seen_at": lambda seen: (-seen.last_seen_at.timestamp(),),
    "-runs": lambda seen: (-seen.runs, -seen.last_seen_at.timestamp()),
}


class FailingPipeline(BaseModel):
    """A pipeline, and how many of its runs failed so."""

    id: int
    name: str
    repo: str
    provider: str
    runs: int


class FailingRun(BaseModel):
    """The newest run that failed so, with the failing lines."""

    run_id: int
    pipeline_id: int
    number: int | None
    branch: str | None
    sha: str | None
    created_at: datetime
    job: str | None
    step: str | None
    url: str | None
    excerpt: str | None


class OpenIncident(BaseModel):
    """An incident that is not over: see `alerts`."""

    id: int
    state: Literal["open", "acknowledged", "muted", "resolved"]


class Failure(BaseModel):
    """Runs of the window that failed alike. `words` is the line that says best why.

    `incidents` are those that are not over and whose last failure was of this kind. `state` is muted when all of them
    are, at least one; else new when nothing failed so before the window, else known. Of `pipelines_n` pipelines and
    `jobs_n` names of jobs, the 10 with most runs are told.
    """

    signature: str
    words: str
    state: Literal["new", "known", "muted"]
    first_seen_at: datetime
    last_seen_at: datetime
    runs: int
    pipelines_n: int
    pipelines: list[FailingPipeline]
    jobs_n: int
    jobs: list[str]
    incidents: list[OpenIncident]
    example: FailingRun

    @classmethod
    def of(cls, failure: model.Failure) -> Failure:
        seen = failure.sighting
        same = {name: getattr(seen, name) for name in ("signature", "runs", "first_seen_at", "last_seen_at")}
        return cls(
            **same,
            state=seen.state.value,
            words=failure.words,
            pipelines_n=failure.pipelines_n,
            pipelines=[FailingPipeline.model_validate(one, from_attributes=True) for one in failure.pipelines],
            jobs_n=failure.jobs_n,
            jobs=list(failure.jobs),
            incidents=[OpenIncident(id=one.id, state=one.state.value) for one in seen.incidents],
            example=FailingRun.model_validate(failure.example, from_attributes=True),
        )


@router.get("/failures", responses=answers(404))
def failures(
    page: RankedPage,
    span: AskedSpan,
    now: Now,
    provider: Word | None = None,
    repo: Annotated[Word | None, Parameter(description="owner/name, or Jenkins' folder path.")] = None,
    pipeline: Annotated[Word | None, Parameter(description="Its id or its name.")] = None,
    branch: Word | None = None,
    event: Word | None = None,
    actor: Word | None = None,
    job: Annotated[Word | None, Parameter(description="The name of a job that the runs have.")] = None,
    state: Annotated[Literal["new", "known", "muted"] | None, Parameter(description="Default: all.")] = None,
    sort: Annotated[
        Sort,
        Parameter(description="The newest kind of failure first, the last to be seen, or the one with most runs."),
    ] = "-first_seen_at",
) -> Page[Failure]:
    """Failed runs of a window, grouped by the signature of what failed. Runs without a known cause are in none.

    All pages are of the window of the first. A group whose own numbers change meanwhile may be found at another place
    of the order: `-first_seen_at` is the order that new runs do not change.
    """
    rank = RANKS[sort]
    order = f"failures {sort}"
    as_of = page.as_of(now, order, 2 if sort == "-runs" else 1)
    with engine.reading() as session:
        pipeline_id = None if pipeline is None else the_pipeline(session, pipeline, repo)
        query = Query(
            span.window(as_of),
            provider=provider,
            repo=repo,
            pipeline_id=pipeline_id,
            branch=branch,
            event=event,
            actor=actor,
            job=job,
            tz=span.tz,
        )
        seen = [one for one in signatures.sightings(session, query) if state in (None, one.state)]
        chosen, following = page.cut(seen, order, as_of, lambda one: (rank(one), one.signature))
        found = signatures.failures(session, query, chosen)
    return Page(items=[Failure.of(failure) for failure in found], next=following)
