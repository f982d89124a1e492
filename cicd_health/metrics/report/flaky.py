"""Flaky jobs: those that failed and then passed on the same commit, in the last 14 days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from cicd_health.model.flakes import CLEARED, WINDOW, FlakyJob, FlakyState, judge
from cicd_health.model.health import Query
from cicd_health.store.reports import flakes as kept
from cicd_health.store.reports.flakes import Counts, Flipped, Since, Suspect

SHOWN_RUNS = 10
WORST_FIRST = {state: rank for rank, state in enumerate(FlakyState)}


def flaky(session: Session, query: Query, now: datetime, *, commits: int = 1) -> tuple[FlakyJob, ...]:
    """Confirmed ones first, then suspected, then broken; of equal ones those with most commits, then the latest.

    Of the 14 days before `now`, whatever the query's window. A branch, event or actor narrows which flips count; how
    often a job passes and fails is of all its runs. `commits` leaves out jobs with fewer of them.
    """
    by_job: dict[Suspect, list[Flipped]] = {}
    for flip in kept.flipped(session, query, now - WINDOW):
        by_job.setdefault((flip.pipeline_id, flip.job), []).append(flip)
    suspects = {suspect: flips for suspect, flips in by_job.items() if len(flips) >= commits}
    if not suspects:
        return ()
    last = {suspect: _since(flips) for suspect, flips in suspects.items()}
    clean = kept.clean_commits(session, last, CLEARED)
    without_jobs = any(job == "" for _, job in suspects)
    tries = kept.tries(session, now - WINDOW, now, without_jobs=without_jobs)
    found = [
        job
        for suspect, flips in suspects.items()
        if (job := _job(flips, tries.get(suspect, (0, 0)), clean.get(suspect, 0)))
    ]
    return tuple(sorted(found, key=lambda job: (WORST_FIRST[job.state], -job.commits, _age(job, now), job.run_ids)))


def _since(flips: Sequence[Flipped]) -> Since:
    return Since(flips[0].passed_at, frozenset(flip.sha for flip in flips))


def _job(flips: Sequence[Flipped], tries: Counts, clean: int) -> FlakyJob | None:
    """None when it is cleared. Flips come latest first."""
    latest = flips[0]
    verdicts, failed = tries
    state = judge(len(flips), verdicts, failed, clean)
    if state is None:
        return None
    return FlakyJob(
        pipeline_id=latest.pipeline_id,
        pipeline=latest.pipeline,
        repo=latest.repo,
        provider=latest.provider,
        job=latest.job or None,
        state=state,
        commits=len(flips),
        verdicts=verdicts,
        failed=failed,
        clean=clean,
        first_at=min(flip.failed_at for flip in flips),
        last_at=latest.passed_at,
        run_ids=tuple(dict.fromkeys(flip.run_id for flip in flips))[:SHOWN_RUNS],
    )


def _age(job: FlakyJob, now: datetime) -> float:
    return (now - job.last_at).total_seconds()
