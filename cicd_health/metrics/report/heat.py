"""When the runs of a pipeline are created, and how long they then take: by weekday and hour of the viewer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter
from zoneinfo import ZoneInfo

from sqlmodel import Session

from cicd_health.metrics.metric import nearest_rank
from cicd_health.metrics.report.numbers import passed_of
from cicd_health.model.health import Query
from cicd_health.model.pipeline_report import HeatCell
from cicd_health.model.runs import Outcome
from cicd_health.model.tally import Seconds
from cicd_health.model.windows import Window
from cicd_health.store.reports import heat as kept
from cicd_health.store.reports.rows import tallied

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Cell = tuple[int, int]  # weekday from Monday, hour


def heat(session: Session, query: Query, pipeline_id: int) -> tuple[HeatCell, ...]:
    """A cell for each hour of the viewer's week in which the pipeline had runs in the query's window, Monday first.

    Whole hours come from the kept tallies, so that a median is within 0.5 %. Run by run go the edges of the window,
    what is filtered by what no tally is kept for, and zones whose hours do not begin with those of UTC.
    """
    window, zone = query.window, ZoneInfo(query.tz)
    first, last = _whole_hours(window) if _tallied(query, zone) else (window.end, window.end)
    sums: dict[Cell, _Sum] = {}
    for moment, tally in kept.hourly(session, pipeline_id, first, last):
        of_cell = sums.setdefault(_cell(moment, zone), _Sum())
        of_cell.passed.merge(tally.passed)
        for outcome, runs in tally.counts.items():
            of_cell.count(outcome, runs)
    for start, end in ((window.start, first), (last, window.end)):
        for moment, outcome, duration_s in kept.runs(session, query, start, end):
            of_cell = sums.setdefault(_cell(moment, zone), _Sum())
            of_cell.count(outcome, 1)
            if outcome == Outcome.SUCCESS and duration_s is not None:
                of_cell.passed.put(duration_s)
    return tuple(_heat_cell(cell, of_cell) for cell, of_cell in sorted(sums.items(), key=itemgetter(0)))


@dataclass(slots=True)
class _Sum:
    """The part of a Tally that a cell shows."""

    counts: dict[str, int] = field(default_factory=dict)
    passed: Seconds = field(default_factory=Seconds)

    def count(self, outcome: str, runs: int) -> None:
        self.counts[outcome] = self.counts.get(outcome, 0) + runs


def _whole_hours(window: Window) -> tuple[datetime, datetime]:
    """The first and the last full hour of UTC in the window; its end twice where it holds none."""
    first = _floor(window.start + HOUR - timedelta.resolution)
    last = _floor(window.end)
    return (first, last) if first < last else (window.end, window.end)


def _floor(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _tallied(query: Query, zone: ZoneInfo) -> bool:
    """Whether tallies are kept for what is asked, and the zone's hours begin when those of UTC do all the time."""
    if not tallied(query):
        return False
    days = range(query.window.length // DAY + 2)
    offsets = (zone.utcoffset((query.window.start + day * DAY).astimezone(zone)) for day in days)
    return all(offset is not None and not offset % HOUR for offset in offsets)


def _cell(moment: datetime, zone: ZoneInfo) -> Cell:
    local = moment.astimezone(zone)
    return local.weekday(), local.hour


def _heat_cell(cell: Cell, of_cell: _Sum) -> HeatCell:
    successes, verdicts = passed_of(of_cell.counts)
    passed = of_cell.passed
    p50_s = passed.at_rank(nearest_rank(50, passed.n)) if passed.n else None
    return HeatCell(*cell, sum(of_cell.counts.values()), verdicts, verdicts - successes, p50_s)
