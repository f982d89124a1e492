"""The filters of the pipelines page: all in the address."""

from typing import Any

import reflex as rx

from cicd_health.ui.components.choices import BAR, clear, named, options, order, segments, select, sheet
from cicd_health.ui.components.form import search_box
from cicd_health.ui.pipelines_view import SORTS, STATES
from cicd_health.ui.states.pipelines import PipelinesHeadState, PipelinesPageState

# A type checker cannot follow a variable of a state into the page.
HEAD: Any = PipelinesHeadState.shown


def pipelines_bar() -> rx.Component:
    return rx.el.div(
        segments("Window", HEAD.windows),
        sheet(HEAD.everything, *_selects(), order(HEAD.sort, SORTS, PipelinesPageState.choose_sort)),
        rx.el.div(*_selects(), class_name="hidden tab:flex flex-wrap items-center gap-2 min-w-0"),
        search_box("Repository or name", HEAD.q, PipelinesPageState.look_for),
        clear(HEAD.everything),
        rx.el.span(HEAD.zone, class_name="hidden desk:inline ml-auto text-12 text-ink-3 whitespace-nowrap"),
        class_name=BAR,
    )


def _selects() -> list[rx.Component]:
    state = PipelinesPageState
    return [
        select("Source", HEAD.provider, options(HEAD.providers), state.choose_provider),
        select("Repository", HEAD.repo, named(HEAD.repos), state.choose_repo),
        select("Branch", HEAD.branch, named(HEAD.branches), state.choose_branch),
        select(
            "State",
            HEAD.state,
            rx.fragment(*[rx.el.option(one.label, value=one.value) for one in STATES]),
            state.choose_state,
        ),
    ]
