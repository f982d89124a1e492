"""The slowest jobs and steps, and how much of a run they are."""

import reflex as rx
from reflex.vars import ObjectVar

from cicd_health.ui.charts import sparkline
from cicd_health.ui.components.mark import delta, toned
from cicd_health.ui.components.panel import SUB, bar, notice, panel
from cicd_health.ui.components.pipelines_table import CELL, HEAD
from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.geometry import Spark
from cicd_health.ui.pipeline_view.jobs import Slowest, SlowRow
from cicd_health.ui.shown import Shown

LOADING = 4
ROW = (
    "group relative max-tab:grid max-tab:grid-cols-[minmax(0,1fr)_64px] max-tab:items-center max-tab:gap-x-3 "
    "max-tab:gap-y-1 max-tab:px-4 max-tab:py-2.5 max-tab:border-t max-tab:border-line max-tab:first:border-t-0"
)
HIDDEN = "max-tab:hidden"
JOBS = (
    ("Job", ""),
    ("Runs", "w-[64px] text-right"),
    ("p50", "w-[84px] text-right"),
    ("Change", "w-[76px] text-right"),
    ("p95", "w-[84px] text-right"),
    ("Of the critical path", "w-[150px]"),
    ("p50 over time", "w-[116px]"),
)
STEPS = (
    ("Step", ""),
    ("p50", "w-[84px] text-right"),
    ("Change", "w-[76px] text-right"),
    ("p95", "w-[84px] text-right max-wide:hidden"),
    ("Of the critical path", "w-[150px]"),
)


def slowest_jobs(shown: Shown[Slowest], sparks: Shown[dict[str, Spark]]) -> rx.Component:
    rows = rx.foreach(shown.jobs, lambda row: _job(row=row, spark=sparks[row.key], key=row.key))
    return _table("Slowest jobs", JOBS, shown, rows, rx.el.span(shown.shares, class_name=f"{SUB} truncate"))


def slowest_steps(shown: Shown[Slowest]) -> rx.Component:
    return _table("Slowest steps", STEPS, shown, rx.foreach(shown.steps, lambda row: _step(row=row, key=row.key)))


def _table(
    title: str,
    columns: tuple[tuple[str, str], ...],
    shown: Shown[Slowest],
    rows: rx.Component,
    sub: rx.Component | None = None,
) -> rx.Component:
    return panel(
        title,
        rx.cond(
            shown.nothing != "",
            notice(shown.nothing, "Only the durations of whole runs were sent for this pipeline."),
            rx.el.table(
                rx.el.thead(
                    rx.el.tr(*[rx.el.th(word, scope="col", class_name=f"{HEAD} {width}") for word, width in columns]),
                    class_name="hidden tab:table-header-group",
                ),
                rx.el.tbody(
                    rx.cond(
                        shown.jobs.length() > 0, rows, rx.fragment(*[_loading(len(columns)) for _ in range(LOADING)])
                    ),
                    class_name="max-tab:block",
                ),
                class_name="w-full table-fixed border-separate border-spacing-0 max-tab:block",
            ),
        ),
        sub=sub,
    )


@rx.memo
def _job(*, row: ObjectVar[SlowRow], spark: ObjectVar[Spark], rest: rx.RestProp) -> rx.Component:
    return rx.el.tr(
        rx.el.td(_name(row, row.failed), class_name=f"{CELL} min-w-0"),
        rx.el.td(row.runs, class_name=f"{CELL} text-right text-ink-2 {HIDDEN}"),
        rx.el.td(row.p50, class_name=f"{CELL} text-right max-tab:col-start-2 max-tab:row-start-1"),
        rx.el.td(delta(row.delta), class_name=f"{CELL} text-right max-tab:col-start-2 max-tab:row-start-2"),
        rx.el.td(row.p95, class_name=f"{CELL} text-right text-ink-2 {HIDDEN}"),
        rx.el.td(_share(row), class_name=f"{CELL} max-tab:col-start-1 max-tab:row-start-2"),
        rx.el.td(rx.el.div(sparkline.draw(spark), class_name="h-5 *:h-5"), class_name=f"{CELL} {HIDDEN}"),
        rest,
        class_name=ROW,
    )


@rx.memo
def _step(*, row: ObjectVar[SlowRow], rest: rx.RestProp) -> rx.Component:
    return rx.el.tr(
        rx.el.td(_name(row, row.of), class_name=f"{CELL} min-w-0"),
        rx.el.td(row.p50, class_name=f"{CELL} text-right max-tab:col-start-2 max-tab:row-start-1"),
        rx.el.td(delta(row.delta), class_name=f"{CELL} text-right max-tab:col-start-2 max-tab:row-start-2"),
        rx.el.td(row.p95, class_name=f"{CELL} text-right text-ink-2 max-wide:hidden"),
        rx.el.td(_share(row), class_name=f"{CELL} max-tab:col-start-1 max-tab:row-start-2"),
        rest,
        class_name=ROW,
    )


def _name(row: Shown[SlowRow], beside: rx.Var[str]) -> rx.Component:
    """With when it moved to another level, if it did."""
    return rx.fragment(
        rx.el.span(
            rx.el.span(row.name, title=row.name, class_name="font-medium truncate"),
            rx.el.span(beside, class_name="text-12 text-ink-3 whitespace-nowrap"),
            class_name="flex items-baseline gap-2 min-w-0",
        ),
        rx.cond(
            row.changed != "",
            rx.el.span(
                rx.cond(row.worse, glyph("slower", 12), glyph("success", 12)),
                row.changed,
                class_name="flex items-center gap-1 -mt-0.5 tab:pb-1.5 text-12 leading-4 text-tone-ink",
                custom_attrs=toned(rx.cond(row.worse, "warn", "ok")),
            ),
        ),
    )


def _share(row: Shown[SlowRow]) -> rx.Component:
    """A plain bar and its per cent."""
    return rx.el.span(
        rx.el.span(
            rx.el.span(style={"width": row.width}, class_name="block h-full rounded-sm bg-c2"),
            class_name="block grow h-2 rounded-sm bg-sunken",
            aria_hidden="true",
        ),
        rx.el.span(row.share, class_name="w-10 text-right text-12 text-ink-2"),
        class_name="flex items-center gap-2",
    )


def _loading(columns: int) -> rx.Component:
    return rx.el.tr(
        rx.el.td(bar("w-40"), class_name=CELL),
        *[rx.el.td(class_name=f"{CELL} {HIDDEN}") for _ in range(columns - 1)],
        class_name=ROW + " appear",
        aria_hidden="true",
    )
