"""Every pipeline: how it is, why, and its numbers, in a table that can be narrowed and sorted."""

import reflex as rx

from cicd_health.ui import routes
from cicd_health.ui.components.explain import explain_drawer
from cicd_health.ui.components.heading import heading, problem
from cicd_health.ui.components.panel import SUB
from cicd_health.ui.components.pipelines_bar import pipelines_bar
from cicd_health.ui.components.pipelines_list import pipelines_list
from cicd_health.ui.page import Page
from cicd_health.ui.states.explain import ExplainState
from cicd_health.ui.states.pipelines import PipelinesHeadState, PipelinesPageState
from cicd_health.ui.states.session import SessionState


def body() -> rx.Component:
    shown = PipelinesHeadState.shown
    return rx.fragment(
        heading(
            shown.sentence,
            rx.el.span(shown.period, class_name=SUB),
            rx.cond(
                shown.listed != "",
                rx.el.span(shown.listed, ", ", shown.order, class_name=f"{SUB} tab:ml-auto"),
            ),
        ),
        rx.cond(PipelinesHeadState.problem != "", problem(PipelinesHeadState.problem)),
        pipelines_list(),
        explain_drawer(),
    )


PAGE = Page(
    routes.PIPELINES,
    "Pipelines",
    body=body,
    icon="pipelines",
    bar=pipelines_bar,
    on_load=[PipelinesPageState.follow, ExplainState.follow, SessionState.load],
)
