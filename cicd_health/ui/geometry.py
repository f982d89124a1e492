"""Strips and sparklines as SVG paths, one per colour. Plain Python: the browser only draws.

A strip of thirty bars is some 250 characters on the wire.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cicd_health.model.health import StripRun
from cicd_health.model.runs import Outcome
from cicd_health.ui.format import counted

BARS = 30
PITCH, WIDTH = 5, 4
BASELINE, TALLEST = 21, 19  # of a strip 26 high
HEADROOM = 1.08
UNMEASURED = 5  # a bar whose duration nobody knows

SPARK_WIDTH, SPARK_HEIGHT = 200, 28
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Strip:
    """The last 30 runs of a pipeline, newest at the right, in a box of 149 × 26."""

    ok: str = ""
    fail: str = ""
    warn: str = ""
    off: str = ""  # outlines; all others are upright strokes as wide as a bar
    run: str = ""  # the body of a running bar; its cap is in run_cap
    run_cap: str = ""
    absent: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Spark:
    """A line or bars in a box of 200 × 28. `tone` is the line's colour: c1 or c3."""

    tone: str = "c1"
    line: str = ""
    area: str = ""
    dot: str = ""
    bars: str = ""
    last_bar: str = ""
    ok: str = ""
    fail: str = ""
    warn: str = ""
    off: str = ""
    label: str = ""


def strip(runs: Sequence[StripRun]) -> Strip:
    """Height is duration against the slow end of the successes; a foot says that it did not pass."""
    return _drawn(tuple(runs[-BARS:]))


@lru_cache(maxsize=4096)
def _drawn(runs: tuple[StripRun, ...]) -> Strip:
    """Most strips of a page are what they were a moment ago."""
    scale = _scale(runs)
    first = BARS - len(runs)
    strokes: dict[str, str] = dict.fromkeys(("ok", "fail", "warn", "off", "run", "run_cap"), "")
    for index, run in enumerate(runs, start=first):
        for name, stroke in _bar(run, PITCH * index, scale):
            strokes[name] += stroke
    absent = f"M0 {BASELINE - 0.5}H{PITCH * first - 1}" if first else ""
    return Strip(**strokes, absent=absent, label=_strip_label(runs))


def _scale(runs: Sequence[StripRun]) -> float:
    known = [run.duration_s for run in runs if run.duration_s]
    passed = [run.duration_s for run in runs if run.duration_s and run.outcome is Outcome.SUCCESS] or known
    slow = sorted(passed)[min(len(passed) - 1, int(0.95 * len(passed)))] if passed else 1.0
    return slow * HEADROOM


def _bar(run: StripRun, x: int, scale: float) -> list[tuple[str, str]]:
    """The strokes of one run, each with the name of its colour."""
    height = UNMEASURED if run.duration_s is None else min(TALLEST, max(3, round(TALLEST * run.duration_s / scale)))
    top, foot = BASELINE - height, BASELINE + 1
    outcome = run.outcome
    if outcome is Outcome.SUCCESS and run.rescued:
        return [
            ("ok", _upright(x, min(top + 3, BASELINE - 1), BASELINE)),
            ("warn", _upright(x, top, top + 2) + _upright(x, foot, foot + 2)),
        ]
    if outcome is Outcome.SUCCESS:
        return [("ok", _upright(x, top, BASELINE))]
    if outcome.failed:
        name = "warn" if outcome is Outcome.UNSTABLE else "fail"
        return [(name, _upright(x, top, BASELINE) + _upright(x, foot, foot + 4))]
    if outcome is Outcome.RUNNING:
        return [("run", _upright(x, top, BASELINE)), ("run_cap", _upright(x, top, top + 2))]
    return [("off", path([(x + 0.5, top + 0.5, WIDTH - 1, height - 1)]))]


def _upright(x: int, top: int, bottom: int) -> str:
    return f"M{x + WIDTH // 2} {top}V{bottom}"


def _strip_label(runs: Sequence[StripRun]) -> str:
    if not runs:
        return "no runs yet"
    failed = sum(run.outcome.failed for run in runs)
    return f"last {counted(len(runs), 'run')}, {failed or 'none'} did not pass"


