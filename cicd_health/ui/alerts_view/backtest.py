"""What a rule would have done, drawn: verdicts of each day as bars, the incidents below them on the same time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo

from cicd_health.model.alert_scope import Scope
from cicd_health.model.backtest import Backtest, Fired, TestedDay
from cicd_health.ui import format as text
from cicd_health.ui import routes
from cicd_health.ui.alerts_view import words
from cicd_health.ui.rows import provider_label

HEIGHT = 160  # of the bars, in pixels
PITCH, WIDTH = 10.0, 7.4
FOOT = 4
LISTED = 8
DRAWN = 400  # incidents on the line: more cannot be told apart
LANES = 6  # incidents at the same time, drawn below each other; the rest shares the last
LANE = 12  # pixels
NARROWEST = 0.9  # per cent: what is shorter is drawn as wide
STEPS = (1, 2, 5)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stat:
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A word at a place: per cent from the left, or from below."""

    at: float
    word: str


@dataclass(frozen=True, slots=True)
class Span:
    """An incident: where it begins and how wide it is, in per cent; how far below the line's top, in pixels."""

    key: str
    left: float
    width: float
    top: int
    title: str
    open: bool
    href: str


@dataclass(frozen=True, slots=True)
class FiredRow:
    key: str
    name: str
    where: str
    opened: str
    exact: str
    lasted: str
    why: str
    by_itself: bool
    href: str


@dataclass(frozen=True, slots=True)
class Tested:
    """`sub` is empty until a first answer is there. The paths are for a box of 10 a day by HEIGHT + FOOT."""

    sub: str = ""
    passed: str = ""
    failed: str = ""
    stats: list[Stat] = field(default_factory=list)
    box: str = "0 0 300 164"
    ok: str = ""
    fail: str = ""
    feet: str = ""
    days: list[Tick] = field(default_factory=list)
    hovers: list[str] = field(default_factory=list)  # a sentence for each day
    lines: list[Tick] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    lanes: int = LANE  # their height in all, in pixels
    ends: str = ""
    rows: list[FiredRow] = field(default_factory=list)
    more: str = ""
    took: str = ""
    nothing: str = ""


def view(tested: Backtest, scope: Scope, now: datetime, zone: tzinfo) -> Tested:
    spans = _in_lanes([_span(i, fired, tested, zone) for i, fired in enumerate(tested.fired[-DRAWN:])])
    top, step = scale(max((day.passed + day.failed for day in tested.days), default=0))
    return Tested(
        sub=f"{words.scope_words(scope)} · {text.counted(tested.verdicts, 'verdict')} of "
        f"{text.counted(tested.pipelines, 'pipeline')}",
        passed=text.count(tested.verdicts - tested.failed),
        failed=text.count(tested.failed),
        stats=stats(tested),
        box=f"0 0 {max(1, len(tested.days)) * PITCH:g} {HEIGHT + FOOT}",
        ok="".join(_bar(i, day.failed, day.passed, top) for i, day in enumerate(tested.days) if day.passed),
        fail="".join(_bar(i, 0, day.failed, top) for i, day in enumerate(tested.days) if day.failed),
        feet="".join(_box(i, HEIGHT + 1, FOOT - 1) for i, day in enumerate(tested.days) if day.failed),
        days=_days(tested.days),
        hovers=[_hover(day) for day in tested.days],
        lines=[Tick(100 * n / top, text.count(n)) for n in range(0, top + 1, step)],
        spans=spans,
        lanes=max((span.top for span in spans), default=0) + LANE,
        ends=_ends(tested),
        rows=[_row(i, fired, now, zone) for i, fired in enumerate(reversed(tested.fired[-LISTED:]))],
        more=f"The last {LISTED} of {text.count(len(tested.fired))}." if len(tested.fired) > LISTED else "",
        took=_took(tested, zone),
        nothing="" if tested.verdicts else "No run in scope ended in this time, so that there is nothing to try it on.",
    )


def stats(tested: Backtest) -> list[Stat]:
    closed = sum(fired.resolved_at is not None for fired in tested.fired)
    number = len(tested.fired)
    return [
        Stat(text.count(number), "incident" if number == 1 else "incidents"),
        Stat(text.count(tested.messages), "messages to each channel"),
        Stat(text.duration(tested.median_s), f"median to recover, {text.count(closed)} closed"),
        Stat(text.count(tested.by_itself), "over within 10 min by themselves"),
    ]


