"""Times to restore of a window: those that ended in it are in the sums; what lasts at its end is read from the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from sqlmodel import Session

from cicd_health.metrics import time_to_restore
from cicd_health.metrics.time_to_restore import restored
from cicd_health.model.health import Query, Restore
from cicd_health.model.incidents import Breakage, breakages
from cicd_health.model.tally import Tally
from cicd_health.model.windows import Window
from cicd_health.store.reports import restores
from cicd_health.store.reports.reading import Reading
from cicd_health.store.reports.turns import Turns


def restore(session: Session, query: Query, window: Window, tally: Tally) -> Restore:
    """Of one window, whose Tally is known."""
    [found] = restore_each(session, query, [(window, tally)])
    return found


def restore_each(session: Session, query: Query, windows: Sequence[tuple[Window, Tally]]) -> list[Restore]:
    """Of windows, whose Tallies are known."""
    if query.branch is not None:
        return [time_to_restore.restore(_breakages(session, query, window), window) for window, _ in windows]
    tallies = [tally for _, tally in windows]
    if not _of_runs(query):
        tallies = [Reading(session, _runs(query), window.start, window.end).total() for window, _ in windows]
    lasting = restores.lasting_each(session, query, [window.end for window, _ in windows])
    return [restored(tally.restored, last.values()) for tally, last in zip(tallies, lasting, strict=True)]


def restore_by_pipeline(
    session: Session, query: Query, tallies: Mapping[int, Tally], groups: Sequence[Sequence[int]]
) -> list[Restore]:
    """Of groups of pipelines."""
    window = query.window
    if query.branch is not None:
        broken = _breakages(session, query, window)
        of_groups = ([one for one in broken if one.failed.pipeline_id in group] for group in groups)
        return [time_to_restore.restore(of_group, window) for of_group in of_groups]
    if not _of_runs(query):
        tallies = Reading(session, _runs(query), window.start, window.end).pipelines()
    lasting = restores.lasting(session, query, window.end)
    return [
        restored(
            Tally.sum(tallies[pipeline_id] for pipeline_id in group if pipeline_id in tallies).restored,
            [lasting[pipeline_id] for pipeline_id in group if pipeline_id in lasting],
        )
        for group in groups
    ]


def restore_by_time(
    session: Session, query: Query, bounds: Sequence[datetime], tallies: Sequence[Tally]
) -> list[Restore]:
    """Of each step of the query's window."""
    window = query.window
    parts = [Window("custom", start, min(end, window.end)) for start, end in pairwise(bounds)]
    if query.branch is not None:
        broken = _breakages(session, query, window)
        return [time_to_restore.restore(broken, part) for part in parts]
    if not _of_runs(query):
        tallies = Reading(session, _runs(query), window.start, window.end).buckets(bounds)
    lasting = restores.lasting_at(session, query, [part.end for part in parts])
    return [restored(tally.restored, of_part.values()) for tally, of_part in zip(tallies, lasting, strict=True)]


def _breakages(session: Session, query: Query, window: Window) -> list[Breakage]:
    return breakages(Turns(session, query, window.start, window.end).all())


def _of_runs(query: Query) -> bool:
    return query.subject == "run" and query.job is None


def _runs(query: Query) -> Query:
    """Pipelines break and are restored by runs, whichever jobs are asked for."""
    return replace(query, subject="run", job=None)
