"""The filters of the runs page: all in the address."""

from typing import Any

import reflex as rx

from cicd_health.ui.components.choices import BAR, options, segments, select
from cicd_health.ui.components.form import search_box, text_field
from cicd_health.ui.components.link import inside
from cicd_health.ui.components.panel import PRIMARY
from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.runs_view import MOMENTS, NAMED, OUTCOMES, Chip
from cicd_health.ui.shown import Shown
from cicd_health.ui.states.runs import RunsHeadState, RunsState

# A type checker cannot follow a variable of a state into the page.
HEAD: Any = RunsHeadState.shown
PLACEHOLDER: Any = rx.cond(RunsHeadState.place != "", "Search in all logs", "Title, branch, commit, #number")
SUMMARY = (
    "relative flex items-center gap-1.5 h-11 tab:h-7 px-3 tab:px-2 rounded-md border border-line-2 bg-surface text-12 "
    "font-medium text-ink-2 list-none hover:bg-hover"
)
LATEST = "9999-12-31T23:59"
POPOVER = "absolute z-40 mt-1 p-3 rounded-lg border border-line-2 bg-overlay shadow-(--shadow)"


def runs_bar() -> rx.Component:
    in_logs = RunsHeadState.place != ""
    return rx.el.div(
        segments("Where to look", HEAD.tabs),
        rx.cond(in_logs, rx.fragment(), _sheet()),
        search_box(PLACEHOLDER, HEAD.q, RunsState.look_for),
        rx.cond(in_logs, rx.fragment(), _filters()),
        rx.el.span(HEAD.zone, class_name="hidden desk:inline ml-auto text-12 text-ink-3 whitespace-nowrap"),
        class_name=BAR,
    )


def _filters() -> rx.Component:
    return rx.fragment(
        rx.el.div(segments("Window", HEAD.windows), *_selects(), class_name="hidden tab:flex items-center gap-2"),
        rx.el.details(
            rx.el.summary("More", glyph("chevron", 12), class_name=SUMMARY),
            _more("more", f"{POPOVER} right-0 w-[480px]"),
            key=RunsHeadState.turn.to_string(),
            class_name="relative hidden tab:block",
        ),
        rx.foreach(HEAD.chips, _chip),
        rx.cond(
            HEAD.everything != "",
            inside(
                "Clear",
                to=HEAD.everything,
                class_name="hidden tab:inline px-1 text-12 font-medium text-ink-2 hover:text-ink",
            ),
        ),
    )


def _sheet() -> rx.Component:
    """All filters of a phone, behind one button."""
    return rx.el.details(
        rx.el.summary(
            "Filters",
            glyph("chevron", 12),
            class_name=f"{SUMMARY} data-[on=true]:bg-selected data-[on=true]:border-run-line",
            custom_attrs={"data-on": rx.cond(HEAD.everything != "", "true", "false")},
        ),
        rx.el.div(
            segments("Window", HEAD.windows),
            rx.el.div(*_selects(), class_name="grid gap-2 *:h-11"),
            _more("sheet", ""),
            rx.cond(
                HEAD.everything != "",
                inside(
                    "Clear filters", to=HEAD.everything, class_name="grid place-items-center h-11 font-medium text-link"
                ),
            ),
            class_name=f"{POPOVER} inset-x-4 grid gap-3",
        ),
        key=RunsHeadState.turn.to_string(),
        class_name="tab:hidden ml-auto",
    )


def _selects() -> list[rx.Component]:
    return [
        select("Source", HEAD.provider, options(HEAD.providers), RunsState.choose_provider),
        select(
            "Outcome",
            HEAD.outcome,
            rx.fragment(*[rx.el.option(one.label, value=one.value) for one in OUTCOMES]),
            RunsState.choose_outcome,
        ),
    ]


def _chip(chip: Shown[Chip]) -> rx.Component:
    return inside(
        chip.label,
        rx.el.b(chip.value, class_name="font-medium text-ink truncate max-w-44"),
        glyph("close", 12, label="remove"),
        to=chip.href,
        key=chip.label,
        class_name="inline-flex items-center gap-1.5 h-11 tab:h-7 px-2 rounded-md border border-run-line bg-selected "
        "text-12 text-ink-2 whitespace-nowrap min-w-0",
    )


def _more(place: str, class_name: str) -> rx.Component:
    return rx.el.form(
        *[
            rx.fragment(
                text_field(label, name, default_value=HEAD.typed[name], placeholder=example, list=f"{place}-{name}"),
                _proposals(place, name) if name != "sha" else rx.fragment(),
            )
            for name, label, example in NAMED
        ],
        *[
            text_field(label, name, default_value=HEAD.typed[name], type="datetime-local", step="1", max=LATEST)
            for name, label, _ in MOMENTS
        ],
        rx.el.button("Show", type="submit", class_name=f"{PRIMARY} h-11 tab:h-8 col-span-full justify-self-end"),
        on_submit=RunsState.narrow,
        class_name=f"grid gap-3 grid-cols-2 {class_name}",
    )


def _proposals(place: str, name: str) -> rx.Component:
    return rx.el.datalist(
        rx.foreach(HEAD.offered[name], lambda value: rx.el.option(value=value, key=value)),
        id=f"{place}-{name}",
    )
