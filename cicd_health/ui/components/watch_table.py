"""The repositories or jobs that are watched: where each stands, and how far its history has come."""

from typing import Any

import reflex as rx

from cicd_health.ui.components.mark import mark_shown
from cicd_health.ui.components.panel import SUB
from cicd_health.ui.shown import Shown
from cicd_health.ui.sources_view import SourcePanel
from cicd_health.ui.states.sources import SourcesHeadState, SourcesState
from cicd_health.ui.watch_rows import WatchRow

# Its handlers and variables: a type checker cannot follow them into the page.
DOING: Any = SourcesState
HEAD = "px-3 py-2 first:pl-4 last:pr-4 text-12 font-medium text-ink-3 text-left border-y border-line whitespace-nowrap"
CELL = "tab:px-3 tab:first:pl-4 tab:last:pr-4 tab:py-2 tab:border-t tab:border-line tab:group-first:border-t-0"
ROW = (
    "group tab:hover:bg-hover transition-colors duration-120 max-tab:grid max-tab:grid-cols-[minmax(0,1fr)_auto] "
    "max-tab:gap-x-3 max-tab:gap-y-1 max-tab:px-4 max-tab:py-2.5 max-tab:border-t max-tab:border-line"
)
VERB = "h-11 tab:h-7 px-2 rounded-md text-12 font-medium text-ink-2 hover:text-ink hover:bg-sunken whitespace-nowrap"


def watch_table(panel: Shown[SourcePanel]) -> rx.Component:
    return rx.cond(
        (panel.rows.length() > 0) | (panel.cut != ""),
        rx.fragment(
            rx.el.table(
                rx.el.thead(
                    rx.el.tr(
                        rx.el.th("State", scope="col", class_name=f"{HEAD} w-[168px] desk:w-[184px]"),
                        rx.el.th(panel.watched, scope="col", class_name=f"{HEAD} w-[26%]"),
                        rx.el.th("Complete until", scope="col", class_name=f"{HEAD} w-[104px] desk:w-[120px]"),
                        rx.el.th("History", scope="col", class_name=HEAD),
                        rx.el.th(
                            rx.el.span("Actions", class_name="sr-only"),
                            scope="col",
                            class_name=f"{HEAD} w-[124px] desk:w-[190px]",
                        ),
                    ),
                    class_name="hidden tab:table-header-group",
                ),
                rx.el.tbody(rx.foreach(panel.rows, _row), class_name="max-tab:block"),
                class_name="w-full table-fixed border-separate border-spacing-0 max-tab:block",
            ),
            rx.cond(panel.cut != "", rx.el.p(panel.cut, class_name=f"{SUB} px-4 py-2 border-t border-line")),
        ),
    )


def _row(row: Shown[WatchRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(mark_shown(row.mark), class_name=f"{CELL} max-tab:row-start-1 max-tab:col-start-2"),
        rx.el.td(
            rx.el.span(row.name, title=row.name, class_name="block font-medium truncate"),
            rx.cond(row.note != "", rx.el.span(row.note, class_name=f"{SUB} block truncate")),
            class_name=f"{CELL} max-tab:row-start-1 max-tab:col-start-1",
        ),
        rx.el.td(
            rx.el.span("Complete until ", class_name="tab:hidden text-12 text-ink-3"),
            rx.el.span(row.complete, title=row.complete_exact, class_name="text-12 text-ink-2"),
            class_name=f"{CELL} max-tab:row-start-2 max-tab:self-center",
        ),
        rx.el.td(
            rx.cond(row.walking, _progress(row)),
            rx.el.span(row.history, class_name="block text-12 text-ink-2"),
            rx.cond(row.error != "", rx.el.span(row.error, class_name="block text-12 text-fail-ink break-words")),
            class_name=f"{CELL} max-tab:col-span-2",
        ),
        rx.el.td(rx.cond(SourcesHeadState.admin, _verbs(row)), class_name=f"{CELL} max-tab:row-start-2"),
        class_name=ROW,
        key=row.key,
    )


def _progress(row: Shown[WatchRow]) -> rx.Component:
    """A bar of the share that is here; the words beside it say of how many."""
    return rx.el.div(
        rx.el.div(style={"width": f"{row.done}%"}, class_name="h-full rounded-full bg-run"),
        class_name="h-1 my-1.5 rounded-full bg-line max-w-80 overflow-hidden",
        role="progressbar",
        custom_attrs={
            "aria-valuemin": 0,
            "aria-valuemax": 100,
            "aria-valuenow": row.done,
            "aria-label": f"History of {row.name}",
        },
    )


def _verbs(row: Shown[WatchRow]) -> rx.Component:
    here = f"watch:{row.key}"
    return rx.el.div(
        rx.cond(
            DOING.asking == here,
            rx.fragment(
                rx.el.span("The history stays.", class_name="text-12 text-ink-3 self-center"),
                rx.el.button(
                    "Remove",
                    type="button",
                    on_click=DOING.remove(row.key),
                    class_name=f"{VERB} text-fail-ink!",
                ),
                rx.el.button("Keep", type="button", on_click=DOING.keep, class_name=VERB),
            ),
            rx.fragment(
                rx.cond(
                    row.can_stop,
                    rx.el.button("Stop", type="button", on_click=DOING.stop(row.key), class_name=VERB),
                ),
                rx.cond(
                    row.can_resume,
                    rx.el.button("Resume", type="button", on_click=DOING.resume(row.key), class_name=VERB),
                ),
                rx.cond(
                    row.can_remove,
                    rx.el.button(
                        "Remove",
                        type="button",
                        on_click=DOING.ask(here),
                        class_name=VERB,
                        custom_attrs={"aria-label": f"Remove {row.name}"},
                    ),
                ),
            ),
        ),
        class_name="flex flex-wrap justify-end gap-1 -mx-2",
    )
