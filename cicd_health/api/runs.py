"""Runs: the list with its filters, and one run with its attempts, jobs, steps and alerts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.exceptions import HTTPException

from cicd_health.api import alert_shapes, shapes
from cicd_health.api.auth import READER
from cicd_health.api.paging import Page, WantedPage, encode
from cicd_health.api.words import Id, Moment, Word, words
from cicd_health.model.runs import Outcome, Status
from cicd_health.store import alert_lists, engine, lists
from cicd_health.store.counted import NAMES
from cicd_health.store.lists import RunFilter
from cicd_health.store.run_pages import RunPage, run_page

router = APIRouter(prefix="/api/v1", tags=["runs"], dependencies=[READER])


def run_filter(
    provider: Word | None = None,
    repo: Annotated[Word | None, Query(description="owner/name, or Jenkins' folder path")] = None,
    pipeline: Annotated[Word | None, Query(description="Its id or its name.")] = None,
    branch: Word | None = None,
    status: Annotated[Word | None, Query(description=f"One or more of {', '.join(Status)}.")] = None,
    conclusion: Annotated[Word | None, Query(description=f"One or more of {', '.join(Outcome)}.")] = None,
    event: Word | None = None,
    actor: Word | None = None,
    sha: Annotated[Word | None, Query(description="A commit, or its first 4 digits or more.")] = None,
    q: Annotated[Word | None, Query(description="A text in title, branch, actor, commit or a name.")] = None,
    from_: Annotated[Moment | None, Query(alias="from")] = None,
    to: Moment | None = None,
    job: Annotated[Word | None, Query(description="The name of a job that they have.")] = None,
    counted: Annotated[Word, Query(description="Those that a number counts: see `explain` of the metrics.")] = "",
    signature: Annotated[
        Word | None, Query(description="Of what failed, as `failures` tells it; none: those that have none.")
    ] = None,
) -> RunFilter:
    """The runs that a caller asked for."""
    if counted and counted not in NAMES:
        raise HTTPException(422, f"counted: one of {', '.join(NAMES)}, not {counted!r}.")
    return RunFilter(
        provider=provider,
        repo=repo,
        pipeline=pipeline,
        branch=branch,
        statuses=words("status", status, Status),
        outcomes=words("conclusion", conclusion, Outcome),
        event=event,
        actor=actor,
        sha=sha,
        q=q,
        start=from_,
        end=to,
        job=job,
        counted=counted,
        signature=signature,
    )


WantedRuns = Annotated[RunFilter, Depends(run_filter)]


@router.get("/runs")
def runs(wanted: WantedRuns, page: WantedPage) -> Page[shapes.Run]:
    """Runs, newest first. A run belongs to a time by `created_at`: `from` is included, `to` is not.

    For a text, and where several filters meet, 10,000 runs are looked through for one page: it may hold fewer than
    `limit`, even none, and still have a `next`, which goes on from there.
    """
    with engine.reading() as session:
        return page_of(run_page(session, wanted, page.limit, page.after))


def page_of(found: RunPage) -> Page[shapes.Run]:
    return Page(
        items=[shapes.Run.of(row) for row in found.rows], next=encode(found.following) if found.following else None
    )


@router.get("/runs/{run_id}")
def run(
    run_id: Id, attempt: Annotated[int | None, Query(ge=1, le=1_000_000, description="Default: the last.")] = None
) -> shapes.RunDetail:
    """One run: all its attempts, and the jobs and steps of one."""
    with engine.reading() as session:
        row = lists.run(session, run_id)
        if row is None:
            raise HTTPException(404, f"There is no run {run_id}.")
        attempts = lists.attempts(session, run_id)
        chosen = attempt or row["attempt"]
        if attempt is not None and attempt not in {known["attempt"] for known in attempts}:
            raise HTTPException(404, f"Run {run_id} has no attempt {attempt}.")
        jobs = lists.jobs(session, run_id, chosen)
        return shapes.RunDetail.of(
            row,
            attempts_list=[shapes.AttemptOfRun(**known) for known in attempts],
            jobs=shapes.jobs_of(jobs, lists.steps(session, [job["id"] for job in jobs])),
            alerts=alert_shapes.read_alerts(session, alert_lists.incidents_of_run(session, row)),
        )
