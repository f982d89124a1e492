"""Every chart and the marks on sample data, to look at while building. It has a route and no menu entry."""

import reflex as rx

from cicd_health.ui import routes
from cicd_health.ui.charts import CHARTS
from cicd_health.ui.components.mark import delta, marked, pill
from cicd_health.ui.components.panel import BUTTON, PRIMARY, bar, notice, panel
from cicd_health.ui.format import Delta
from cicd_health.ui.page import Page
from cicd_health.ui.rows import BY_NAME
from cicd_health.ui.states.session import SessionState

DELTAS = (
    (Delta("24 %", "up", "bad"), "worse, past the threshold"),
    (Delta("1.4 pt", "up", "good"), "better"),
    (Delta("0.4 pt", "down"), "not significant: grey, sign kept"),
    (Delta("0 %"), "no change: no arrow"),
    (Delta(), "nothing to compare with"),
)


def body() -> rx.Component:
    return rx.fragment(
        rx.el.h1("Gallery", class_name="text-20 font-semibold tracking-[-0.015em] max-tab:px-4"),
        panel(
            "Outcomes and states",
            rx.el.ul(
                *[_mark(name) for name in BY_NAME],
                class_name="grid grid-cols-1 tab:grid-cols-2 desk:grid-cols-3 gap-x-6 px-4",
            ),
        ),
        rx.el.div(
            *[
                panel(chart.label, rx.el.div(chart.draw(rx.Var.create(chart.sample)), class_name="p-4"))
                for chart in CHARTS
            ],
            class_name="grid gap-5 grid-cols-[minmax(0,1fr)] desk:grid-cols-3",
        ),
        rx.el.div(
            panel(
                "Deltas",
                rx.el.div(
                    *[
                        rx.el.p(
                            delta(rx.Var.create(change)),
                            rx.el.span(words, class_name="text-12 text-ink-2"),
                            class_name="grid grid-cols-[112px_1fr] items-center h-7",
                        )
                        for change, words in DELTAS
                    ],
                    class_name="p-4",
                ),
            ),
            panel(
                "Buttons",
                rx.el.div(
                    rx.el.button("Primary", type="button", class_name=PRIMARY),
                    rx.el.button("Small", type="button", class_name=BUTTON),
                    class_name="flex gap-2 p-4",
                ),
            ),
            panel(
                "Empty and loading",
                notice("No failures in these 7 days", "669 verdicts, last checked 10:42."),
                rx.el.div(bar("w-24"), bar("w-36", "h-6"), bar("w-full", "h-7"), class_name="grid gap-2 p-4"),
            ),
            class_name="grid gap-5 grid-cols-[minmax(0,1fr)] desk:grid-cols-3 items-start",
        ),
    )


def _mark(name: str) -> rx.Component:
    shown = rx.Var.create(str(name))
    return rx.el.li(
        marked(shown), rx.el.span(pill(shown)), class_name="grid grid-cols-2 items-center h-9 border-b border-line"
    )


PAGE = Page(routes.GALLERY, "Gallery", body=body, on_load=SessionState.load, menu=False)
