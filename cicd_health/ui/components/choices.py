"""What narrows a page: segments of which one is chosen, selects that look like chips, filters that can be taken off."""

import reflex as rx

from cicd_health.ui.components.link import inside
from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.shown import Shown
from cicd_health.ui.view import Choice

BAR = (
    "relative tab:sticky tab:top-12 tab:z-30 flex flex-wrap items-center gap-2 min-h-12 py-2 px-4 tab:px-6 wide:px-8 "
    "bg-surface border-b border-line"
)
SEGMENT = (
    "relative max-tab:after:absolute max-tab:after:-inset-y-1 max-tab:after:inset-x-0 "
    "grid place-items-center px-3 tab:px-2.5 rounded border border-transparent text-12 font-medium text-ink-2 "
    "whitespace-nowrap hover:text-ink aria-[current=true]:bg-surface dark:aria-[current=true]:bg-overlay "
    "aria-[current=true]:text-ink aria-[current=true]:border-line-2"
)
CHIP = (
    "relative inline-flex items-center gap-1.5 h-7 pl-2 pr-6 rounded-md border text-12 text-ink-2 whitespace-nowrap "
    "min-w-0 "
    "border-line-2 bg-surface hover:bg-hover focus-within:outline-2 focus-within:outline-offset-2 "
    "focus-within:outline-focus "
    "data-[on=true]:bg-selected data-[on=true]:border-run-line transition-colors duration-120"
)
SELECT = (
    "appearance-none bg-transparent font-medium text-ink outline-none field-sizing-content max-w-44 truncate "
    "before:absolute -mr-6 pr-6 h-full"
)


def segments(label: str, choices: Shown[list[Choice]]) -> rx.Component:
    """Links of which one is the present address."""
    return rx.el.nav(
        rx.foreach(choices, _segment),
        class_name="inline-flex flex-none h-11 tab:h-8 p-0.5 rounded-md bg-sunken border border-line",
        custom_attrs={"aria-label": label},
    )


def _segment(choice: Shown[Choice]) -> rx.Component:
    return inside(
        choice.label,
        to=choice.href,
        class_name=SEGMENT,
        key=choice.value,
        custom_attrs={"aria-current": rx.cond(choice.chosen, "true", "false")},
    )


def select(word: str, value: rx.Var[str], options: rx.Component, on_change) -> rx.Component:
    """A native select that looks like a chip; filled when it narrows the page."""
    return rx.el.label(
        word,
        rx.el.select(
            rx.el.option("All", value=""),
            options,
            value=value,
            on_change=on_change,
            class_name=SELECT,
            custom_attrs={"aria-label": word},
        ),
        rx.el.span(glyph("chevron", 12), class_name="absolute right-1.5 pointer-events-none"),
        class_name=CHIP,
        custom_attrs={"data-on": rx.cond(value != "", "true", "false")},
    )


def options(choices: Shown[list[Choice]]) -> rx.Component:
    return rx.foreach(choices, lambda one: rx.el.option(one.label, value=one.value, key=one.value))


def named(names: rx.Var[list[str]]) -> rx.Component:
    """Options that are called what they are."""
    return rx.foreach(names, lambda name: rx.el.option(name, value=name, key=name))


def order(value: rx.Var[str], choices: list[Choice], on_change) -> rx.Component:
    """By what a list is sorted, for a phone, which has no column heads; the first is the usual order."""
    return rx.el.label(
        "Order",
        rx.el.select(
            *[rx.el.option(one.label, value=one.value) for one in choices],
            value=value,
            on_change=on_change,
            class_name=SELECT,
            custom_attrs={"aria-label": "Order"},
        ),
        rx.el.span(glyph("chevron", 12), class_name="absolute right-1.5 pointer-events-none"),
        class_name=CHIP,
        custom_attrs={"data-on": rx.cond(value != "", "true", "false")},
    )


def sheet(everything: rx.Var[str], *filters: rx.Component) -> rx.Component:
    """All filters of a phone behind one button; `everything` is the address without them, if there is one to clear."""
    return rx.el.details(
        rx.el.summary(
            "Filters",
            glyph("chevron", 12),
            class_name="flex items-center gap-1.5 h-11 px-3 rounded-md border border-line-2 text-12 font-medium "
            "text-ink-2 list-none data-[on=true]:bg-selected data-[on=true]:border-run-line",
            custom_attrs={"data-on": rx.cond(everything != "", "true", "false")},
        ),
        rx.el.div(
            *filters,
            rx.cond(
                everything != "",
                inside("Clear filters", to=everything, class_name="grid place-items-center font-medium text-link"),
            ),
            class_name="absolute inset-x-4 z-40 mt-1 grid gap-2 p-3 rounded-lg border border-line-2 bg-overlay "
            "shadow-(--shadow) *:h-11",
        ),
        class_name="tab:hidden ml-auto",
    )


def clear(everything: rx.Var[str]) -> rx.Component:
    """Beside the filters, where there is one to clear."""
    return rx.cond(
        everything != "",
        inside(
            "Clear", to=everything, class_name="hidden tab:inline px-1 text-12 font-medium text-ink-2 hover:text-ink"
        ),
    )
