"""The filters of the pipelines page: all in the address."""

from typing import Any

import reflex as rx

from cicd_health.ui.components.choices import BAR, CHIP, SELECT, options, segments, select
from cicd_health.ui.components.form import search_box
from cicd_health.ui.components.link import inside
from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.pipelines_view import SORTS, STATES
from cicd_health.ui.states.pipelines import PipelinesHeadState, PipelinesPageState

# A type checker cannot follow a variable of a state into the page.
HEAD: Any = PipelinesHeadState.shown


def pipelines_bar() -> rx.Component:
    return rx.el.div(
        segments("Window", HEAD.windows),
        _sheet(),
        rx.el.div(*_selects(), class_name="hidden tab:flex flex-wrap items-center gap-2 min-w-0"),
        search_box("Repository or name", HEAD.q, PipelinesPageState.look_for),
        rx.cond(
            HEAD.everything != "",
            inside(
                "Clear",
                to=HEAD.everything,
                class_name="hidden tab:inline px-1 text-12 font-medium text-ink-2 hover:text-ink",
            ),
        ),
        rx.el.span(HEAD.zone, class_name="hidden desk:inline ml-auto text-12 text-ink-3 whitespace-nowrap"),
        class_name=BAR,
    )


def _selects() -> list[rx.Component]:
    state = PipelinesPageState
    return [
        select("Source", HEAD.provider, options(HEAD.providers), state.choose_provider),
        select("Repository", HEAD.repo, _named(HEAD.repos), state.choose_repo),
        select("Branch", HEAD.branch, _named(HEAD.branches), state.choose_branch),
        select(
            "State",
            HEAD.state,
            rx.fragment(*[rx.el.option(one.label, value=one.value) for one in STATES]),
            state.choose_state,
        ),
    ]


def _named(names: rx.Var[list[str]]) -> rx.Component:
    return rx.foreach(names, lambda name: rx.el.option(name, value=name, key=name))


def _sheet() -> rx.Component:
    """All filters of a phone, and the order, which has no column heads there, behind one button."""
    return rx.el.details(
        rx.el.summary(
            "Filters",
            glyph("chevron", 12),
            class_name="flex items-center gap-1.5 h-11 px-3 rounded-md border border-line-2 text-12 font-medium "
            "text-ink-2 list-none data-[on=true]:bg-selected data-[on=true]:border-run-line",
            custom_attrs={"data-on": rx.cond(HEAD.everything != "", "true", "false")},
        ),
        rx.el.div(
            *_selects(),
            _sort(),
            rx.cond(
                HEAD.everything != "",
                inside("Clear filters", to=HEAD.everything, class_name="grid place-items-center font-medium text-link"),
            ),
            class_name="absolute inset-x-4 z-40 mt-1 grid gap-2 p-3 rounded-lg border border-line-2 bg-overlay "
            "shadow-(--shadow) *:h-11",
        ),
        class_name="tab:hidden ml-auto",
    )


def _sort() -> rx.Component:
    return rx.el.label(
        "Order",
        rx.el.select(
            *[rx.el.option(one.label, value=one.value) for one in SORTS],
            value=HEAD.sort,
            on_change=PipelinesPageState.choose_sort,
            class_name=SELECT,
            custom_attrs={"aria-label": "Order"},
        ),
        rx.el.span(glyph("chevron", 12), class_name="absolute right-1.5 pointer-events-none"),
        class_name=CHIP,
        custom_attrs={"data-on": rx.cond(HEAD.sort != "", "true", "false")},
    )
