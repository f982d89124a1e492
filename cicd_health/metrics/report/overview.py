"""Everything the overview page shows, in a handful of queries, however many pipelines there are."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from cicd_health.metrics.report.numbers import buckets, outcome_by_pipeline, summarise
from cicd_health.metrics.report.pipelines import pipeline_healths
from cicd_health.metrics.report.restoring import restore_each
from cicd_health.model.alerts import IncidentState
from cicd_health.model.buckets import edges, steps_for
from cicd_health.model.health import Overview, Query
from cicd_health.store.reports import lists, pipelines
from cicd_health.store.reports.reading import Reading


def overview(session: Session, query: Query, now: datetime) -> Overview:
    """The page's snapshot."""
    window, before = query.window, query.window.previous()
    reading = Reading(session, query, window.start, window.end)
    reading_before = Reading(session, query, before.start, before.end)
    total, total_before = reading.total(), reading_before.total()
    step, wide_step = steps_for(window)
    narrow = buckets(reading, edges(window, step, query.tz), now)
    wide = narrow if wide_step == step else buckets(reading, edges(window, wide_step, query.tz), now)
    incidents = pipelines.open_incidents(session, query)
    loud = [incident for incident in incidents if incident.state != IncidentState.MUTED]
    last = pipelines.last_verdicts(session, query, any_branch=True)
    named = pipelines.named(session, query)
    restore, restore_before = restore_each(session, query, [(window, total), (before, total_before)])
    return Overview(
        now=now,
        query=query,
        empty=lists.empty(session),
        summary=summarise(query, window, total, restore, outcome_by_pipeline(named, last)),
        previous=summarise(query, before, total_before, restore_before, {}),
        buckets=narrow,
        wide_buckets=wide,
        pipelines=pipeline_healths(session, query, now, reading, reading_before, named, incidents, last),
        latest=lists.latest(session, query),
        sources=lists.sources(session, now),
        refusals=lists.refusals(session),
        repos=lists.repos(session),
        branches=lists.branches(session, query),
        open_incidents=len(loud),
        muted_incidents=len(incidents) - len(loud),
        oldest_incident_at=loud[0].opened_at if loud else None,
    )
