"""What the charts draw: buckets to points, ticks and the text of the tooltip. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta, tzinfo

from cicd_health.model.health import Bucket, Distribution, Overview
from cicd_health.model.pipeline_report import PipelineReport
from cicd_health.model.runs import Outcome
from cicd_health.ui import format as text

PLOT = 168  # pixels between the baseline and the highest tick
GAP, FOOT = 1, 4  # pixels under the baseline
DAY = timedelta(days=1)
DATES = 6
Measured = Overview | PipelineReport  # what has buckets to draw
COUNT_STEPS = (1, 2, 5)
UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
SECOND_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 172800)


@dataclass(frozen=True, slots=True)
class Axis:
    """Ticks in the unit of the values, and what to write at each."""

    ticks: list[int] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)
    top: int = 1


@dataclass(frozen=True, slots=True)
class Days:
    """Which buckets get a tick, by key, and its word."""

    ticks: list[str] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutcomeBar:
    """One bucket. The parts of the running one are in `now_…`, to be hatched. `gap` and the feet are negative."""

    key: str
    title: str
    failed: int
    unstable: int
    passed: int
    left_out: int
    share: str
    now_failed: int = 0
    now_unstable: int = 0
    now_passed: int = 0
    gap: float = 0
    foot: float = 0
    warn_foot: float = 0


@dataclass(frozen=True, slots=True)
class Outcomes:
    per: str = ""
    bars: list[OutcomeBar] = field(default_factory=list)
    days: Days = field(default_factory=Days)
    axis: Axis = field(default_factory=Axis)
    floor: float = 0
    now: str = ""  # the key of the running bucket


@dataclass(frozen=True, slots=True)
class Totals:
    """For the legend; they equal the cards."""

    failed: str = ""
    unstable: str = ""
    passed: str = ""
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """One bucket. None is a gap."""

    key: str
    title: str
    p50: float | None
    p95: float | None
    mean: float | None
    p50_text: str
    p95_text: str
    mean_text: str
    of: str


@dataclass(frozen=True, slots=True)
class Percentiles:
    per: str = ""
    points: list[Point] = field(default_factory=list)
    days: Days = field(default_factory=Days)
    axis: Axis = field(default_factory=Axis)
    nothing: str = ""  # said in place of lines when no bucket has enough values


@dataclass(frozen=True, slots=True)
class Dot:
    """The newest value of a line."""

    key: str
    seconds: float
    ink: str


@dataclass(frozen=True, slots=True)
class Newest:
    """The right end of a line chart."""

    points: list[Point] = field(default_factory=list)
    dots: list[Dot] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Running:
    """The buckets that are not over, apart from the others: they change with every run, the others hardly ever."""

    totals: Totals = field(default_factory=Totals)
    bars: list[OutcomeBar] = field(default_factory=list)
    durations: Newest = field(default_factory=Newest)
    queues: Newest = field(default_factory=Newest)


@dataclass(frozen=True, slots=True)
class Charts:
    """What the three charts draw, each without its running bucket."""

    outcomes: Outcomes
    durations: Percentiles
    queues: Percentiles
    running: Running


def charts(of: Measured, zone: tzinfo) -> Charts:
    all_outcomes = outcomes(of, zone)
    all_durations = durations(of, zone)
    all_queues = queues(of, zone)
    over = sum(not bucket.running for bucket in of.buckets)
    wide_over = sum(not bucket.running for bucket in of.wide_buckets)
    return Charts(
        outcomes=replace(all_outcomes, bars=all_outcomes.bars[:over]),
        durations=replace(all_durations, points=all_durations.points[:wide_over]),
        queues=replace(all_queues, points=all_queues.points[:wide_over]),
        running=Running(
            totals=totals(of),
            bars=all_outcomes.bars[over:],
            durations=Newest(all_durations.points[wide_over:], dots(all_durations.points)),
            queues=Newest(all_queues.points[wide_over:], dots(all_queues.points)),
        ),
    )


def totals(of: Measured) -> Totals:
    counts = of.summary.counts
    unstable = counts.get(Outcome.UNSTABLE, 0)
    return Totals(
        failed=text.count(sum(n for outcome, n in counts.items() if outcome.failed) - unstable),
        unstable=text.count(unstable),
        passed=text.count(of.summary.successes),
        left_out=text.count(of.summary.total - of.summary.verdicts),
    )


def outcomes(of: Measured, zone: tzinfo) -> Outcomes:
    heights = [sum(bucket.counts.values()) for bucket in of.buckets]
    axis = count_axis(max(heights, default=0))
    pixel = axis.top / PLOT
    running = next((bucket for bucket in of.buckets if bucket.running), None)
    return Outcomes(
        per=per(of.buckets),
        bars=[_bar(bucket, pixel, zone) for bucket in of.buckets],
        days=days(of.buckets, zone),
        axis=axis,
        floor=-(GAP + FOOT) * pixel,
        now=key(running) if running else "",
    )


def key(bucket: Bucket) -> str:
    """What a bucket is called in a chart."""
    return str(int(bucket.start.timestamp()))


def _bar(bucket: Bucket, pixel: float, zone: tzinfo) -> OutcomeBar:
    passed = bucket.counts.get(Outcome.SUCCESS, 0)
    unstable = bucket.counts.get(Outcome.UNSTABLE, 0)
    failed = sum(n for outcome, n in bucket.counts.items() if outcome.failed) - unstable
    verdicts = passed + unstable + failed
    left_out = sum(bucket.counts.values()) - verdicts
    now = bucket.running
    return OutcomeBar(
        key=key(bucket),
        title=text.stretch(bucket.start, bucket.end, zone),
        failed=0 if now else failed,
        unstable=0 if now else unstable,
        passed=0 if now else passed,
        left_out=left_out,
        share=f"{text.rate(passed / verdicts)}, {passed} of {verdicts}" if verdicts else "no verdicts",
        now_failed=failed if now else 0,
        now_unstable=unstable if now else 0,
        now_passed=passed if now else 0,
        gap=-GAP * pixel if failed or unstable else 0,
        foot=-FOOT * pixel if failed else 0,
        warn_foot=-FOOT * pixel if unstable and not failed else 0,
    )


def durations(of: Measured, zone: tzinfo) -> Percentiles:
    return percentiles(of.wide_buckets, [bucket.duration for bucket in of.wide_buckets], "success", zone)


def queues(of: Measured, zone: tzinfo) -> Percentiles:
    return percentiles(of.wide_buckets, [bucket.queue for bucket in of.wide_buckets], "measured", zone)


def percentiles(buckets: Sequence[Bucket], spread: Sequence[Distribution], noun: str, zone: tzinfo) -> Percentiles:
    points = [_point(bucket, one, noun, zone) for bucket, one in zip(buckets, spread, strict=True)]
    measured = [value for point in points for value in (point.p50, point.p95, point.mean) if value is not None]
    return Percentiles(
        per=per(buckets),
        points=points,
        days=days(buckets, zone),
        axis=seconds_axis(max(measured, default=0.0)),
        nothing="" if measured else f"No bucket has the {text.P50_NEEDS} values a p50 takes",
    )


def _point(bucket: Bucket, spread: Distribution, noun: str, zone: tzinfo) -> Point:
    p50, p95 = text.p50(spread), text.p95(spread)
    return Point(
        key=key(bucket),
        title=text.stretch(bucket.start, bucket.end, zone),
        p50=_tenth(p50),
        p95=_tenth(p95),
        mean=_tenth(spread.mean if p50 is not None else None),
        p50_text=text.duration(p50),
        p95_text=text.duration(p95),
        mean_text=text.duration(spread.mean),
        of=f"{text.count(spread.n)} measured" if noun == "measured" else text.counted(spread.n, noun, f"{noun}es"),
    )


def _tenth(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def dots(points: Sequence[Point]) -> list[Dot]:
    p95 = [Dot(point.key, point.p95, "var(--c3)") for point in points if point.p95 is not None]
    p50 = [Dot(point.key, point.p50, "var(--c1)") for point in points if point.p50 is not None]
    return [*p95[-1:], *p50[-1:]]


def per(buckets: Sequence[Bucket]) -> str:
    """`per 6 h`, `per day`; empty without buckets."""
    if not buckets:
        return ""
    hours = round((buckets[0].end - buckets[0].start).total_seconds() / 3600, 1)
    if len(buckets) > 1:
        hours = round((buckets[1].end - buckets[1].start).total_seconds() / 3600, 1)
    if hours < 1:
        return f"per {round(hours * 60)} min"
    if hours < 24:
        return "per hour" if hours == 1 else f"per {hours:g} h"
    number = round(hours / 24)
    return "per day" if number == 1 else "per week" if number == 7 else f"per {number} days"


def days(buckets: Sequence[Bucket], zone: tzinfo) -> Days:
    """Hours over a day or two, the days of a week in their middle, else a handful of dates."""
    if not buckets:
        return Days()
    length = buckets[-1].end - buckets[0].start
    if length <= 2 * DAY:
        words = _hours(buckets, zone)
    elif length <= 10 * DAY:
        words = _weekdays(buckets, zone)
    else:
        every = math.ceil(len(buckets) / DATES)
        words = {key(bucket): text.date(bucket.start, zone) for bucket in buckets[every // 2 :: every]}
    return Days(list(words), words)


def _hours(buckets: Sequence[Bucket], zone: tzinfo) -> dict[str, str]:
    """Round hours that the buckets begin with, six at most in a day."""
    length = max(1, round((buckets[-1].start - buckets[0].start).total_seconds() / 3600 / max(1, len(buckets) - 1)))
    every = next((hours for hours in (4, 6, 12) if hours % length == 0), 24)
    return {
        key(bucket): text.clock(bucket.start, zone)
        for bucket in buckets
        if (local := bucket.start.astimezone(zone)).hour % every == 0 and local.minute == 0
    }


def _weekdays(buckets: Sequence[Bucket], zone: tzinfo) -> dict[str, str]:
    """Each whole day in its middle; the days cut off at the ends only where their words touch no other."""
    by_day: dict[str, list[int]] = {}
    for index, bucket in enumerate(buckets):
        by_day.setdefault(text.day(bucket.start, zone), []).append(index)
    whole = max(len(indexes) for indexes in by_day.values())
    middles: dict[int, str] = {}
    for word, indexes in sorted(by_day.items(), key=lambda entry: -len(entry[1])):
        middle = indexes[len(indexes) // 2]
        if all(abs(middle - other) >= whole for other in middles):
            middles[middle] = word
    return {key(buckets[middle]): middles[middle] for middle in sorted(middles)}


def count_axis(top: int) -> Axis:
    step = next(base * 10**power for power in range(12) for base in COUNT_STEPS if 4 * base * 10**power >= max(top, 4))
    return _axis(step, max(top, 4), text.count)


def seconds_axis(top: float) -> Axis:
    """Four or five ticks on round times, all in the unit of the first."""
    top = max(top, 4.0)
    step = next((step for step in SECOND_STEPS if 4 * step >= top), math.ceil(top / 4 / 86400) * 86400)
    size, unit = next((size, unit) for size, unit in UNITS if step >= size)
    return _axis(step, top, lambda seconds: f"{seconds // size}{unit}" if seconds else "0")


def _axis(step: int, top: float, word: Callable[[int], str]) -> Axis:
    ticks = [step * i for i in range(math.ceil(top / step) + 1)]
    return Axis(ticks, {str(tick): word(tick) for tick in ticks}, ticks[-1])
