"""Incidents on the alerts page: those that are open, worst first, and those that are over."""

from typing import Any

import reflex as rx
from reflex.vars import ObjectVar

from cicd_health.ui.alerts_view.incidents import IncidentRow
from cicd_health.ui.components.alert_dialog import acts
from cicd_health.ui.components.link import COVERING, inside
from cicd_health.ui.components.mark import mark_shown
from cicd_health.ui.components.paging import pages
from cicd_health.ui.components.panel import SUB, bar, notice, panel
from cicd_health.ui.components.runs_table import CELL, HEAD
from cicd_health.ui.states.alerts import OpenState, PastState

AROUND: Any = PastState.shown  # a type checker cannot follow a variable of a state into its fields
ROW = (
    "group relative tab:hover:bg-hover transition-colors duration-120 max-tab:grid "
    "max-tab:grid-cols-[minmax(0,1fr)_auto] max-tab:gap-x-3 max-tab:px-4 max-tab:py-2.5 max-tab:border-t "
    "max-tab:border-line max-tab:first:border-t-0"
)
QUIET = "text-12 text-ink-2"
ROOMY = "hidden desk:table-cell"
OPEN_COLUMNS = (
    ("Kind", "w-[128px]"),
    ("Pipeline", ""),
    ("Rule", f"w-[12%] {ROOMY}"),
    ("Since", f"w-[98px] {ROOMY}"),
    ("For", "w-[80px] text-right"),
    ("Count", f"w-[64px] text-right {ROOMY}"),
    ("State", "w-[220px]"),
    ("Told", f"w-[12%] {ROOMY}"),
    ("", "w-[212px]"),
)
PAST_COLUMNS = (
    ("Kind", "w-[128px]"),
    ("Pipeline", ""),
    ("Rule", f"w-[16%] {ROOMY}"),
    ("Since", f"w-[112px] {ROOMY}"),
    ("For", "w-[84px] text-right"),
    ("Count", f"w-[68px] text-right {ROOMY}"),
    ("Ended", "w-[152px]"),
    ("Told", f"w-[20%] {ROOMY}"),
)


def open_incidents() -> rx.Component:
    state = OpenState
    return panel(
        "Open",
        rx.cond(
            state.loaded & (state.rows.length() == 0),
            rx.el.div(notice(AROUND.calm, AROUND.calm_hint), class_name="py-4"),
            _table(
                OPEN_COLUMNS,
                rx.cond(
                    state.loaded,
                    rx.foreach(state.rows, lambda row: _open(row=row, lasting=OPEN_NOW[row.key], key=row.key)),
                    rx.fragment(*[_loading(len(OPEN_COLUMNS)) for _ in range(4)]),
                ),
                state,
            ),
        ),
        sub=rx.el.span(AROUND.open_sub, class_name=SUB),
        end=_held_back(state),
    )


OPEN_NOW: Any = OpenState.now


def past_incidents() -> rx.Component:
    state = PastState
    return panel(
        "History",
        rx.cond(
            AROUND.past_nothing != "",
            rx.el.p(AROUND.past_nothing, class_name="px-4 py-3 text-12 text-ink-3"),
            _table(
                PAST_COLUMNS,
                rx.cond(
                    state.loaded,
                    rx.foreach(state.rows, lambda row: _past(row=row, key=row.key)),
                    rx.fragment(*[_loading(len(PAST_COLUMNS)) for _ in range(4)]),
                ),
                state,
            ),
        ),
        pages(AROUND.newest, AROUND.older),
        sub=rx.el.span(AROUND.past_sub, class_name=SUB),
        end=_held_back(state),
    )


def _table(columns: tuple[tuple[str, str], ...], rows: rx.Component, state: Any) -> rx.Component:
    return rx.el.table(
        rx.el.thead(
            rx.el.tr(*[_head(word, width) for word, width in columns]), class_name="hidden tab:table-header-group"
        ),
        rx.el.tbody(rows, class_name="max-tab:block"),
        class_name="w-full table-fixed border-separate border-spacing-0 max-tab:block",
        on_mouse_enter=state.hold,
        on_mouse_leave=state.release,
    )