def scale(most: int) -> tuple[int, int]:
    """The top of an axis for values up to `most`, and its step: 2 to 5 steps of 1, 2 or 5 times a power of ten."""
    power = 1
    while True:
        for factor in STEPS:
            step = factor * power
            if most <= 4 * step:
                return max(1, -(-most // step)) * step, step
        power *= 10


def _bar(place: int, below: int, number: int, top: int) -> str:
    """A bar that stands on `below`; a pixel of ground lies between two."""
    bottom = HEIGHT * (1 - below / top) - (1 if below else 0)
    height = max(1.0, HEIGHT * number / top)
    return _box(place, bottom - height, height)


def _box(place: int, y: float, height: float) -> str:
    x = PITCH * place + (PITCH - WIDTH) / 2
    return f"M{x:.1f} {y:.1f}h{WIDTH}v{height:.1f}h-{WIDTH}z"


def _days(days: Sequence[TestedDay]) -> list[Tick]:
    """Every third day; the month beside the first day, and the first of it that is named."""
    ticks, month = [], 0
    for place in range(0, len(days), 3):
        at = days[place].day
        word = f"{at.day} {at:%b}" if at.month != month else str(at.day)
        ticks.append(Tick(100 * (place + 0.5) / len(days), word))
        month = at.month
    return ticks


def _hover(day: TestedDay) -> str:
    return f"{day.day:%a} {day.day.day} {day.day:%b}: {text.count(day.passed)} passed, {text.count(day.failed)} failed"


def _span(place: int, fired: Fired, tested: Backtest, zone: tzinfo) -> Span:
    start, end = _edges(tested, zone)
    length = (end - start).total_seconds()
    left = max(0.0, (fired.told_at - start).total_seconds() / length * 100)
    until = min(100.0, ((fired.resolved_at or tested.end) - start).total_seconds() / length * 100)
    over = text.duration((fired.resolved_at - fired.told_at).total_seconds()) if fired.resolved_at else "open still"
    return Span(
        key=str(place),
        left=round(left, 2),
        width=round(max(NARROWEST, until - left), 2),
        top=0,
        title=f"{fired.pipeline}, {text.exact(fired.told_at, zone)}: {fired.reason} ({over})",
        open=fired.resolved_at is None,
        href=routes.run(fired.run_id) if fired.run_id else "",
    )


def _in_lanes(spans: Sequence[Span]) -> list[Span]:
    """Each in the first lane that is free where it begins; they come by their beginning."""
    free = [0.0] * LANES
    placed = []
    for span in spans:
        lane = next((n for n, until in enumerate(free) if until <= span.left), LANES - 1)
        free[lane] = max(free[lane], span.left + span.width)
        placed.append(replace(span, top=lane * LANE))
    return placed


def _edges(tested: Backtest, zone: tzinfo) -> tuple[datetime, datetime]:
    """The midnights around the days that are drawn."""
    if not tested.days:
        return tested.start, tested.end
    first, last = tested.days[0].day, tested.days[-1].day
    start = datetime(first.year, first.month, first.day, tzinfo=zone)
    return start, datetime(last.year, last.month, last.day, tzinfo=zone) + DAY


def _ends(tested: Backtest) -> str:
    still = sum(fired.resolved_at is None for fired in tested.fired)
    if not still:
        return ""
    return "the last is open still" if still == 1 else f"{text.count(still)} are open still"


def _row(place: int, fired: Fired, now: datetime, zone: tzinfo) -> FiredRow:
    repo = fired.repo or provider_label(fired.provider)
    where = " · ".join(part for part in (repo, fired.branch) if part)
    lasted = text.duration((fired.resolved_at - fired.told_at).total_seconds()) if fired.resolved_at else "open still"
    return FiredRow(
        key=str(place),
        name=fired.pipeline,
        where=where,
        opened=text.moment(fired.told_at, now, zone),
        exact=text.exact(fired.told_at, zone),
        lasted=lasted,
        why=fired.reason,
        by_itself=fired.by_itself,
        href=routes.run(fired.run_id) if fired.run_id else "",
    )


def _took(tested: Backtest, zone: tzinfo) -> str:
    cut = f" There are too many runs to look at all: it begins {text.exact(tested.start, zone)}." if tested.cut else ""
    return f"Worked out in {max(tested.seconds, 0.05):.1f} s.{cut}"
