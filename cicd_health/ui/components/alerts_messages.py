"""The delivery log: what was sent where, what waits and why, and sending it now."""

from typing import Any

import reflex as rx
from reflex.vars import ObjectVar

from cicd_health.ui.alerts_view.messages import MessageRow
from cicd_health.ui.components.link import COVERING, inside
from cicd_health.ui.components.mark import mark_shown
from cicd_health.ui.components.paging import pages
from cicd_health.ui.components.panel import SUB, bar, notice, panel
from cicd_health.ui.components.runs_table import CELL, HEAD
from cicd_health.ui.components.told import told
from cicd_health.ui.states.alert_channels import OutboxState
from cicd_health.ui.states.alerts import MessagesState
from cicd_health.ui.states.session import SessionState

AROUND: Any = MessagesState.shown  # a type checker cannot follow a variable of a state into its fields
DOING: Any = OutboxState
ROW = (
    "group relative tab:hover:bg-hover transition-colors duration-120 max-tab:grid "
    "max-tab:grid-cols-[minmax(0,1fr)_auto] max-tab:gap-x-3 max-tab:px-4 max-tab:py-2.5 max-tab:border-t "
    "max-tab:border-line max-tab:first:border-t-0"
)
QUIET = "text-12 text-ink-2"
ROOMY = "hidden desk:table-cell"
LINK = "relative z-1 text-12 font-medium text-link max-tab:py-3 hover:underline"
COLUMNS = (
    ("State", "w-[116px]"),
    ("Channel", "w-[18%]"),
    ("Kind", f"w-[104px] {ROOMY}"),
    ("About", ""),
    ("At", "w-[104px]"),
    ("Tries", f"w-[60px] text-right {ROOMY}"),
    ("Note", f"w-[26%] {ROOMY}"),
    ("", "w-[88px]"),
)


def alert_messages() -> rx.Component:
    state = MessagesState
    return panel(
        "Deliveries",
        told(DOING.notes, "page"),
        rx.cond(
            state.loaded & (state.rows.length() == 0),
            rx.el.div(notice(AROUND.nothing, AROUND.hint), class_name="py-4"),
            rx.el.table(
                rx.el.thead(rx.el.tr(*[_head(word, width) for word, width in COLUMNS]), class_name=TABLE_HEAD),
                rx.el.tbody(
                    rx.cond(
                        state.loaded,
                        rx.foreach(state.rows, lambda row: _row(row=row, key=row.key)),
                        rx.fragment(*[_loading() for _ in range(5)]),
                    ),
                    class_name="max-tab:block",
                ),
                class_name="w-full table-fixed border-separate border-spacing-0 max-tab:block",
                on_mouse_enter=state.hold,
                on_mouse_leave=state.release,
            ),
        ),
        pages(AROUND.newest, AROUND.older),
        sub=rx.el.span(AROUND.sub, class_name=SUB),
        end=rx.cond(
            AROUND.more != "", inside("All deliveries", to=AROUND.more, class_name="text-12 font-medium text-ink-2")
        ),
    )


TABLE_HEAD = "hidden tab:table-header-group"


def _head(word: str, width: str) -> rx.Component:
    name = word or rx.el.span("Actions", class_name="sr-only")
    return rx.el.th(name, scope="col", class_name=f"{HEAD} {width}")


@rx.memo
def _row(*, row: ObjectVar[MessageRow], rest: rx.RestProp) -> rx.Component:
    return rx.el.tr(
        rx.el.td(mark_shown(row.mark), class_name=f"{CELL} max-tab:col-start-1 max-tab:row-start-1"),
        rx.el.td(row.channel, title=row.channel, class_name=f"{CELL} text-ellipsis max-tab:col-span-2"),
        rx.el.td(row.kind, class_name=f"{CELL} text-ink-2 {ROOMY}"),
        rx.el.td(
            rx.cond(
                row.href != "",
                inside(row.about, to=row.href, title=row.about, class_name=f"block truncate text-ink-2 {COVERING}"),
                rx.el.span(row.about, title=row.about, class_name="block truncate text-ink-2"),
            ),
            class_name=f"{CELL} max-tab:col-span-2",
        ),
        rx.el.td(
            row.at, title=row.exact, class_name=f"{CELL} text-ink-2 max-tab:col-start-2 max-tab:row-start-1 text-12"
        ),
        rx.el.td(row.tries, class_name=f"{CELL} text-right {ROOMY}"),
        rx.el.td(
            row.note,
            title=row.note,
            class_name=rx.cond(
                row.bad,
                f"{CELL} max-tab:col-span-2 text-12 text-fail-ink text-ellipsis max-tab:whitespace-normal {NOTE}",
                f"{CELL} max-tab:col-span-2 text-12 text-ink-3 text-ellipsis max-tab:whitespace-normal {NOTE}",
            ),
        ),
        rx.el.td(
            rx.cond(
                row.again & SessionState.operator,
                rx.el.button("Try now", type="button", on_click=DOING.send(row.key), class_name=LINK),
            ),
            class_name=f"{CELL} text-right max-tab:col-span-2 max-tab:text-left",
        ),
        rest,
        class_name=ROW,
    )


NOTE = "max-tab:empty:hidden tab:hidden desk:table-cell"


def _loading() -> rx.Component:
    return rx.el.tr(
        rx.el.td(bar("w-20"), class_name=CELL),
        rx.el.td(bar("w-32"), class_name=CELL),
        *[rx.el.td(class_name=f"{CELL} max-tab:hidden") for _ in range(6)],
        class_name=ROW + " appear max-tab:h-16",
        aria_hidden="true",
    )
