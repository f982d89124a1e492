"""What the charts of one pipeline draw: the success rate over time, and where a series changed. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Literal

from cicd_health.model.changes import ChangePoint
from cicd_health.model.health import Bucket
from cicd_health.model.pipeline_report import PipelineReport
from cicd_health.model.runs import Outcome
from cicd_health.ui import format as text
from cicd_health.ui import series
from cicd_health.ui.pipeline_view.troubles import percent
from cicd_health.ui.series import Axis, Charts, Days

MARKS = 2  # change points whose words find room in a chart


@dataclass(frozen=True, slots=True)
class RatePoint:
    """One bucket; None is a gap. `percent` is 0–100, for the axis."""

    key: str
    title: str
    percent: float | None
    rate: str
    of: str
    left_out: str


@dataclass(frozen=True, slots=True)
class RateDot:
    """A point that no line reaches, or the newest."""

    key: str
    percent: float


@dataclass(frozen=True, slots=True)
class Rates:
    """`floor` is where the axis begins, in per cent."""

    per: str = ""
    points: list[RatePoint] = field(default_factory=list)
    dots: list[RateDot] = field(default_factory=list)
    days: Days = field(default_factory=Days)
    axis: Axis = field(default_factory=Axis)
    floor: int = 0
    now: str = ""
    nothing: str = ""


@dataclass(frozen=True, slots=True)
class ChangeMark:
    """A dashed line at `key` with its words, and what comes after it, up to `until`, in a wash."""

    key: str
    until: str
    words: str
    side: Literal["insideTopLeft", "insideTopRight"]
    drop: int  # pixels from the top of the plot: the first stands above it, the second where it does not meet the first
    ink: str
    wash: str


@dataclass(frozen=True, slots=True)
class Marks:
    """What is drawn over a line: the changes, and the end of the bucket that is not over."""

    changes: list[ChangeMark] = field(default_factory=list)
    now: str = ""


@dataclass(frozen=True, slots=True)
class Trends:
    rates: Rates
    charts: Charts
    rate_marks: Marks
    duration_marks: Marks
    queue_marks: Marks


def trends(report: PipelineReport, zone: tzinfo) -> Trends:
    wide = report.wide_buckets
    own = [change for change in report.changes if change.job is None]
    return Trends(
        rates=rates(wide, zone),
        charts=series.charts(report, zone),
        rate_marks=marks([one for one in own if one.of == "failure_rate"], wide, report.now, zone),
        duration_marks=marks([one for one in own if one.of == "duration"], wide, report.now, zone),
        queue_marks=marks([], wide, report.now, zone),
    )


def rates(buckets: Sequence[Bucket], zone: tzinfo) -> Rates:
    points = [_rate_point(bucket, zone) for bucket in buckets]
    known = [point.percent for point in points if point.percent is not None]
    floor, step = _scale(min(known, default=100.0))
    ticks = list(range(floor, 101, step))
    return Rates(
        per=series.per(buckets),
        points=points,
        dots=_dots(points),
        days=series.days(buckets, zone),
        axis=Axis(ticks, {str(tick): f"{tick} %" for tick in ticks}, 100),
        floor=floor,
        now=running(buckets),
        nothing="" if known else "No run passed or failed",
    )


def _scale(lowest: float) -> tuple[int, int]:
    """Where the axis begins and its step, so that the lowest point has room under it."""
    return next(scale for scale in ((90, 2), (80, 5), (60, 10), (20, 20), (0, 25)) if lowest > scale[0] or not scale[0])


def _rate_point(bucket: Bucket, zone: tzinfo) -> RatePoint:
    verdicts = sum(n for outcome, n in bucket.counts.items() if outcome.verdict)
    passed = bucket.counts.get(Outcome.SUCCESS, 0)
    left_out = sum(bucket.counts.values()) - verdicts
    return RatePoint(
        key=series.key(bucket),
        title=text.stretch(bucket.start, bucket.end, zone),
        percent=round(100 * passed / verdicts, 2) if verdicts else None,
        rate=text.rate(passed / verdicts) if verdicts else text.NOTHING,
        of=f"{text.count(passed)} of {text.count(verdicts)}",
        left_out=f"{text.count(left_out)} left out" if left_out else "nothing left out",
    )


def _dots(points: Sequence[RatePoint]) -> list[RateDot]:
    """The newest, and those between two gaps."""
    padded = [None, *[point.percent for point in points], None]
    known = [i for i, point in enumerate(points) if point.percent is not None]
    lone = [i for i in known if padded[i] is None and padded[i + 2] is None]
    return [RateDot(points[i].key, points[i].percent or 0.0) for i in sorted({*lone, *known[-1:]})]


def running(buckets: Sequence[Bucket]) -> str:
    """The key of the bucket that is not over; empty when all are."""
    return next((series.key(bucket) for bucket in buckets if bucket.running), "")


def marks(changes: Sequence[ChangePoint], buckets: Sequence[Bucket], now: datetime, zone: tzinfo) -> Marks:
    """The newest changes of one series that lie within the chart."""
    drawn = []
    for change in changes:
        place = next((i for i, bucket in enumerate(buckets) if bucket.start <= change.at < bucket.end), None)
        if place is None or len(drawn) == MARKS:
            continue
        drawn.append(
            ChangeMark(
                key=series.key(buckets[place]),
                until=series.key(buckets[-1]),
                words=f"{'▲' if change.worse else '▼'} {text.moment(change.at, now, zone)} · {_size(change)}",
                side="insideTopRight" if 2 * place >= len(buckets) else "insideTopLeft",
                drop=17 * len(drawn) - 18,
                ink="var(--warn)" if change.worse else "var(--off)",
                wash="var(--warn-soft)" if change.worse else "transparent",
            )
        )
    return Marks(drawn, running(buckets))


def _size(change: ChangePoint) -> str:
    if change.of == "failure_rate":
        return f"{text.rate(1 - change.before)} → {text.rate(1 - change.after)}"
    return f"{text.duration(change.before)} → {text.duration(change.after)}" if not change.before else percent(change)
