"""All runs, filtered by the address; and a search in all kept logs."""

import reflex as rx

from cicd_health.ui import routes
from cicd_health.ui.components.heading import heading, problem
from cicd_health.ui.components.log_hits import log_hits
from cicd_health.ui.components.runs_bar import runs_bar
from cicd_health.ui.components.runs_list import held_back, runs_list
from cicd_health.ui.page import Page
from cicd_health.ui.states.runs import HitsState, RunsHeadState, RunsState
from cicd_health.ui.states.session import SessionState


def body() -> rx.Component:
    head = RunsHeadState
    return rx.fragment(
        rx.cond(
            head.place == "",
            heading(head.shown.sentence, held_back()),
            heading(
                rx.cond(HitsState.searching, "Searching in all logs", HitsState.shown.sentence),
                rx.el.span(rx.cond(HitsState.searching, "", HitsState.shown.sub), class_name="text-12 text-ink-3"),
            ),
        ),
        rx.cond(head.problem != "", problem(head.problem)),
        rx.cond(head.shown.wrong != "", problem(head.shown.wrong)),
        rx.cond(head.place == "", runs_list(), log_hits()),
    )


PAGE = Page(routes.RUNS, "Runs", body=body, icon="runs", bar=runs_bar, on_load=[RunsState.follow, SessionState.load])
