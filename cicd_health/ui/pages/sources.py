"""Where runs come from: how fresh each source is, what is watched, and connecting one more."""

from typing import Any

import reflex as rx

from cicd_health.ui import routes
from cicd_health.ui.components.connect_steps import connect_steps, offers
from cicd_health.ui.components.form import search_box
from cicd_health.ui.components.heading import heading, problem
from cicd_health.ui.components.panel import SUB, SURFACE, bar
from cicd_health.ui.components.source_panel import source_panel
from cicd_health.ui.components.source_secret import source_secret
from cicd_health.ui.page import Page
from cicd_health.ui.states.session import SessionState
from cicd_health.ui.states.sources import SourcesHeadState, SourcesState

NOTES: Any = SourcesState.notes  # a type checker cannot follow a variable of a state into its rows


def body() -> rx.Component:
    head, shown = SourcesHeadState, SourcesHeadState.shown
    return rx.fragment(
        heading(
            shown.sentence,
            rx.el.span(shown.sub, class_name=SUB),
            rx.cond(shown.many, search_box("Repository or job", shown.q, SourcesState.look_for)),
            rx.cond(head.admin, offers()),
        ),
        rx.cond(head.problem != "", problem(head.problem)),
        rx.cond(NOTES.contains("page"), problem(NOTES["page"].text)),
        rx.cond(
            head.loaded,
            rx.fragment(
                rx.cond(
                    shown.connects.length() > 0,
                    rx.el.div(
                        rx.foreach(shown.connects, connect_steps),
                        class_name=rx.cond(
                            shown.connects.length() > 1,
                            "grid gap-4 tab:gap-5 items-start grid-cols-[minmax(0,1fr)] "
                            "desk:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]",
                            "grid grid-cols-[minmax(0,1fr)]",
                        ),
                        custom_attrs={"data-alone": rx.cond(shown.connects.length() > 1, "false", "true")},
                    ),
                ),
                rx.el.div(
                    rx.foreach(shown.panels, source_panel),
                    class_name="grid gap-4 tab:gap-5 items-start grid-cols-[minmax(0,1fr)] "
                    "wide:grid-cols-[repeat(2,minmax(0,1fr))] wide:*:only:col-span-2 empty:hidden",
                ),
            ),
            rx.el.div(*[_loading() for _ in range(2)], class_name="appear grid gap-4 tab:gap-5", aria_hidden="true"),
        ),
        source_secret(),
    )


def _loading() -> rx.Component:
    return rx.el.div(
        rx.el.div(bar("w-40"), class_name="flex items-center h-12 px-4 border-b border-line"),
        rx.el.div(*[bar("w-24") for _ in range(5)], class_name="flex gap-10 items-center h-16 px-4"),
        class_name=SURFACE,
    )


PAGE = Page(
    routes.SOURCES,
    "Sources",
    body=body,
    icon="sources",
    on_load=[SourcesState.follow, SessionState.load],
)
