"""Everything the page of one pipeline shows."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session

from cicd_health.metrics.report.flaky import flaky
from cicd_health.metrics.report.heat import heat
from cicd_health.metrics.report.numbers import buckets, outcome_by_pipeline, summarise
from cicd_health.metrics.report.pipelines import pipeline_healths
from cicd_health.metrics.report.restoring import restore_each
from cicd_health.metrics.report.slow_jobs import last_runs, slow_jobs, slow_steps
from cicd_health.model.buckets import edges, steps_for
from cicd_health.model.health import Query
from cicd_health.model.pipeline_report import PipelineReport
from cicd_health.store import changes
from cicd_health.store.reports import failures, lists, pipelines
from cicd_health.store.reports.reading import pair

CHANGES = timedelta(days=60)  # change points are shown so far back, however short the window


def pipeline(session: Session, query: Query, now: datetime) -> PipelineReport | None:
    """The page's snapshot; None when there is no pipeline with the query's `pipeline_id`."""
    named = pipelines.named(session, query)
    if query.pipeline_id is None or not named:
        return None
    window, before = query.window, query.window.previous()
    reading, reading_before = readings = pair(session, query)
    total, total_before = reading.total(), reading_before.total()
    step, wide_step = steps_for(window)
    bounds, wide_bounds = edges(window, step, query.tz), edges(window, wide_step, query.tz)
    narrow = buckets(reading, bounds, now)
    verdicts = pipelines.last_verdicts_twice(session, query)
    incidents = pipelines.open_incidents(session, query)
    healths = pipeline_healths(session, query, now, readings, named, incidents, verdicts)
    last = last_runs(session, query)
    restore, restore_before = restore_each(session, query, [(window, total), (before, total_before)])
    only, last_outcomes = named[0], outcome_by_pipeline(named, verdicts[0])
    return PipelineReport(
        now=now,
        query=query,
        name=only.name,
        repo=only.repo,
        provider=only.provider,
        url=only.url,
        default_branch=only.default_branch,
        health=healths[0] if healths else None,
        summary=summarise(query, window, total, restore, last_outcomes),
        previous=summarise(query, before, total_before, restore_before, {}),
        buckets=narrow,
        wide_buckets=narrow if wide_step == step else buckets(reading, wide_bounds, now),
        changes=tuple(changes.of_pipelines(session, [query.pipeline_id], min(window.start, now - CHANGES))),
        heat=heat(session, query, only.pipeline_id),
        jobs=slow_jobs(session, query, wide_bounds, last.critical),
        steps=slow_steps(session, query, last),
        flaky=flaky(session, query, now),
        failures=failures.groups(session, query),
        latest=lists.latest(session, query),
        branches=lists.branches_of(session, query.pipeline_id),
        looked_at=last.critical.runs,
    )