def path(boxes: Iterable[Box]) -> str:
    """Rectangles as one path."""
    return "".join(f"M{_n(x)} {_n(y)}h{_n(w)}v{_n(h)}h{_n(-w)}z" for x, y, w, h in boxes)


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def line(values: Sequence[float | None], *, tone: str = "c1", filled: bool = False, label: str = "") -> Spark:
    """A line over the values, from the lowest to the highest; None is a gap. One dot at the newest value."""
    known = [value for value in values if value is not None]
    if not known:
        return Spark(tone=tone, label=label)
    low, high = min(known), max(known)
    step = (SPARK_WIDTH - 4) / max(1, len(values) - 1)
    points = [
        None if value is None else (2 + step * i, 14.0 if high == low else 25 - 22 * (value - low) / (high - low))
        for i, value in enumerate(values)
    ]
    pieces = list(_pieces(points))
    x, y = pieces[-1][-1]
    return Spark(
        tone=tone,
        line="".join(_polyline(piece) for piece in pieces),
        area="".join(_area(piece) for piece in pieces) if filled else "",
        dot=f"M{_n(x)} {_n(y)}h0",
        label=label,
    )


def _pieces(points: Sequence[tuple[float, float] | None]) -> Iterable[list[tuple[float, float]]]:
    piece: list[tuple[float, float]] = []
    for point in points:
        if point is not None:
            piece.append(point)
        elif piece:
            yield piece
            piece = []
    if piece:
        yield piece


def _polyline(piece: Sequence[tuple[float, float]]) -> str:
    """One point alone is a short stroke, so that it is seen."""
    first, *rest = piece
    return f"M{_n(first[0])} {_n(first[1])}" + ("".join(f"L{_n(x)} {_n(y)}" for x, y in rest) or "h1")


def _area(piece: Sequence[tuple[float, float]]) -> str:
    return f"M{_n(piece[0][0])} 27" + "".join(f"L{_n(x)} {_n(y)}" for x, y in piece) + f"L{_n(piece[-1][0])} 27z"


def bars(values: Sequence[float], *, label: str = "") -> Spark:
    """A bar per value from zero; the last, which is not over yet, is darker."""
    if not values:
        return Spark(label=label)
    width = SPARK_WIDTH / len(values)
    top = max(values) or 1
    boxes = []
    for i, value in enumerate(values):
        height = max(1.0, 25 * value / top)
        boxes.append((width * i, 27 - height, max(1.0, width - 2), height))
    return Spark(bars=path(boxes[:-1]), last_bar=path(boxes[-1:]), label=label)


def blocks(values: Sequence[float], *, label: str = "") -> Spark:
    """A few bars from the left, no wider than a twelfth, so that one or two do not look like a wall."""
    if not values:
        return Spark(label=label)
    width = SPARK_WIDTH / max(len(values), 12)
    heights = [max(2.0, 25 * value / max(values)) if max(values) else 2.0 for value in values]
    boxes = [(width * i, 27 - height, max(1.0, width - 2), height) for i, height in enumerate(heights)]
    return Spark(bars=path(boxes), label=label)


def tiles(outcomes: Sequence[Outcome | None], *, label: str = "") -> Spark:
    """One tile per pipeline, what did not pass first: tall, with a foot."""
    boxes: dict[str, list[Box]] = {"fail": [], "warn": [], "ok": [], "off": []}
    if not outcomes:
        return Spark(label=label)
    pitch = SPARK_WIDTH / len(outcomes)
    width = max(1.0, pitch - min(2.0, pitch / 4))
    for i, outcome in enumerate(sorted(outcomes, key=_worst_first)):
        x = pitch * i
        if outcome is None or not outcome.verdict:
            boxes["off"].append((x, 20, width, 2))
        elif outcome.failed:
            name = "warn" if outcome is Outcome.UNSTABLE else "fail"
            boxes[name] += [(x, 4, width, 18), (x, 23, width, 4)]
        else:
            boxes["ok"].append((x, 8, width, 14))
    return Spark(**{name: path(some) for name, some in boxes.items()}, label=label)


def _worst_first(outcome: Outcome | None) -> int:
    if outcome is None or not outcome.verdict:
        return 3
    if outcome is Outcome.SUCCESS:
        return 2
    return 1 if outcome is Outcome.UNSTABLE else 0
