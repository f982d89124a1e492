"""The filters of the failures page: all in the address."""

from typing import Any

import reflex as rx

from cicd_health.ui.components.choices import BAR, clear, named, options, order, segments, select, sheet
from cicd_health.ui.components.form import search_box
from cicd_health.ui.failures_view.head import SORTS, STATES
from cicd_health.ui.states.failures import FailuresHeadState, FailuresState

# A type checker cannot follow a variable of a state into the page.
HEAD: Any = FailuresHeadState.shown


def failures_bar() -> rx.Component:
    return rx.el.div(
        segments("Window", HEAD.windows),
        sheet(HEAD.everything, *_selects(), order(HEAD.sort, SORTS, FailuresState.choose_sort)),
        rx.el.div(*_selects(), class_name="hidden tab:flex flex-wrap items-center gap-2 min-w-0"),
        search_box("Words, job or pipeline", HEAD.q, FailuresState.look_for),
        clear(HEAD.everything),
        rx.el.span(HEAD.zone, class_name="hidden desk:inline ml-auto text-12 text-ink-3 whitespace-nowrap"),
        class_name=BAR,
    )


def _selects() -> list[rx.Component]:
    return [
        select("Source", HEAD.provider, options(HEAD.providers), FailuresState.choose_provider),
        select("Repository", HEAD.repo, named(HEAD.repos), FailuresState.choose_repo),
        select("Branch", HEAD.branch, named(HEAD.branches), FailuresState.choose_branch),
        select(
            "State",
            HEAD.state,
            rx.fragment(*[rx.el.option(one.label, value=one.value) for one in STATES]),
            FailuresState.choose_state,
        ),
    ]
