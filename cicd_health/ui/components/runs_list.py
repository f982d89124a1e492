"""All runs, newest first, a page at a time."""

import reflex as rx
from reflex.vars import ObjectVar

from cicd_health.ui import routes
from cicd_health.ui.components.link import COVERING, inside
from cicd_health.ui.components.mark import marked
from cicd_health.ui.components.paging import pages
from cicd_health.ui.components.panel import BUTTON, SUB, SURFACE, bar, notice
from cicd_health.ui.components.runs_table import CELL, HEAD, ROW
from cicd_health.ui.rows import RunNow
from cicd_health.ui.runs_view import RunListRow, RunsHead
from cicd_health.ui.shown import Shown
from cicd_health.ui.states.runs import RunListState, RunsHeadState

QUIET = "text-12 text-ink-2"
DESK, WIDE = "hidden desk:table-cell", "hidden wide:table-cell"
COLUMNS = (
    ("Outcome", "w-[132px]"),
    ("Pipeline", "w-[22%] wide:w-[16%]"),
    ("Run", "w-[104px]"),
    ("Change", ""),
    ("Failed at", f"w-[18%] {WIDE}"),
    ("Branch", f"w-[14%] {DESK}"),
    ("Event", f"w-[136px] wide:w-[220px] {DESK}"),
    ("Queue", f"w-20 text-right {DESK}"),
    ("Duration", "w-20 text-right"),
    ("Ended", "w-[104px] text-right"),
)


def runs_list() -> rx.Component:
    head, state = RunsHeadState.shown, RunListState
    return rx.el.section(
        rx.cond(
            state.loaded & (state.rows.length() == 0),
            rx.fragment(
                rx.el.div(notice(head.nothing, head.hint, _connect(head)), class_name="py-8"),
                pages(head.newest, head.older, on=head.onward),
            ),
            rx.fragment(
                rx.el.table(
                    rx.el.thead(
                        rx.el.tr(
                            *[rx.el.th(word, scope="col", class_name=f"{HEAD} {width}") for word, width in COLUMNS]
                        ),
                        class_name="hidden tab:table-header-group",
                    ),
                    rx.el.tbody(
                        rx.cond(
                            state.loaded,
                            rx.foreach(state.rows, lambda row: _row(row=row, now=state.now[row.key], key=row.key)),
                            rx.fragment(*[_loading() for _ in range(12)]),
                        ),
                        class_name="max-tab:block",
                    ),
                    class_name="w-full table-fixed border-separate border-spacing-0 max-tab:block",
                    on_mouse_enter=state.hold,
                    on_mouse_leave=state.release,
                ),
                pages(head.newest, head.older, on=head.onward),
            ),
        ),
        class_name=SURFACE,
        custom_attrs={"aria-label": "Runs"},
    )


@rx.memo
def _row(*, row: ObjectVar[RunListRow], now: ObjectVar[RunNow], rest: rx.RestProp) -> rx.Component:
    return rx.el.tr(
        rx.el.td(marked(now.mark, "max-tab:hidden"), class_name=f"{CELL} max-tab:row-span-2 max-tab:pt-0.5"),
        rx.el.td(
            rx.el.span(
                inside(
                    row.pipeline,
                    to=row.of,
                    class_name="tab:relative tab:z-1 tab:hover:underline font-medium truncate shrink-0 max-w-full",
                ),
                rx.el.span(row.where, class_name="text-12 text-ink-3 truncate"),
                class_name="flex items-baseline gap-2 min-w-0",
            ),
            class_name=CELL,
        ),
        rx.el.td(
            inside(
                rx.cond(row.number != "", row.number, "Run"),
                to=row.href,
                class_name=f"max-tab:text-[0px] {COVERING}",
            ),
            class_name=f"{CELL} text-12 text-ink-3 max-tab:absolute max-tab:inset-0",
        ),
        rx.el.td(
            row.title,
            title=row.title,
            class_name=f"{CELL} {QUIET} truncate max-tab:col-start-2 max-tab:row-start-2",
        ),
        rx.el.td(row.failed, title=row.failed, class_name=f"{CELL} text-12 text-fail-ink truncate {WIDE}"),
        rx.el.td(_branch(row), class_name=f"{CELL} {QUIET} {DESK}"),
        rx.el.td(
            rx.el.span(row.cause, rx.cond(row.actor != "", f" · {row.actor}", ""), class_name="block truncate"),
            class_name=f"{CELL} {QUIET} {DESK}",
        ),
        rx.el.td(row.queue, class_name=f"{CELL} {QUIET} text-right {DESK}"),
        rx.el.td(now.duration, class_name=f"{CELL} text-right max-tab:col-start-3 max-tab:row-start-1"),
        rx.el.td(
            rx.el.span(now.ended, title=now.exact, class_name="relative"),
            class_name=f"{CELL} text-right text-12 text-ink-3 max-tab:col-start-3 max-tab:row-start-2",
        ),
        rest,
        class_name=ROW,
    )


def _connect(head: Shown[RunsHead]) -> rx.Component:
    """Where there is no run at all, and nothing narrows the list."""
    return rx.cond(
        head.everything == "",
        inside("Connect a source", to=routes.SOURCES, class_name=f"{BUTTON} mt-2 max-tab:h-11"),
    )


def _branch(row: Shown[RunListRow]) -> rx.Component:
    return rx.el.span(
        rx.el.span(row.branch, title=row.branch, class_name="relative truncate"),
        rx.el.code(row.sha, class_name="flex-none font-mono text-12 text-ink-3"),
        class_name="flex items-baseline gap-2",
    )


def held_back() -> rx.Component:
    """New runs do not push the rows away from under the pointer."""
    return rx.el.span(
        rx.cond(
            RunListState.waiting != "",
            rx.el.button(
                RunListState.waiting,
                " · Show",
                type="button",
                on_click=RunListState.join,
                class_name="text-12 font-medium text-link",
            ),
            rx.el.span(RunsHeadState.shown.sub, class_name=SUB),
        ),
        role="status",
    )


def _loading() -> rx.Component:
    return rx.el.tr(
        rx.el.td(bar("w-16"), class_name=f"{CELL} max-tab:hidden"),
        rx.el.td(bar("w-40"), class_name=f"{CELL} max-tab:col-start-2"),
        rx.el.td(class_name=f"{CELL} max-tab:hidden"),
        rx.el.td(bar("w-56"), class_name=f"{CELL} max-tab:hidden"),
        rx.el.td(class_name=f"{CELL} {WIDE}"),
        *[rx.el.td(class_name=f"{CELL} {DESK}") for _ in range(3)],
        rx.el.td(class_name=CELL),
        rx.el.td(class_name=CELL),
        class_name=ROW + " appear max-tab:h-13",
        aria_hidden="true",
    )
