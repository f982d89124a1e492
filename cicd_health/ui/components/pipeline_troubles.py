"""What is wrong with a pipeline: why it fails, what changed, what is flaky. One line each where nothing is."""

import reflex as rx

from cicd_health.ui.components.link import COVERING, inside
from cicd_health.ui.components.mark import toned
from cicd_health.ui.components.panel import SUB, bar, panel
from cicd_health.ui.components.run_head import said
from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.pipeline_view.troubles import ChangeRow, FailureRow, FlakyRow, Troubles
from cicd_health.ui.shown import Shown

ROW = (
    "grid tab:grid-cols-[16px_76px_minmax(0,1fr)] gap-x-3 px-4 py-2 border-b border-line last:border-b-0 "
    "*:last:max-tab:pl-[26px]"
)


def failures(shown: Shown[Troubles]) -> rx.Component:
    return panel(
        "Why it fails",
        _listed(shown.failures, _failure, shown.calm_failures, shown.unread),
        sub=rx.el.span(shown.failed, class_name=SUB),
        end=rx.cond(
            shown.among_all != "",
            inside(
                "Among all failures",
                to=shown.among_all,
                class_name="text-12 font-medium text-link hover:underline max-tab:py-3",
            ),
        ),
    )


def changes(shown: Shown[Troubles]) -> rx.Component:
    return panel("Where it changed", _listed(shown.changes, _change, shown.calm_changes))


def flaky(shown: Shown[Troubles]) -> rx.Component:
    return panel("Flaky jobs", _listed(shown.flaky, _flaky, shown.calm_flaky))


def _listed(rows: Shown[list], row, calm: rx.Var[str], unread: rx.Var[bool] | bool = False) -> rx.Component:
    return rx.cond(
        rows.length() > 0,
        rx.el.ul(rx.foreach(rows, row)),
        rx.cond(
            calm != "",
            rx.el.p(
                rx.cond(
                    unread,
                    rx.el.span(glyph("unknown"), class_name="text-off"),
                    rx.el.span(glyph("success"), class_name="text-ok"),
                ),
                calm,
                class_name="flex items-center gap-3 min-h-11 px-4 text-ink-2",
            ),
            rx.el.div(bar("w-72"), class_name="appear flex items-center h-11 px-4", aria_hidden="true"),
        ),
    )


def _failure(row: Shown[FailureRow]) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            row.runs,
            rx.el.span(" ", row.noun, class_name="text-12 font-normal text-ink-3"),
            class_name="text-14 font-semibold whitespace-nowrap",
        ),
        rx.el.span(
            inside(
                row.line,
                to=row.href,
                title=row.line,
                class_name=f"block truncate font-mono text-12 leading-5 {COVERING}",
            ),
            rx.el.span(row.where, title=row.exact, class_name="block truncate text-12 text-ink-3"),
            class_name="min-w-0",
        ),
        rx.cond(
            row.new,
            rx.el.span(
                glyph("failure", 12),
                "New",
                class_name="inline-flex items-center gap-1.5 h-5 pl-1 pr-2 rounded-[10px] text-12 font-medium "
                "bg-fail-soft text-fail-ink",
            ),
            rx.el.span("Known", class_name="text-12 text-ink-3"),
        ),
        class_name="relative grid grid-cols-[64px_minmax(0,1fr)_auto] items-center gap-x-3 px-4 py-2 border-b "
        "border-line last:border-b-0 tab:hover:bg-hover transition-colors duration-120",
        key=row.key,
    )


def _marked(symbol: rx.Var[str], tone: rx.Var[str], word: rx.Var[str]) -> rx.Component:
    return rx.el.span(
        rx.el.span(glyph(symbol), class_name="text-tone mt-[3px]"),
        rx.el.span(word, class_name="text-tone-word font-(--tone-weight)"),
        class_name="tab:col-span-2 flex gap-3 whitespace-nowrap",
        custom_attrs=toned(tone),
    )


def _change(row: Shown[ChangeRow]) -> rx.Component:
    return rx.el.li(
        _marked(row.glyph, row.tone, row.word),
        rx.el.span(
            rx.el.span(rx.foreach(row.said, said), class_name="block [overflow-wrap:anywhere]"),
            rx.el.span(row.below, class_name="block text-12 text-ink-3"),
            class_name="min-w-0",
        ),
        class_name=ROW,
        key=row.key,
    )


def _flaky(row: Shown[FlakyRow]) -> rx.Component:
    return rx.el.li(
        _marked(row.glyph, row.tone, row.word),
        rx.el.span(
            rx.el.span(
                rx.el.code(row.job, class_name="font-mono text-12 truncate"),
                rx.el.span(rx.foreach(row.runs, said), class_name="text-12 text-ink-3 whitespace-nowrap"),
                class_name="flex items-baseline justify-between gap-3 min-w-0",
            ),
            rx.el.span(row.said, class_name="block text-12 text-ink-3"),
            class_name="min-w-0",
        ),
        class_name=ROW,
        key=row.key,
    )
