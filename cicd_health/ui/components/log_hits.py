"""What was found in the logs: each log with its lines, the hit set apart."""

import reflex as rx
from reflex.vars import ObjectVar

from cicd_health.ui.components.link import inside
from cicd_health.ui.components.mark import lone_glyph
from cicd_health.ui.components.paging import pages
from cicd_health.ui.components.panel import SURFACE, bar, notice
from cicd_health.ui.hits_view import HitLine, HitLog, Stretch
from cicd_health.ui.shown import Shown
from cicd_health.ui.states.runs import HitsState


def log_hits() -> rx.Component:
    shown = HitsState.shown
    return rx.el.section(
        rx.cond(
            HitsState.searching,
            rx.el.div(*[bar("w-3/5") for _ in range(6)], class_name="appear grid gap-4 p-4"),
            rx.cond(
                shown.nothing != "",
                rx.el.div(notice(shown.nothing, shown.hint), class_name="py-8"),
                rx.fragment(
                    rx.foreach(shown.logs, lambda one: _log(log=one, key=one.key)), pages(shown.newest, shown.older)
                ),
            ),
        ),
        class_name=SURFACE,
        custom_attrs={"aria-label": "Found in logs"},
    )


@rx.memo
def _log(*, log: ObjectVar[HitLog], rest: rx.RestProp) -> rx.Component:
    return rx.el.article(
        rx.el.header(
            lone_glyph(log.mark),
            inside(log.pipeline, to=log.href, class_name="font-medium truncate hover:underline"),
            rx.el.span(log.where, class_name="text-12 text-ink-3 truncate"),
            rx.el.span(log.number, class_name="text-12 text-ink-3 whitespace-nowrap"),
            rx.el.span(log.job, class_name="text-12 text-ink-2 truncate max-tab:hidden"),
            rx.el.span(log.when, title=log.exact, class_name="ml-auto text-12 text-ink-3 whitespace-nowrap"),
            class_name="flex items-center gap-2 min-h-9 min-w-0",
        ),
        rx.el.ul(rx.foreach(log.lines, _line)),
        rest,
        class_name="px-4 pb-2 border-t border-line first:border-t-0",
    )


def _line(line: Shown[HitLine]) -> rx.Component:
    return rx.el.li(
        inside(
            rx.el.span(line.number, class_name="w-13 flex-none text-right text-ink-3 select-none"),
            rx.el.span(rx.foreach(line.stretches, _stretch), class_name="whitespace-pre-wrap break-all min-w-0"),
            to=line.href,
            class_name="flex gap-4 py-0.5 font-mono text-12 leading-5 rounded hover:bg-hover",
        ),
        key=line.key,
    )


def _stretch(piece: Shown[Stretch]) -> rx.Component:
    return rx.cond(
        piece.hit,
        rx.el.mark(piece.text, class_name="rounded-[2px] bg-warn-soft text-ink outline outline-1 outline-warn"),
        rx.el.span(piece.text),
    )
