"""The latest runs, newest first."""

import reflex as rx
from reflex.vars import ObjectVar

from cicd_health.ui.components.link import COVERING, inside
from cicd_health.ui.components.mark import marked
from cicd_health.ui.components.panel import SUB, bar, notice, panel
from cicd_health.ui.rows import RunNow, RunRow
from cicd_health.ui.shown import Shown

HEAD = (
    "px-3 py-2 first:pl-4 last:pr-4 text-12 font-medium text-ink-3 text-left border-b border-line whitespace-nowrap "
    "bg-surface tab:sticky tab:top-24 tab:z-10"
)
CELL = (
    "tab:h-9 tab:px-3 tab:first:pl-4 tab:last:pr-4 tab:border-t tab:border-line tab:group-first:border-t-0 "
    "whitespace-nowrap overflow-hidden"
)
SHOWN = "max-tab:nth-[n+9]:hidden max-wide:nth-[n+13]:hidden"  # a second column has room for all
ROW = (
    "group relative tab:hover:bg-hover transition-colors duration-120 max-tab:grid "
    "max-tab:grid-cols-[16px_minmax(0,1fr)_auto] "
    "max-tab:gap-x-3 max-tab:px-4 max-tab:py-2 max-tab:border-t max-tab:border-line max-tab:first:border-t-0"
)
COLUMNS = (
    ("Outcome", "w-[120px]"),
    ("Pipeline", "w-[28%]"),
    ("Run", "w-[104px]"),
    ("Change", ""),
    ("Branch", "w-[18%] hidden desk:table-cell wide:hidden"),
    ("Duration", "w-20 text-right"),
    ("Ended", "w-[98px] text-right"),
)


def runs_table(
    rows: Shown[list[RunRow]],
    now: Shown[dict[str, RunNow]],
    total: rx.Component,
    loaded: rx.Var[bool],
    waiting: rx.Component,
    **events,
) -> rx.Component:
    """`waiting` tells of new runs that are held back while the pointer is over the rows."""
    return panel(
        "Latest runs",
        rx.el.table(
            rx.el.thead(
                rx.el.tr(*[rx.el.th(word, scope="col", class_name=f"{HEAD} {width}") for word, width in COLUMNS]),
                class_name="hidden tab:table-header-group",
            ),
            rx.el.tbody(
                rx.cond(
                    loaded,
                    rx.foreach(rows, lambda row: _row(row=row, now=now[row.key], key=row.key)),
                    rx.fragment(*[_loading() for _ in range(8)]),
                ),
                class_name="max-tab:block",
            ),
            class_name="w-full table-fixed border-separate border-spacing-0 max-tab:block",
            **events,
        ),
        rx.cond(
            loaded & (rows.length() == 0),
            notice("No runs here", "Nothing matches the filters above."),
        ),
        sub=rx.el.span("live", class_name=SUB),
        end=rx.el.span(
            waiting,
            total,
            class_name="flex items-center gap-3",
        ),
    )


@rx.memo
def _row(*, row: ObjectVar[RunRow], now: ObjectVar[RunNow], rest: rx.RestProp) -> rx.Component:
    return rx.el.tr(
        rx.el.td(marked(now.mark, "max-tab:hidden"), class_name=f"{CELL} max-tab:row-span-2 max-tab:pt-0.5"),
        rx.el.td(
            rx.el.span(
                inside(row.pipeline, to=row.href, class_name=f"font-medium truncate shrink-0 max-w-full {COVERING}"),
                rx.el.span(row.where, class_name="text-12 text-ink-3 truncate"),
                class_name="flex items-baseline gap-2 min-w-0",
            ),
            class_name=CELL,
        ),
        rx.el.td(row.number, class_name=f"{CELL} text-12 text-ink-3 max-tab:hidden"),
        rx.el.td(
            row.title,
            title=row.title,
            class_name=f"{CELL} text-12 text-ink-2 truncate max-tab:col-start-2 max-tab:row-start-2",
        ),
        rx.el.td(
            rx.el.span(
                rx.el.span(row.branch, title=row.branch, class_name="relative truncate"),
                rx.el.code(row.sha, class_name="flex-none font-mono text-12 text-ink-3"),
                class_name="flex items-baseline gap-2",
            ),
            class_name=f"{CELL} text-12 text-ink-2 hidden desk:table-cell wide:hidden",
        ),
        rx.el.td(now.duration, class_name=f"{CELL} text-right max-tab:col-start-3 max-tab:row-start-1"),
        rx.el.td(
            rx.el.span(now.ended, title=now.exact, class_name="relative"),
            class_name=f"{CELL} text-right text-12 text-ink-3 max-tab:col-start-3 max-tab:row-start-2",
        ),
        rest,
        class_name=f"{ROW} {SHOWN}",
    )


def _loading() -> rx.Component:
    return rx.el.tr(
        rx.el.td(bar("w-16"), class_name=f"{CELL} max-tab:hidden"),
        rx.el.td(bar("w-40"), class_name=f"{CELL} max-tab:col-start-2"),
        *[rx.el.td(class_name=f"{CELL} max-tab:hidden") for _ in range(2)],
        rx.el.td(class_name=f"{CELL} hidden desk:table-cell wide:hidden"),
        rx.el.td(class_name=CELL),
        rx.el.td(class_name=CELL),
        class_name=ROW + " appear max-tab:h-13",
        aria_hidden="true",
    )
