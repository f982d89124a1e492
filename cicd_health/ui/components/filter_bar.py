"""The window and the filters, all in the address, and how fresh each source is."""

import reflex as rx

from cicd_health.ui.components.choices import segments, select
from cicd_health.ui.components.link import inside
from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.rows import SourceRow
from cicd_health.ui.shown import Shown
from cicd_health.ui.states.overview import FiltersState, OverviewState


def filter_bar() -> rx.Component:
    shown = FiltersState.shown
    return rx.el.div(
        segments("Window", shown.windows),
        rx.el.div(*_selects(), class_name="hidden tab:flex items-center gap-2 min-w-0"),
        rx.cond(
            shown.everything != "",
            inside(
                "Clear",
                to=shown.everything,
                class_name="hidden tab:inline text-12 font-medium text-ink-2 hover:text-ink px-1",
            ),
        ),
        rx.el.details(
            rx.el.summary(
                "Filters",
                glyph("chevron", 12),
                class_name="flex items-center gap-1.5 h-11 px-3 rounded-md border border-line-2 text-12 font-medium "
                "text-ink-2 list-none data-[on=true]:bg-selected data-[on=true]:border-run-line "
                "data-[on=true]:text-ink",
                custom_attrs={"data-on": rx.cond(shown.everything != "", "true", "false")},
            ),
            rx.el.div(
                *_selects(),
                rx.cond(
                    shown.everything != "",
                    inside(
                        "Clear filters", to=shown.everything, class_name="grid place-items-center font-medium text-link"
                    ),
                ),
                class_name="absolute inset-x-4 z-30 mt-1 grid gap-2 p-3 rounded-lg border border-line-2 bg-overlay "
                "shadow-(--shadow) *:h-11",
            ),
            class_name="tab:hidden ml-auto",
        ),
        _freshness(),
        class_name="relative tab:sticky tab:top-12 tab:z-30 flex flex-wrap tab:flex-nowrap items-center gap-2 "
        "min-h-12 py-2 px-4 tab:px-6 wide:px-8 bg-surface border-b border-line",
    )


def _selects() -> list[rx.Component]:
    shown = FiltersState.shown
    return [
        select(
            "Source",
            shown.provider,
            rx.foreach(shown.providers, lambda one: rx.el.option(one.label, value=one.value, key=one.value)),
            OverviewState.choose_provider,
        ),
        select(
            "Repository",
            shown.repo,
            rx.foreach(shown.repos, lambda name: rx.el.option(name, value=name, key=name)),
            OverviewState.choose_repo,
        ),
        select(
            "Branch",
            shown.branch,
            rx.foreach(shown.branches, lambda name: rx.el.option(name, value=name, key=name)),
            OverviewState.choose_branch,
        ),
    ]


def _freshness() -> rx.Component:
    fresh = FiltersState.fresh
    return rx.el.div(
        rx.foreach(fresh.sources, _source),
        rx.el.span(fresh.zone, class_name="text-ink-3 hidden desk:inline"),
        class_name="flex items-center gap-4 max-tab:w-full max-tab:justify-between tab:ml-auto text-12 text-ink-2 "
        "whitespace-nowrap min-w-0 overflow-hidden h-4",
    )


def _source(source: Shown[SourceRow]) -> rx.Component:
    """A dot, or an amber ring with amber words when it is stale."""
    return rx.el.span(
        rx.cond(
            source.fresh,
            rx.el.i(class_name="block size-2 rounded-full bg-ok flex-none"),
            rx.el.i(class_name="block size-2 rounded-full border-2 border-warn flex-none"),
        ),
        rx.el.span(
            source.label,
            " ",
            rx.el.span(source.text, class_name=rx.cond(source.fresh, "tab:max-[960px]:hidden", "")),
            class_name=rx.cond(source.fresh, "", "text-warn-ink font-medium"),
        ),
        class_name="flex items-center gap-1.5",
        title=source.detail,
        key=source.key,
    )
