"""The latest runs of one pipeline, and its numbers against the window before."""

import reflex as rx
from reflex.vars import ObjectVar

from cicd_health.ui.components.explain import ABOVE, explain_link
from cicd_health.ui.components.link import COVERING, inside
from cicd_health.ui.components.mark import delta, marked
from cicd_health.ui.components.panel import SUB, bar, notice, panel
from cicd_health.ui.components.runs_table import CELL, HEAD, ROW
from cicd_health.ui.pipeline_view.figures import Compared
from cicd_health.ui.rows import RunNow, RunRow
from cicd_health.ui.shown import Shown

RUNS = (
    ("Outcome", "w-[124px]"),
    ("Run", "w-[112px]"),
    ("Change", ""),
    ("Branch", "w-[26%]"),
    ("Duration", "w-20 text-right"),
    ("Ended", "w-[98px] text-right"),
)
NUMBERS = (
    ("Number", "w-[132px]"),
    ("Now", "max-tab:px-1.5 text-right"),
    ("Before", "max-tab:px-1.5 text-right"),
    ("", "w-[92px] text-right"),
)
COMPARED = (
    "h-11 tab:h-9 px-1.5 tab:px-3 first:pl-4 last:pr-4 border-t border-line group-first:border-t-0 whitespace-nowrap"
)


def pipeline_runs(
    rows: Shown[list[RunRow]],
    now: Shown[dict[str, RunNow]],
    loaded: rx.Var[bool],
    waiting: rx.Component,
    all_runs: rx.Var[str],
    **events,
) -> rx.Component:
    """`waiting` tells of new runs that are held back while the pointer is over the rows."""
    return panel(
        "Latest runs",
        rx.el.table(
            _heads(RUNS),
            rx.el.tbody(
                rx.cond(
                    loaded,
                    rx.foreach(rows, lambda row: _run(row=row, now=now[row.key], key=row.key)),
                    rx.fragment(*[_loading(len(RUNS)) for _ in range(8)]),
                ),
                class_name="max-tab:block",
            ),
            class_name="w-full table-fixed border-separate border-spacing-0 max-tab:block",
            **events,
        ),
        rx.cond(loaded & (rows.length() == 0), notice("No runs here", "Choose all branches to see the others.")),
        sub=rx.el.span("live", class_name=SUB),
        end=rx.el.span(
            waiting,
            rx.cond(
                all_runs != "", inside("All runs", to=all_runs, class_name=f"text-12 font-medium text-link {ABOVE}")
            ),
            class_name="flex items-center gap-3",
        ),
    )


@rx.memo
def _run(*, row: ObjectVar[RunRow], now: ObjectVar[RunNow], rest: rx.RestProp) -> rx.Component:
    return rx.el.tr(
        rx.el.td(marked(now.mark, "max-tab:hidden"), class_name=f"{CELL} max-tab:row-span-2 max-tab:pt-0.5"),
        rx.el.td(
            inside(rx.cond(row.number != "", row.number, "Run"), to=row.href, class_name=f"font-medium {COVERING}"),
            class_name=CELL,
        ),
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
            class_name=f"{CELL} text-12 text-ink-2 max-tab:hidden",
        ),
        rx.el.td(now.duration, class_name=f"{CELL} text-right max-tab:col-start-3 max-tab:row-start-1"),
        rx.el.td(
            rx.el.span(now.ended, title=now.exact, class_name="relative"),
            class_name=f"{CELL} text-right text-12 text-ink-3 max-tab:col-start-3 max-tab:row-start-2",
        ),
        rest,
        class_name=f"{ROW} max-tab:nth-[n+9]:hidden max-wide:nth-[n+13]:hidden",
    )


def comparison(shown: Shown[list[Compared]]) -> rx.Component:
    return panel(
        "Against the window before",
        rx.el.table(
            _heads(NUMBERS, "table-header-group"),
            rx.el.tbody(
                rx.cond(
                    shown.length() > 0,
                    rx.foreach(shown, _compared),
                    rx.fragment(*[_loading(len(NUMBERS)) for _ in range(10)]),
                )
            ),
            class_name="w-full table-fixed border-separate border-spacing-0",
        ),
    )


def _compared(line: Shown[Compared]) -> rx.Component:
    return rx.el.tr(
        rx.el.th(line.label, scope="row", class_name=f"{COMPARED} text-left font-normal text-ink-2"),
        rx.el.td(
            _with(line.now_of, explain_link(line.now, to=line.href, label=f"{line.label} {line.now}")),
            class_name=f"{COMPARED} font-medium",
        ),
        rx.el.td(_with(line.before_of, rx.el.span(line.before)), class_name=f"{COMPARED} text-ink-3"),
        rx.el.td(delta(line.delta), class_name=f"{COMPARED} text-right"),
        class_name="group",
        key=line.label,
    )


def _with(n_of_m: rx.Var[str], number: rx.Component) -> rx.Component:
    """The number and its n of m, below it where there is no room beside it: neither is cut short."""
    return rx.el.span(
        rx.el.span(number),
        rx.el.span(n_of_m, class_name="text-12 font-normal text-ink-3"),
        class_name="flex flex-row-reverse flex-wrap items-baseline gap-x-2 py-1",
    )


def _heads(columns: tuple[tuple[str, str], ...], shown: str = "hidden tab:table-header-group") -> rx.Component:
    return rx.el.thead(
        rx.el.tr(
            *[
                rx.el.th(word or rx.el.span("Change", class_name="sr-only"), scope="col", class_name=f"{HEAD} {width}")
                for word, width in columns
            ]
        ),
        class_name=shown,
    )


def _loading(columns: int) -> rx.Component:
    return rx.el.tr(
        rx.el.td(bar("w-16"), class_name="h-9 px-4 border-t border-line"),
        *[rx.el.td(class_name=f"{CELL} max-tab:hidden") for _ in range(columns - 1)],
        class_name="appear",
        aria_hidden="true",
    )
