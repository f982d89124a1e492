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
from cicd_health.store.reports.pieces import A_PIECE, MEMORY
from cicd_health.store.reports.reading import pair


def overview(session: Session, query: Query, now: datetime) -> Overview:
    """The page's snapshot."""
    window, before = query.window, query.window.previous()
    reading, reading_before = readings = pair(session, query)
    total, total_before = reading.total(), reading_before.total()
    step, wide_step = steps_for(window)
    narrow = buckets(reading, edges(window, step, query.tz), now)
    wide = narrow if wide_step == step else buckets(reading, edges(window, wide_step, query.tz), now)
    incidents = pipelines.open_incidents(session, query)
    loud = [incident for incident in incidents if incident.state != IncidentState.MUTED]
    last = pipelines.last_verdicts_twice(session, query)
    named = pipelines.named(session, query)
    restore, restore_before = restore_each(session, query, [(window, total), (before, total_before)])
    latest = lists.latest(session, query)
    return Overview(
        now=now,
        query=query,
        empty=not latest and lists.empty(session),
        summary=summarise(query, window, total, restore, outcome_by_pipeline(named, last[0])),
        previous=summarise(query, before, total_before, restore_before, {}),
        buckets=narrow,
        wide_buckets=wide,
        pipelines=pipeline_healths(session, query, now, readings, named, incidents, last),
        latest=latest,
        sources=lists.sources(session, now),
        refusals=lists.refusals(session),
        repos=lists.repos(session),
        branches=_branches(session, query, now.replace(second=0, microsecond=0)),
        open_incidents=len(loud),
        muted_incidents=len(incidents) - len(loud),
        oldest_incident_at=loud[0].opened_at if loud else None,
    )


def _branches(session: Session, query: Query, minute: datetime) -> tuple[str, ...]:
    """What there is to choose from. Of so many that only the most used are named, they are those as of a minute."""
    window = query.window
    span = window.slug if window.slug != "custom" else (window.start, window.end)
    key = "branches", str(session.get_bind().engine.url), span, minute
    found = MEMORY.get(key)
    if found is None:
        found = lists.branches(session, query)
        if len(found) == lists.BRANCHES:
            MEMORY.keep(key, found, A_PIECE + len(found))
    return found