def _head(word: str, width: str) -> rx.Component:
    if not word:
        return rx.el.th(rx.el.span("Actions", class_name="sr-only"), scope="col", class_name=f"{HEAD} {width}")
    return rx.el.th(word, scope="col", class_name=f"{HEAD} {width}")


@rx.memo
def _open(*, row: ObjectVar[IncidentRow], lasting: rx.Var[str], rest: rx.RestProp) -> rx.Component:
    about = f"{row.name}, {row.why}"
    return rx.el.tr(
        *_what(row),
        rx.el.td(lasting, class_name=f"{CELL} text-right max-tab:col-start-2 max-tab:row-start-1 max-tab:text-12"),
        rx.el.td(row.count, class_name=f"{CELL} {ROOMY} text-right"),
        rx.el.td(
            rx.el.span(
                row.said,
                class_name=rx.match(row.state, ("open", "font-medium text-ink"), ("muted", "text-ink-3"), "text-ink-2"),
                title=row.said,
            ),
            class_name=f"{CELL} text-ellipsis max-tab:col-span-2 max-tab:text-12 max-tab:whitespace-normal",
        ),
        rx.el.td(row.told, title=row.told, class_name=f"{CELL} {QUIET} {ROOMY} text-ellipsis"),
        rx.el.td(
            acts(row.key, row.state, about),
            class_name=f"{CELL} tab:pr-2! text-right max-tab:col-span-2 max-tab:-ml-2 max-tab:text-left",
        ),
        rest,
        class_name=ROW,
    )


@rx.memo
def _past(*, row: ObjectVar[IncidentRow], rest: rx.RestProp) -> rx.Component:
    return rx.el.tr(
        *_what(row),
        rx.el.td(row.lasted, class_name=f"{CELL} text-right max-tab:col-start-2 max-tab:row-start-1 max-tab:text-12"),
        rx.el.td(row.count, class_name=f"{CELL} {ROOMY} text-right"),
        rx.el.td(row.said, title=row.said, class_name=f"{CELL} {QUIET} text-ellipsis max-tab:col-span-2"),
        rx.el.td(row.told, title=row.told, class_name=f"{CELL} {QUIET} {ROOMY} text-ellipsis"),
        rest,
        class_name=ROW,
    )


def _what(row: Any) -> list[rx.Component]:
    """Kind, pipeline, rule and since: the same in both lists."""
    return [
        rx.el.td(mark_shown(row.mark), class_name=f"{CELL} max-tab:col-start-1 max-tab:row-start-1"),
        rx.el.td(
            rx.el.span(
                inside(
                    row.name,
                    to=row.href,
                    title=row.why,
                    class_name=f"font-medium truncate shrink-0 max-w-full {COVERING}",
                    custom_attrs={"preventScrollReset": True},
                ),
                rx.el.span(row.where, class_name="text-12 text-ink-3 truncate"),
                class_name="flex items-baseline gap-2 min-w-0",
            ),
            class_name=f"{CELL} max-tab:col-span-2",
        ),
        rx.el.td(row.rule, title=row.rule, class_name=f"{CELL} text-ink-2 {ROOMY} text-ellipsis"),
        rx.el.td(row.since, title=row.exact, class_name=f"{CELL} text-ink-2 {ROOMY}"),
    ]


def _held_back(state: Any) -> rx.Component:
    """New rows do not push those under the pointer away."""
    return rx.el.span(
        rx.cond(
            state.waiting != "",
            rx.el.button(
                state.waiting,
                " · Show",
                type="button",
                on_click=state.join,
                class_name="text-12 font-medium text-link",
            ),
        ),
        role="status",
        class_name="empty:absolute",
    )


def _loading(columns: int) -> rx.Component:
    return rx.el.tr(
        rx.el.td(bar("w-20"), class_name=CELL),
        rx.el.td(bar("w-48"), class_name=CELL),
        *[rx.el.td(class_name=f"{CELL} max-tab:hidden") for _ in range(columns - 2)],
        class_name=ROW + " appear max-tab:h-16",
        aria_hidden="true",
    )
