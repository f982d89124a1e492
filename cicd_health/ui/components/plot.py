"""What every recharts chart shares: axes, grid, tooltip and legend, as the design has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reflex as rx
from reflex_base.vars.function import ArgsFunctionOperation

from cicd_health.ui.series import Axis, Days, Dot
from cicd_health.ui.shown import Shown

HEIGHT = 208
MARGIN = {"top": 16, "right": 4, "bottom": 0, "left": 0}
TICK = {"fontSize": 11, "fill": "var(--ink-3)"}


def _word_of(words: Shown[dict[str, str]]) -> rx.Var:
    """What recharts calls for each tick: its word. The words are made in Python."""
    return ArgsFunctionOperation.create(("tick",), words[rx.Var("tick").to(str)])


def points(over: Any, running: Any = None) -> Any:
    """Buckets as recharts takes them: those that are over, then the one that is not."""
    ended = over.to(list[dict[str, Any]])
    return ended if running is None else ended + running.to(list[dict[str, Any]])


def x_axis(days: Shown[Days], height: int = 24) -> rx.Component:
    return rx.recharts.x_axis(
        data_key="key",
        ticks=days.ticks,
        interval=0,
        height=height,
        scale="band",
        axis_line=False,
        tick_line=False,
        tick=TICK,
        custom_attrs={"tickFormatter": _word_of(days.words)},
    )


def y_axis(axis: Shown[Axis], floor: rx.Var[float] | int = 0, width: int = 36) -> rx.Component:
    return rx.recharts.y_axis(
        ticks=axis.ticks,
        domain=[floor, axis.top],
        interval=0,
        width=width,
        axis_line=False,
        tick_line=False,
        tick=TICK,
        custom_attrs={"tickFormatter": _word_of(axis.words)},
    )


def grid() -> rx.Component:
    return rx.recharts.cartesian_grid(vertical=False, stroke="var(--grid)")


def baseline() -> rx.Component:
    return rx.recharts.reference_line(y=0, stroke="var(--line-2)")


def dots(newest: Shown[list[Dot]]) -> rx.Component:
    return rx.foreach(
        newest,
        lambda dot: rx.recharts.reference_dot(
            x=dot.key, y=dot.seconds.to(int), r=3, fill=dot.ink, stroke="var(--surface)", key=dot.ink
        ),
    )


def now_line(key: rx.Var[str]) -> rx.Component:
    """The end of the bucket that is not over; drawn also where it lies a rounding error outside the plot."""
    return rx.cond(
        key != "",
        rx.recharts.reference_line(
            x=key,
            if_overflow="visible",
            stroke="var(--off)",
            custom_attrs={
                "position": "end",
                "label": {"value": "now", "position": "top", "fontSize": 11, "fill": "var(--ink-3)"},
            },
        ),
    )


def changes(marks: Shown[Any]) -> rx.Component:
    """Where a series moved to another level: a wash from there on, a dashed line, and what moved."""
    return rx.fragment(
        rx.foreach(
            marks.changes,
            lambda mark: rx.recharts.reference_area(
                x1=mark.key,
                x2=mark.until,
                if_overflow="visible",
                fill=mark.wash,
                fill_opacity=0.55,
                stroke="none",
                key=mark.key,
            ),
        ),
        rx.foreach(
            marks.changes,
            lambda mark: rx.recharts.reference_line(
                x=mark.key,
                if_overflow="visible",
                stroke=mark.ink,
                stroke_dasharray="4 3",
                key=mark.key,
                custom_attrs={
                    "position": "start",
                    "label": {
                        "value": mark.words,
                        "position": mark.side,
                        "dy": mark.drop,
                        "fontSize": 11,
                        "fill": "var(--ink-2)",
                    },
                },
            ),
        ),
    )


def nothing(words: rx.Var[str]) -> rx.Component:
    """In the middle of a plot without lines: why there are none. The plot must be `relative`."""
    return rx.cond(
        words != "",
        rx.el.p(words, class_name="absolute inset-0 grid place-items-center text-center text-12 text-ink-3"),
    )


def tooltip(card: Callable[[rx.Var[Any]], rx.Component], point: Any) -> rx.Component:
    """The card of the bucket under the pointer; `point` is the type of one bucket."""
    bucket = rx.Var("tip?.payload?.[0]?.payload").to(point)
    return rx.recharts.graphing_tooltip(
        cursor={"fill": "var(--hover)", "stroke": "var(--line-2)", "strokeWidth": 1},
        is_animation_active=False,
        offset=12,
        custom_attrs={"content": ArgsFunctionOperation.create(("tip",), rx.Var.create(rx.cond(bucket, card(bucket))))},
    )


def tooltip_card(title: rx.Var[str], *rows: rx.Component, last: rx.Var[str]) -> rx.Component:
    return rx.el.div(
        rx.el.b(title, class_name="font-semibold"),
        rx.el.div(*rows, class_name="grid grid-cols-[auto_1fr_auto] gap-x-2 gap-y-0.5 items-center"),
        rx.el.span(last, class_name="text-ink-3"),
        class_name="grid gap-1 min-w-44 px-3 py-2 rounded-md border border-line-2 bg-overlay text-12 text-ink "
        "shadow-(--shadow) whitespace-nowrap",
    )


def tooltip_row(swatch: rx.Component, word: str, number: rx.Var[Any]) -> rx.Component:
    return rx.fragment(swatch, rx.el.span(word), rx.el.span(number, class_name="text-right font-medium"))


def swatch(tone: str) -> rx.Component:
    """A small square; `off` is an outline, as its bars are."""
    look = {
        "ok": "bg-ok",
        "fail": "bg-fail",
        "warn": "bg-warn",
        "off": "border border-off",
    }[tone]
    return rx.el.i(class_name=f"block size-2 rounded-[2px] {look}", aria_hidden="true")


def stroke(tone: str) -> rx.Component:
    look = {"c1": "border-c1", "c2": "border-c2 border-dashed", "c3": "border-c3"}[tone]
    return rx.el.i(class_name=f"block w-3 border-t-2 {look}", aria_hidden="true")


def legend(*entries: rx.Component) -> rx.Component:
    return rx.el.span(*entries, class_name="flex gap-2 tab:gap-2.5 text-11 tab:text-12 text-ink-2 whitespace-nowrap")


def entry(mark: rx.Component, *words) -> rx.Component:
    return rx.el.span(mark, rx.el.span(*words), class_name="flex items-center gap-1 tab:gap-1.5")
