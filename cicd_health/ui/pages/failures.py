"""Failures grouped by what failed: new, known, or muted until they are fixed."""

import reflex as rx

from cicd_health.ui import routes
from cicd_health.ui.components.alert_dialog import alert_dialog
from cicd_health.ui.components.failures_bar import failures_bar
from cicd_health.ui.components.failures_list import failures_list
from cicd_health.ui.components.heading import heading, problem
from cicd_health.ui.components.panel import SUB
from cicd_health.ui.page import Page
from cicd_health.ui.states.failures import FailureListState, FailuresHeadState, FailuresState
from cicd_health.ui.states.session import SessionState


def body() -> rx.Component:
    head = FailuresHeadState
    return rx.fragment(
        heading(
            head.shown.sentence,
            rx.el.span(head.shown.period, class_name=SUB),
            rx.el.span(_listed(), role="status", class_name="tab:ml-auto"),
        ),
        rx.cond(head.problem != "", problem(head.problem)),
        failures_list(),
        alert_dialog(),
    )


def _listed() -> rx.Component:
    """How many are shown; new ones that wait do not push the rows away from under the pointer."""
    return rx.cond(
        FailureListState.waiting != "",
        rx.el.button(
            FailureListState.waiting,
            " · Show",
            type="button",
            on_click=FailureListState.join,
            class_name="text-12 font-medium text-link",
        ),
        rx.el.span(FailuresHeadState.shown.listed, class_name=SUB),
    )


PAGE = Page(
    routes.FAILURES,
    "Failures",
    body=body,
    icon="failures",
    bar=failures_bar,
    on_load=[FailuresState.follow, SessionState.load],
)
