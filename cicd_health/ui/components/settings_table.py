"""What the tables of the settings page share: their columns, cells and rows."""

from typing import Any

import reflex as rx

from cicd_health.ui.components.panel import bar
from cicd_health.ui.components.runs_table import CELL, HEAD

ROW = (
    "group relative tab:hover:bg-hover transition-colors duration-120 max-tab:grid "
    "max-tab:grid-cols-[minmax(0,1fr)_auto] max-tab:gap-x-3 max-tab:gap-y-0.5 max-tab:px-4 max-tab:py-2.5 "
    "max-tab:border-t max-tab:border-line max-tab:first:border-t-0"
)
ROOMY = "hidden desk:table-cell"
QUIET = "text-12 text-ink-2 text-ellipsis"
WHOLE = "max-tab:col-span-2"  # on a phone, a line of its own
ACTION = (
    "inline-flex items-center h-11 tab:h-7 max-tab:-my-2 px-2 rounded-md text-12 font-medium text-ink-2 hover:text-ink "
    "hover:bg-sunken whitespace-nowrap"
)
Columns = tuple[tuple[str, str], ...]


def table(columns: Columns, rows: Any, row: Any, loaded: Any, **props: Any) -> rx.Component:
    """`columns` are a word and a class each; the last one, without a word, has the buttons."""
    return rx.el.table(
        rx.el.thead(rx.el.tr(*[_head(*column) for column in columns]), class_name="hidden tab:table-header-group"),
        rx.el.tbody(
            rx.cond(loaded, rx.foreach(rows, row), rx.fragment(*[_loading(len(columns)) for _ in range(4)])),
            class_name="max-tab:block",
        ),
        class_name="w-full table-fixed border-separate border-spacing-0 max-tab:block",
        **props,
    )


def _head(word: str, width: str) -> rx.Component:
    name = word or rx.el.span("Actions", class_name="sr-only")
    return rx.el.th(name, scope="col", class_name=f"{HEAD} {width}")


def cell(*children: Any, look: str = "", **props: Any) -> rx.Component:
    return rx.el.td(*children, class_name=f"{CELL} {look}", **props)


def action(word: Any, label: Any, on_click: Any) -> rx.Component:
    return rx.el.button(word, type="button", on_click=on_click, class_name=ACTION, custom_attrs={"aria-label": label})


def _loading(columns: int) -> rx.Component:
    return rx.el.tr(
        cell(bar("w-20")),
        cell(bar("w-40")),
        *[cell(look="max-tab:hidden") for _ in range(columns - 2)],
        class_name=f"{ROW} appear max-tab:h-16",
        aria_hidden="true",
    )
