"""The backtest of a rule, drawn: what the runs were, day by day, and which incidents it would have opened."""

from typing import Any

import reflex as rx

from cicd_health.ui.alerts_view.backtest import FOOT, HEIGHT, FiredRow, Span, Stat, Tick
from cicd_health.ui.components import plot
from cicd_health.ui.components.link import COVERING, inside
from cicd_health.ui.components.panel import SUB, bar
from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.shown import Shown
from cicd_health.ui.states.alert_rules import BacktestState

STATE: Any = BacktestState  # a type checker cannot follow its variables into the page
SHOWN: Any = BacktestState.shown
WHY = "hidden tab:table-cell w-[36%]"
AXIS = "absolute text-11 text-ink-3"


def alert_backtest() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h3("The last 30 days with this rule", class_name="text-14 font-semibold"),
            rx.el.span(SHOWN.sub, class_name=SUB),
            rx.cond(
                SHOWN.sub != "",
                rx.el.span(
                    plot.legend(
                        plot.entry(plot.swatch("fail"), SHOWN.failed, " failed"),
                        plot.entry(plot.swatch("ok"), SHOWN.passed, " passed"),
                    ),
                    class_name="ml-auto",
                ),
            ),
            class_name="flex flex-wrap items-baseline gap-x-2",
        ),
        rx.el.p(
            rx.cond(
                STATE.trying,
                rx.fragment(rx.el.span(glyph("running", 12), class_name="text-run"), "Working it out…"),
                rx.cond(
                    STATE.problem != "",
                    rx.el.span(STATE.problem, class_name="text-fail-ink font-medium"),
                    rx.el.span(SHOWN.took),
                ),
            ),
            class_name="flex items-center gap-1.5 min-h-5 text-12 text-ink-3",
            role="status",
        ),
        rx.cond(SHOWN.sub != "", _answer(), rx.cond(STATE.trying, _loading())),
        class_name="grid gap-3 content-start min-w-0",
        custom_attrs={"aria-label": "Backtest", "aria-busy": rx.cond(STATE.trying, "true", "false")},
    )


def _answer() -> rx.Component:
    return rx.el.div(
        rx.el.dl(rx.foreach(SHOWN.stats, _stat), class_name="grid grid-cols-2 tab:flex tab:flex-wrap gap-x-10 gap-y-2"),
        rx.cond(SHOWN.nothing != "", rx.el.p(SHOWN.nothing, class_name="py-6 text-12 text-ink-3"), _chart()),
        rx.cond(SHOWN.rows.length() > 0, _list()),
        class_name=rx.cond(STATE.trying, "grid gap-4 min-w-0 opacity-50", "grid gap-4 min-w-0"),
    )


def _stat(stat: Shown[Stat]) -> rx.Component:
    return rx.el.div(
        rx.el.dt(stat.label, class_name="order-2 text-12 text-ink-3"),
        rx.el.dd(stat.value, class_name="text-20 font-semibold tracking-[-0.015em]"),
        class_name="flex flex-col",
        key=stat.label,
    )


def _chart() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.foreach(SHOWN.lines, _line),
            rx.el.svg(
                rx.el.svg.path(d=SHOWN.ok, fill="var(--ok)"),
                rx.el.svg.path(d=SHOWN.fail, fill="var(--fail)"),
                rx.el.svg.path(d=SHOWN.feet, fill="var(--fail)"),
                view_box=SHOWN.box,
                preserve_aspect_ratio="none",
                class_name="absolute inset-x-0 top-0 w-full",
                custom_attrs={
                    "role": "img",
                    "aria-label": f"{SHOWN.failed} failed and {SHOWN.passed} passed, by day",
                    "height": str(HEIGHT + FOOT),
                },
            ),
            rx.el.div(
                rx.foreach(SHOWN.hovers, lambda said: rx.el.span(title=said, class_name="grow hover:bg-ink/5")),
                class_name="absolute inset-0 flex",
                aria_hidden="true",
            ),
            class_name="relative h-[164px] ml-7",
        ),
        rx.el.div(rx.foreach(SHOWN.days, _day), class_name="relative h-5 ml-7 mt-1"),
        rx.el.div(
            rx.foreach(SHOWN.spans, _span),
            class_name="relative ml-7 mt-2 border-t border-line-2 overflow-clip",
            style={"height": f"calc({SHOWN.lanes} * 1px + 6px)"},
        ),
        rx.el.p(
            rx.el.span("incidents this rule would have opened"),
            rx.el.span(SHOWN.ends),
            class_name="flex justify-between ml-7 text-11 text-ink-3",
        ),
        class_name="min-w-0",
    )


