"""The rows of a log: lines in colours, folded groups, gaps. What is in the page is what is around the visible part."""

from typing import Any

import reflex as rx
from reflex.vars import ObjectVar

from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.run_view.lines import LogRow, Span
from cicd_health.ui.run_view.log import ROWS_WRAPPED
from cicd_health.ui.run_view.plan import MORE
from cicd_health.ui.shown import Shown, filled
from cicd_health.ui.states.run_log import LogState

QUIET_LINK = "font-medium text-link hover:underline"
REVEAL = "hover:text-link hover:underline"


@rx.serializer
def sent(row: LogRow) -> dict[str, Any]:
    """What is sent of a row: there are hundreds, and most of a row is empty."""
    return {name: value for name, value in filled(row).items() if value not in (False, 0, [])}


@rx.serializer
def sent_span(span: Span) -> dict[str, Any]:
    return filled(span)


def log_rows() -> rx.Component:
    """As high as all of the log; the rows that are there stand where they belong."""
    window = LogState.window
    return rx.el.div(
        rx.cond(window.earlier != "", _shift(window.earlier, -ROWS_WRAPPED)),
        rx.el.div(
            rx.foreach(LogState.rows, lambda entry: _row(row=entry[1], key=entry[0])),
            class_name="log-rows",
            style={"transform": f"translateY({window.top})"},
        ),
        rx.cond(window.later != "", _shift(window.later, ROWS_WRAPPED)),
        style={"height": window.height},
        class_name="log-rows",
        custom_attrs={"data-rows": "1"},
    )


def _shift(words: Shown[str], rows: int) -> rx.Component:
    return rx.el.button(
        "··· ",
        words,
        ": show",
        type="button",
        on_click=LogState.shift(rows),
        class_name=f"block w-full h-8 pl-[68px] text-left {QUIET_LINK}",
    )


@rx.memo
def _row(*, row: ObjectVar[LogRow], rest: rx.RestProp) -> rx.Component:
    return rx.el.div(
        rx.match(row.kind, ("line", _line(row)), ("fold", _fold(row)), ("gap", _gap(row)), _cut(row)),
        rest,
    )


def _line(row: Shown[LogRow]) -> rx.Component:
    return rx.el.div(
        rx.el.button(
            row.number,
            type="button",
            on_click=LogState.pick(row.number),
            class_name="h-5 pr-2 text-right text-ink-3 hover:text-link select-none",
            title="Link to this line",
            tab_index=-1,
        ),
        rx.el.span(
            rx.match(
                row.tone,
                ("cause", rx.el.span(glyph("failure", 8, label="failing line"), class_name="text-fail")),
                ("fail", rx.el.span(glyph("failure", 8, label="failing line"), class_name="text-fail")),
                ("warn", rx.el.span(glyph("unstable", 8, label="warning"), class_name="text-warn")),
                rx.fragment(),
            ),
            class_name="grid place-items-center h-5",
        ),
        rx.el.span(row.time, class_name="log-time text-ink-3 select-none"),
        rx.el.span(
            rx.cond(row.spans, rx.foreach(row.spans, _span), row.text),
            rx.cond(row.more, rx.el.span(" ", row.more, class_name="text-ink-3 select-none")),
            class_name="log-text",
        ),
        class_name="log-line pr-4",
        custom_attrs={"data-line": row.tone, "data-picked": rx.cond(row.picked, "1", ""), "data-number": row.number},
    )


def _span(span: Shown[Span]) -> rx.Component:
    return rx.el.span(span.text, custom_attrs={"data-s": span.style})


def _fold(row: Shown[LogRow]) -> rx.Component:
    return rx.el.button(
        rx.el.span(row.number, class_name="text-right pr-2 text-ink-3"),
        rx.el.span(
            rx.el.span(glyph("chevron", 12), class_name=rx.cond(row.open, "", "-rotate-90")),
            class_name="grid place-items-center",
        ),
        rx.el.span(
            row.text,
            rx.el.span(" ", row.more, class_name="text-ink-3"),
            class_name="text-left whitespace-pre overflow-hidden text-ellipsis",
        ),
        rx.el.span(row.end, class_name="text-ink-3 pr-4"),
        type="button",
        on_click=LogState.toggle_fold(row.number),
        class_name="sticky left-0 grid grid-cols-[52px_16px_minmax(0,1fr)_auto] items-center w-[100cqw] h-6 "
        "bg-sunken hover:bg-hover focus-visible:-outline-offset-2",
        custom_attrs={"aria-expanded": rx.cond(row.open, "true", "false")},
    )


def _gap(row: Shown[LogRow]) -> rx.Component:
    return rx.el.div(
        "··· ",
        row.text,
        rx.cond(
            row.more,
            rx.fragment(
                ": ",
                rx.el.button(
                    f"show {MORE} more",
                    type="button",
                    on_click=LogState.fill_gap(row.first, row.last, False),
                    class_name=REVEAL,
                ),
                " · ",
                rx.el.button(
                    "show all",
                    type="button",
                    on_click=LogState.fill_gap(row.first, row.last, True),
                    class_name=REVEAL,
                ),
            ),
            rx.fragment(
                ": ",
                rx.el.button(
                    "show",
                    type="button",
                    on_click=LogState.fill_gap(row.first, row.last, True),
                    class_name=REVEAL,
                ),
            ),
        ),
        class_name="h-5 pl-[68px] text-ink-3 whitespace-pre",
    )


def _cut(row: Shown[LogRow]) -> rx.Component:
    return rx.el.div("··· ", row.text, class_name="h-5 pl-[68px] text-warn-ink bg-warn-soft whitespace-pre")
