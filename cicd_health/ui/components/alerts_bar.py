"""The tabs of the alerts page and the filters of the one that is open: all in the address."""

from typing import Any

import reflex as rx

from cicd_health.ui.components.choices import BAR, options, segments, select
from cicd_health.ui.components.form import search_box
from cicd_health.ui.components.link import inside
from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.shown import Shown
from cicd_health.ui.states.alerts import AlertsHeadState, AlertsState
from cicd_health.ui.view import Choice

HEAD: Any = AlertsHeadState.shown  # a type checker cannot follow a variable of a state into its fields
CHIPS = "flex flex-wrap items-center gap-2 max-tab:*:h-11"
STATE = (
    "inline-flex items-center h-11 tab:h-7 px-2 rounded-md text-12 font-medium text-ink-2 hover:text-ink "
    "aria-[current=true]:bg-selected aria-[current=true]:text-ink"
)


def alerts_bar() -> rx.Component:
    return rx.el.div(
        rx.el.div(segments("Alerts", HEAD.tabs), class_name="max-tab:w-full max-tab:overflow-x-auto"),
        rx.cond(HEAD.states.length() > 0, _states()),
        rx.match(HEAD.tab, ("", _incidents()), ("deliveries", _messages()), rx.fragment()),
        rx.cond(
            HEAD.everything != "",
            inside(
                "Clear",
                to=HEAD.everything,
                class_name="px-1 max-tab:py-3.5 text-12 font-medium text-ink-2 hover:text-ink",
            ),
        ),
        rx.el.div(
            rx.foreach(HEAD.troubles, _trouble),
            rx.el.span(HEAD.zone, class_name="hidden desk:inline text-ink-3"),
            class_name="desk:ml-auto flex flex-wrap gap-x-4 text-12 whitespace-nowrap",
        ),
        class_name=BAR,
    )


def _states() -> rx.Component:
    return rx.el.nav(
        rx.foreach(HEAD.states, _state),
        class_name="flex items-center max-tab:w-full max-tab:overflow-x-auto",
        custom_attrs={"aria-label": "State"},
    )


def _state(choice: Shown[Choice]) -> rx.Component:
    return inside(
        choice.label,
        to=choice.href,
        key=choice.value,
        class_name=STATE,
        custom_attrs={"aria-current": rx.cond(choice.chosen, "true", "false")},
    )


def _incidents() -> rx.Component:
    return rx.fragment(
        rx.el.div(*_selects(), class_name=f"max-tab:hidden {CHIPS}"),
        rx.el.details(
            rx.el.summary(
                "Filters",
                glyph("chevron", 12),
                class_name="flex items-center gap-1.5 h-11 px-3 rounded-md border border-line-2 text-12 font-medium "
                "text-ink-2 list-none",
            ),
            rx.el.div(
                *_selects(),
                class_name="absolute inset-x-4 z-30 mt-1 grid gap-2 p-3 rounded-lg border border-line-2 bg-overlay "
                "shadow-(--shadow) *:h-11",
            ),
            class_name="tab:hidden",
        ),
        search_box("Pipeline, repository, branch", HEAD.q, AlertsState.look_for),
    )


def _selects() -> list[rx.Component]:
    return [
        select("Severity", HEAD.severity, options(HEAD.severities), AlertsState.choose_severity),
        select("Source", HEAD.provider, options(HEAD.providers), AlertsState.choose_provider),
        select("Rule", HEAD.rule, options(HEAD.rules), AlertsState.choose_rule),
    ]


def _messages() -> rx.Component:
    return rx.el.div(
        select("Channel", HEAD.channel, options(HEAD.channels), AlertsState.choose_channel), class_name=CHIPS
    )


def _trouble(words: Shown[str]) -> rx.Component:
    return rx.el.span(
        rx.el.span(glyph("failure", 12), class_name="text-fail"),
        words,
        class_name="inline-flex items-center gap-1.5 font-medium text-fail-ink",
        key=words,
    )
