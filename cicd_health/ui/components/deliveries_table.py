"""What arrived, newest first: a row opens beside the table, or above it where there is no room."""

import reflex as rx
from reflex.vars import ObjectVar

from cicd_health.ui.components.link import COVERING, inside
from cicd_health.ui.components.mark import mark_shown
from cicd_health.ui.components.paging import pages
from cicd_health.ui.components.panel import BUTTON, SUB, bar, notice, panel
from cicd_health.ui.components.runs_table import CELL, HEAD
from cicd_health.ui.deliveries_view import DeliveryRow
from cicd_health.ui.states.deliveries import DeliveriesHeadState, DeliveriesState, DeliveryListState, ReplayState

ROW = (
    "group relative tab:hover:bg-hover transition-colors duration-120 aria-[current=true]:bg-selected "
    "aria-[current=true]:shadow-[inset_2px_0_0_var(--focus)] max-tab:grid "
    "max-tab:grid-cols-[16px_minmax(0,1fr)_auto] max-tab:gap-x-3 max-tab:px-4 max-tab:py-2 max-tab:border-t "
    "max-tab:border-line max-tab:first:border-t-0"
)
ROOMY = "hidden desk:table-cell"  # left out while one is open beside the table, and on narrow screens
COLUMNS = (
    ("State", "w-[148px]"),
    ("Received", "w-[104px]"),
    ("From", "w-[88px]"),
    ("Event", ""),
    ("Run", "w-[18%]"),
    ("Error", "w-[30%]"),
    ("Size", "w-20 text-right"),
)


def deliveries_table() -> rx.Component:
    head, state = DeliveriesHeadState.shown, DeliveryListState
    return panel(
        "Deliveries",
        rx.cond(
            state.loaded & (state.rows.length() == 0),
            rx.el.div(notice(head.nothing, head.hint), class_name="py-8"),
            rx.fragment(
                rx.el.table(
                    rx.el.thead(
                        rx.el.tr(*[_head(word, width) for word, width in COLUMNS]),
                        class_name="hidden tab:table-header-group",
                    ),
                    rx.el.tbody(
                        rx.cond(
                            state.loaded,
                            rx.foreach(
                                state.rows, lambda row: _row(row=row, opened=state.open == row.key, key=row.key)
                            ),
                            rx.fragment(*[_loading() for _ in range(12)]),
                        ),
                        class_name="max-tab:block",
                    ),
                    class_name="w-full table-fixed border-separate border-spacing-0 max-tab:block",
                    on_mouse_enter=state.hold,
                    on_mouse_leave=state.release,
                    custom_attrs={"data-beside": rx.cond(state.open != "", "true", "false")},
                ),
                pages(head.newest, head.older),
            ),
        ),
        sub=rx.el.span("newest first, ", head.sub, class_name=SUB),
        end=rx.el.span(_held_back(), _replay_all(), class_name="flex flex-wrap items-center justify-end gap-3"),
    )


def _head(word: str, width: str) -> rx.Component:
    hidden = ROOMY if word in ("From", "Error", "Size") else ""
    return rx.el.th(word, scope="col", class_name=f"{HEAD} {width} {hidden} {_beside(word)}")


def _beside(word: str) -> str:
    """Beside an open one the table has half the page."""
    if word == "Run":
        return "[[data-beside=true]_&]:w-[34%]"
    return "[[data-beside=true]_&]:hidden" if word in ("From", "Error", "Size") else ""


@rx.memo
def _row(*, row: ObjectVar[DeliveryRow], opened: rx.Var[bool], rest: rx.RestProp) -> rx.Component:
    quiet = "text-12 text-ink-2"
    return rx.el.tr(
        rx.el.td(mark_shown(row.mark, "max-tab:hidden"), class_name=f"{CELL} max-tab:row-span-2 max-tab:pt-0.5"),
        rx.el.td(
            row.when,
            title=row.exact,
            class_name=f"{CELL} {quiet} max-tab:col-start-3 max-tab:row-start-1",
        ),
        rx.el.td(row.provider, class_name=f"{CELL} {quiet} {ROOMY} {_beside('From')}"),
        rx.el.td(
            inside(
                row.event,
                to=row.href,
                class_name=f"block truncate font-medium {COVERING}",
                replace=True,
            ),
            class_name=f"{CELL} max-tab:col-start-2 max-tab:row-start-1",
        ),
        rx.el.td(
            rx.cond(
                row.run != "",
                inside(row.run, to=row.run_href, class_name="relative z-1 truncate text-link hover:underline"),
            ),
            class_name=f"{CELL} text-12 truncate max-tab:col-start-2 max-tab:row-start-2",
        ),
        rx.el.td(row.error, title=row.error, class_name=f"{CELL} {quiet} truncate {ROOMY} {_beside('Error')}"),
        rx.el.td(row.size, class_name=f"{CELL} {quiet} text-right {ROOMY} {_beside('Size')}"),
        rest,
        class_name=ROW,
        custom_attrs={"aria-current": rx.cond(opened, "true", "false")},
    )


def _held_back() -> rx.Component:
    """New deliveries do not push the rows away from under the pointer."""
    return rx.el.span(
        rx.cond(
            DeliveryListState.waiting != "",
            rx.el.button(
                DeliveryListState.waiting,
                " · Show",
                type="button",
                on_click=DeliveryListState.join,
                class_name="text-12 font-medium text-link",
            ),
        ),
        role="status",
        class_name="empty:absolute",
    )


def _replay_all() -> rx.Component:
    offered = DeliveriesHeadState.may_replay & DeliveriesHeadState.shown.replayable
    return rx.fragment(
        rx.el.span(ReplayState.progress, class_name="text-12 text-ink-2", role="status"),
        rx.cond(
            offered | ReplayState.busy,
            rx.el.button(
                rx.cond(ReplayState.busy, "Replaying…", "Replay all kept"),
                type="button",
                disabled=ReplayState.busy,
                on_click=DeliveriesState.replay_all,
                class_name=f"{BUTTON} max-tab:h-11 disabled:bg-sunken disabled:text-ink-3",
            ),
        ),
    )


def _loading() -> rx.Component:
    return rx.el.tr(
        rx.el.td(bar("w-20"), class_name=f"{CELL} max-tab:hidden"),
        rx.el.td(bar("w-16"), class_name=f"{CELL} max-tab:hidden"),
        rx.el.td(class_name=f"{CELL} {ROOMY} {_beside('From')}"),
        rx.el.td(bar("w-40"), class_name=f"{CELL} max-tab:col-start-2"),
        rx.el.td(class_name=CELL),
        *[rx.el.td(class_name=f"{CELL} {ROOMY} {_beside('Size')}") for _ in range(2)],
        class_name=ROW + " appear max-tab:h-13",
        aria_hidden="true",
    )
