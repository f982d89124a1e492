"""Looking for changes in the last runs of pipelines: by the clock, and only where runs have ended since.

What is found replaces what was known in one transaction, so that nothing is lost with a killed process: the pipeline is
then still unseen, and the next look finds the same.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session

from cicd_health.metrics.changes import blame, pipeline
from cicd_health.model.changes import Blame, ChangePoint
from cicd_health.store import changes, engine
from cicd_health.store.reports import series_of

log = structlog.get_logger(__name__)

MOST_RUNS = 400  # verdicts of one pipeline that are looked at
MOST_PARTS = 8_000  # of its jobs, and of their steps
OLDEST = timedelta(days=90)
KEPT = timedelta(days=60)  # how long a change is told
PAUSE = timedelta(minutes=5)  # between two looks at the same pipeline
RECENT = timedelta(minutes=10)
AT_ONCE = 20  # pipelines
REST = 3  # so many times what one look took is left to everything else: it computes, and pages wait beside it


def examine_due(now: datetime) -> int:
    """Look at pipelines with runs that ended since the last look, those never looked at first; how many."""
    with engine.reading() as session:
        due = series_of.due(session, now - RECENT, now - PAUSE, AT_ONCE)
    took_s = 0.0
    for pipeline_id in due:
        time.sleep(REST * took_s)
        began = time.monotonic()
        try:
            examine(pipeline_id, now)
        except Exception:  # whatever is odd about one pipeline, the others are looked at
            log.exception("pipeline not examined", pipeline_id=pipeline_id)
        took_s = time.monotonic() - began
    return len(due)


def examine(pipeline_id: int, now: datetime) -> None:
    """Find the changes of one pipeline and keep them, unless another process did so at the same moment."""
    with engine.reading() as session:
        known = changes.of_pipelines(session, [pipeline_id], now - KEPT)
        found = find(session, pipeline_id, known, now)
    with engine.writing() as session:
        if changes.replace(session, pipeline_id, found, now) and set(found) != set(known):
            engine.announce(session, "changes")


def find(session: Session, pipeline_id: int, known: list[ChangePoint], now: datetime) -> list[ChangePoint]:
    """The changes of the last 60 days: as they show now, and those `known` that lie too far back to be seen again."""
    runs = series_of.verdicts(session, pipeline_id, now - OLDEST, MOST_RUNS)
    run_ids = [run.run_id for run in runs]
    jobs = series_of.jobs(session, run_ids, MOST_PARTS)
    steps = series_of.steps(session, run_ids, MOST_PARTS)
    all_series = pipeline.series_of(runs, jobs, steps, cut=len(runs) == MOST_RUNS)
    found = [change for change in pipeline.changes_of(pipeline_id, all_series) if change.at >= now - KEPT]
    blamed = [
        replace(change, blame=_blame(session, change, pipeline.sides(all_series["duration", change.job, None], change)))
        if change.of == "duration" and change.step is None
        else change
        for change in found
    ]
    return blamed + pipeline.out_of_sight(all_series, known)


def _blame(session: Session, change: ChangePoint, sides: blame.Sides) -> Blame | None:
    """The job that grew, if it is the run that did, and its step. Read anew: a change may lie before the steps seen."""
    run_ids = sorted(sides[0] | sides[1])
    moved_s = change.after - change.before
    of_job, job = None, change.job
    if job is None:
        of_job = blame.of_job(sides, moved_s, series_of.jobs(session, run_ids, MOST_PARTS).parts)
        if of_job is None:
            return None
        job, moved_s = of_job.job, of_job.after_s - of_job.before_s
    steps = series_of.steps(session, run_ids, MOST_PARTS, job).parts
    return blame.of_step(sides, moved_s, job, steps) or of_job
