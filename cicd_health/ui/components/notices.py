"""What is wrong with the dashboard itself, on every page, for as long as it lasts."""

import reflex as rx
from reflex.vars import ObjectVar

from cicd_health.ui.components.mark import toned
from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.notices import Notice
from cicd_health.ui.states.session import SessionState


def notices() -> rx.Component:
    return rx.el.div(
        rx.cond(
            SessionState.notices.length() > 0,
            rx.el.ul(rx.foreach(SessionState.notices, lambda notice: _line(notice=notice, key=notice.text))),
        ),
        role="status",
    )


@rx.memo
def _line(*, notice: ObjectVar[Notice], rest: rx.RestProp) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            rx.cond(notice.tone == "fail", glyph("failure"), glyph("stale")), class_name="text-tone mt-[3px] shrink-0"
        ),
        rx.el.span(notice.text, class_name="font-medium text-tone-ink min-w-0 break-words"),
        class_name="flex items-start gap-2 px-4 tab:px-6 wide:px-8 py-2 bg-tone-soft border-b border-line",
        custom_attrs=toned(notice.tone),
    )
