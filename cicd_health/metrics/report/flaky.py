"""Flaky jobs: those that failed and then passed on the same commit, in the last 14 days."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from cicd_health.model.flakes import CLEARED, WINDOW, FlakyJob, FlakyState, judge
from cicd_health.model.health import Query
from cicd_health.store.reports import flakes as kept
from cicd_health.store.reports.flakes import Counts, Flipped

SHOWN_RUNS = 10
WORST_FIRST = {state: rank for rank, state in enumerate(FlakyState)}


def flaky(session: Session, query: Query, now: datetime, *, commits: int = 1) -> tuple[FlakyJob, ...]:
    """Confirmed ones first, then suspected, then broken; of equal ones those with most commits, then the latest.

    Of the 14 days before `now`, whatever the query's window. A branch, event or actor narrows which flips count; how
    often a job passes and fails is of all its runs. `commits` leaves out jobs with fewer of them.
    """
    since = now - WINDOW
    jobs = [job for job in kept.flipped(session, query, since) if len(job.commits) >= commits]
    clean = kept.clean_commits(session, jobs, CLEARED)
    jobs = [job for job in jobs if clean[job.suspect] < CLEARED]
    if not jobs:
        return ()
    tries = kept.tries(session, since, now, without_jobs=any(job.job == "" for job in jobs))
    runs = kept.runs_of(session, query, since, [job.suspect for job in jobs])
    found = (
        _judged(job, tries.get(job.suspect, (0, 0)), clean[job.suspect], runs[job.suspect][:SHOWN_RUNS]) for job in jobs
    )
    return tuple(sorted(found, key=lambda job: (WORST_FIRST[job.state], -job.commits, now - job.last_at, job.run_ids)))


def _judged(job: Flipped, tries: Counts, clean: int, run_ids: tuple[int, ...]) -> FlakyJob:
    verdicts, failed = tries
    return FlakyJob(
        pipeline_id=job.pipeline_id,
        pipeline=job.pipeline,
        repo=job.repo,
        provider=job.provider,
        job=job.job or None,
        state=judge(len(job.commits), verdicts, failed),
        commits=len(job.commits),
        verdicts=verdicts,
        failed=failed,
        clean=clean,
        first_at=job.first_at,
        last_at=job.last_at,
        run_ids=run_ids,
    )
