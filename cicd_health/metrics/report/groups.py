"""The same numbers, once per pipeline, repository, branch, job, day or hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlmodel import Session

from cicd_health.metrics.report.numbers import summarise
from cicd_health.metrics.report.restoring import restore_by_pipeline, restore_by_time
from cicd_health.model.buckets import DAY, edges
from cicd_health.model.health import Query, Restore, Summary
from cicd_health.model.tally import Tally
from cicd_health.model.windows import Window
from cicd_health.store.reports import pipelines
from cicd_health.store.reports.reading import Reading
from cicd_health.store.reports.wanted import Label

GroupBy = Literal["pipeline", "repo", "branch", "job", "day", "hour"]
Groups = list[tuple[dict[str, Any], Summary]]


def groups(session: Session, query: Query, group_by: GroupBy) -> Groups:
    """(key, numbers) of each group that has any run in the window; days and hours are all there, empty ones too.

    The key of a pipeline is its id, with its name and repository beside it; of a day "YYYY-MM-DD" in the query's
    zone; of an hour its moment in UTC. Grouping by job counts jobs. Branches and jobs have no time to restore.
    Raises ValueError for an unknown grouping.
    """
    match group_by:
        case "day" | "hour":
            return _by_time(session, query, DAY if group_by == "day" else timedelta(hours=1))
        case "pipeline" | "repo":
            return _by_place(session, query, group_by)
        case "branch" | "job":
            return _by_label(session, query, group_by)
    raise ValueError(f"cannot group by {group_by!r}")


def _by_time(session: Session, query: Query, step: timedelta) -> Groups:
    window = query.window
    bounds = edges(window, step, query.tz)
    tallies = Reading(session, query, window.start, window.end).buckets(bounds)
    restores = restore_by_time(session, query, bounds, tallies)
    zone = ZoneInfo(query.tz)
    found: Groups = []
    for (start, end), tally, restored in zip(pairwise(bounds), tallies, restores, strict=True):
        part = Window("custom", start, min(end, window.end))
        key = f"{start.astimezone(zone):%Y-%m-%d}" if step == DAY else _hour(start)
        found.append(({"key": key}, summarise(query, part, tally, restored, {})))
    return found


def _hour(start: datetime) -> str:
    return f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _by_place(session: Session, query: Query, group_by: str) -> Groups:
    window = query.window
    tallies = Reading(session, query, window.start, window.end).pipelines()
    members: dict[Any, list[pipelines.Named]] = {}
    for pipeline in pipelines.named(session, query):
        if pipeline.pipeline_id in tallies:
            key = pipeline.pipeline_id if group_by == "pipeline" else pipeline.repo
            members.setdefault(key, []).append(pipeline)
    ids = [[pipeline.pipeline_id for pipeline in of_key] for of_key in members.values()]
    restores = restore_by_pipeline(session, query, tallies, ids)
    found: Groups = []
    for (key, of_key), of_ids, restored in zip(members.items(), ids, restores, strict=True):
        beside = {"name": of_key[0].name, "repo": of_key[0].repo} if group_by == "pipeline" else {}
        total = Tally.sum(tallies[pipeline_id] for pipeline_id in of_ids)
        found.append(({"key": key, **beside}, summarise(query, window, total, restored, {})))
    return found


def _by_label(session: Session, query: Query, group_by: Label) -> Groups:
    if group_by == "job" or query.job is not None:
        query = replace(query, subject="job")
    tallies = Reading(session, query, query.window.start, query.window.end).labels(group_by)
    most_first = sorted(tallies.items(), key=lambda group: (-group[1].total, group[0] or ""))
    return [({"key": key}, summarise(query, query.window, tally, Restore(), {})) for key, tally in most_first]