def _line(tick: Shown[Tick]) -> rx.Component:
    bottom = f"calc({tick.at} * {HEIGHT / 100}px + {FOOT}px)"
    return rx.el.div(
        rx.el.span(tick.word, class_name=f"{AXIS} right-full mr-2 -translate-y-1/2"),
        class_name=rx.cond(
            tick.at == 0, "absolute inset-x-0 border-t border-line-2", "absolute inset-x-0 border-t border-grid"
        ),
        style={"bottom": bottom},
        key=tick.word,
    )


def _day(tick: Shown[Tick]) -> rx.Component:
    return rx.el.span(
        tick.word, class_name=f"{AXIS} -translate-x-1/2 whitespace-nowrap", style={"left": f"{tick.at}%"}, key=tick.word
    )


def _span(span: Shown[Span]) -> rx.Component:
    """Filled while it is open: an outline is over."""
    look = "absolute h-2.5 mt-1 rounded-[2px] border border-fail hover:z-1 hover:ring-2 hover:ring-fail-line "
    return inside(
        to=span.href,
        title=span.title,
        class_name=rx.cond(span.open, look + "bg-fail", look + "bg-fail-soft"),
        style={"left": f"{span.left}%", "width": f"{span.width}%", "top": f"calc({span.top} * 1px)"},
        custom_attrs={"aria-label": span.title},
        key=span.key,
    )


def _list() -> rx.Component:
    return rx.el.div(
        rx.el.table(
            rx.el.thead(
                rx.el.tr(
                    *[
                        rx.el.th(word, scope="col", class_name=f"py-1.5 text-left font-medium {width}")
                        for word, width in (("Fired", "w-[96px]"), ("Pipeline", ""), ("For", "w-[120px]"), ("Why", WHY))
                    ]
                ),
                class_name="text-12 text-ink-3",
            ),
            rx.el.tbody(rx.foreach(SHOWN.rows, _fired)),
            class_name="w-full table-fixed text-12",
        ),
        rx.cond(SHOWN.more != "", rx.el.p(SHOWN.more, class_name="text-12 text-ink-3")),
        class_name="grid gap-1 min-w-0",
    )


def _fired(row: Shown[FiredRow]) -> rx.Component:
    cell = "h-8 pr-3 border-t border-line truncate"
    return rx.el.tr(
        rx.el.td(row.opened, title=row.exact, class_name=f"{cell} text-ink-2"),
        rx.el.td(
            rx.cond(
                row.href != "",
                inside(row.name, to=row.href, class_name=f"font-medium {COVERING}"),
                rx.el.span(row.name, class_name="font-medium"),
            ),
            " ",
            rx.el.span(row.where, class_name="text-ink-3"),
            class_name=cell,
        ),
        rx.el.td(
            row.lasted,
            rx.cond(row.by_itself, rx.el.span(", by itself", class_name="text-ink-3")),
            class_name=cell,
        ),
        rx.el.td(row.why, title=row.why, class_name=f"{cell} text-ink-2 hidden tab:table-cell"),
        key=row.key,
        class_name="relative hover:bg-hover",
    )


def _loading() -> rx.Component:
    return rx.el.div(bar("w-64", "h-8"), bar("w-full", "h-[164px]"), class_name="appear grid gap-4", aria_hidden="true")
