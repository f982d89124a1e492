"""Needs attention: what is wrong, why, and since when; one line when nothing is."""

import reflex as rx
from reflex.vars import ObjectVar

from cicd_health.ui.components.alert_dialog import acts
from cicd_health.ui.components.link import COVERING, inside
from cicd_health.ui.components.mark import lone_glyph, tone_of, word
from cicd_health.ui.components.panel import SUB, bar, panel
from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.rows import AttentionRow, Piece
from cicd_health.ui.shown import Shown
from cicd_health.ui.states.session import SessionState
from cicd_health.ui.view import Attention

ROW = (
    "relative grid items-center border-b border-line last:border-b-0 tab:hover:bg-hover transition-colors duration-120 "
    "grid-cols-[16px_minmax(0,1fr)] gap-x-3 gap-y-0.5 pl-4 pr-4 py-2.5 tab:min-h-11 tab:py-0 tab:gap-3 "
)
READ = (
    "tab:grid-cols-[16px_80px_minmax(200px,1fr)_minmax(0,1.4fr)_132px] "
    "desk:grid-cols-[16px_104px_minmax(240px,1.1fr)_minmax(0,2.4fr)_152px]"
)
ACTED = (  # with room for the buttons
    "tab:grid-cols-[16px_80px_minmax(160px,1fr)_minmax(0,1fr)_132px_148px] "
    "desk:grid-cols-[16px_104px_minmax(240px,1.1fr)_minmax(0,2fr)_152px_148px]"
)


def attention(shown: Shown[Attention]) -> rx.Component:
    return panel(
        "Needs attention",
        rx.cond(
            shown.rows.length() > 0,
            rx.el.ul(rx.foreach(shown.rows, lambda row: _row(row=row, key=row.key))),
            rx.cond(shown.calm != "", _calm(shown.calm), _loading()),
        ),
        sub=rx.el.span(shown.summary, class_name=SUB),
        end=rx.el.span(shown.incidents, class_name=f"{SUB} hidden tab:inline"),
    )


@rx.memo
def _row(*, row: ObjectVar[AttentionRow], rest: rx.RestProp) -> rx.Component:
    return rx.el.li(
        rx.el.span(lone_glyph(row.mark), class_name="row-span-3 self-start mt-0.5 tab:row-auto tab:self-auto tab:mt-0"),
        rx.el.span(
            word(row.mark), class_name="hidden tab:inline font-medium text-tone-ink", custom_attrs=tone_of(row.mark)
        ),
        rx.el.span(
            inside(row.name, to=row.href, class_name=f"font-medium truncate shrink-0 max-w-full {COVERING}"),
            rx.el.span(row.where, class_name="text-12 text-ink-3 truncate"),
            class_name="flex items-baseline gap-x-2 min-w-0 flex-wrap tab:flex-nowrap",
        ),
        rx.el.span(
            rx.foreach(row.why, _piece),
            class_name="text-12 leading-4 line-clamp-2 tab:block tab:text-13 tab:leading-5 text-ink-2 tab:truncate "
            "min-w-0 order-3 tab:order-none",
        ),
        rx.el.span(row.when, title=row.when_exact, class_name="text-12 text-ink-2 whitespace-nowrap tab:text-right"),
        rx.cond(
            row.incident != "",
            rx.el.span(
                rx.cond(row.state == "acknowledged", rx.el.span("Acknowledged", class_name="px-2 text-ink-3")),
                acts(row.incident, row.state, f"{row.name}, {row.where}", ends=False),
                class_name="flex items-center text-12 max-tab:col-start-2 max-tab:order-4 max-tab:-ml-2 "
                "tab:justify-end tab:-mr-2 empty:hidden",
            ),
        ),
        rest,
        class_name=rx.cond(SessionState.operator, ROW + ACTED, ROW + READ),
    )


def _piece(piece: Shown[Piece]) -> rx.Component:
    return rx.cond(
        piece.href != "",
        inside(piece.text, to=piece.href, class_name="relative font-medium text-link hover:underline max-tab:py-2"),
        rx.cond(piece.code, rx.el.code(piece.text, class_name="font-mono text-12"), rx.el.span(piece.text)),
    )


def _calm(words: rx.Var[str]) -> rx.Component:
    return rx.el.p(
        rx.el.span(glyph("success"), class_name="text-ok"),
        words,
        class_name="flex items-center gap-3 h-11 px-4 text-ink-2",
    )


def _loading() -> rx.Component:
    return rx.el.div(
        *[
            rx.el.div(
                bar("w-20"),
                bar("w-56"),
                bar("w-80"),
                class_name="flex items-center gap-8 h-[77px] tab:h-11 px-4 border-b border-line last:border-b-0",
            )
            for _ in range(5)
        ],
        class_name="appear overflow-hidden",
        aria_hidden="true",
    )
