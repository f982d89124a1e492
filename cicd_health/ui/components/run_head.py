"""The head of a run's page: where it belongs, what it is, what happened, its facts, its attempts."""

import reflex as rx

from cicd_health.ui.components.copy_button import copy_button
from cicd_health.ui.components.link import inside
from cicd_health.ui.components.mark import delta, lone_glyph, pill, tone_of
from cicd_health.ui.components.panel import bar
from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.copying import THIS_ADDRESS
from cicd_health.ui.run_view.head import Crumb, Fact, Head, Tab
from cicd_health.ui.run_view.said import Said
from cicd_health.ui.run_view.verdict import Verdict
from cicd_health.ui.shown import Shown

BUTTON = (
    "inline-flex items-center justify-center gap-1.5 h-8 max-tab:h-11 px-2.5 tab:px-3 rounded-md border "
    "border-line-2 bg-surface font-medium whitespace-nowrap hover:bg-hover transition-colors duration-120"
)


def run_head(head: Shown[Head], verdict: Shown[Verdict], problem: rx.Var[str]) -> rx.Component:
    return rx.el.div(
        rx.cond(head.title != "", _head(head, verdict), _loading()),
        rx.cond(problem != "", _note(problem, "fail")),
        rx.cond(head.notice != "", _note(head.notice, "warn")),
        class_name="grid gap-3 min-w-0 grid-cols-[minmax(0,1fr)]",
    )


def _head(head: Shown[Head], verdict: Shown[Verdict]) -> rx.Component:
    return rx.fragment(
        breadcrumb(head.crumbs),
        rx.el.div(
            rx.el.h1(
                head.title,
                class_name="text-18 tab:text-20 font-semibold tracking-[-0.015em] normal-nums min-w-0 "
                "[overflow-wrap:anywhere]",
            ),
            pill(head.mark),
            rx.el.span(head.number, class_name="text-ink-3 whitespace-nowrap"),
            rx.el.span(class_name="grow"),
            _buttons(head),
            class_name="flex flex-wrap items-center gap-x-3 gap-y-2 max-tab:px-4 min-w-0",
        ),
        verdict_box(verdict),
        rx.el.dl(
            rx.foreach(head.facts, _fact), class_name="flex flex-wrap gap-x-8 gap-y-2 max-tab:px-4 max-tab:gap-x-6"
        ),
    )


def breadcrumb(crumbs: Shown[list[Crumb]]) -> rx.Component:
    """Where the page belongs."""
    return rx.el.nav(
        rx.foreach(crumbs, _crumb),
        class_name="flex items-center gap-1.5 text-12 text-ink-3 max-tab:px-4 min-w-0 overflow-hidden "
        "whitespace-nowrap",
        custom_attrs={"aria-label": "Breadcrumb"},
    )


def _crumb(crumb: Shown[Crumb]) -> rx.Component:
    return rx.fragment(
        rx.cond(crumb.below, rx.el.span(glyph("chevron", 12), class_name="-rotate-90")),
        rx.cond(
            crumb.href != "",
            inside(crumb.text, to=crumb.href, class_name="hover:text-ink truncate max-tab:py-3.5"),
            rx.el.span(crumb.text, class_name="text-ink-2 truncate"),
        ),
    )


def _buttons(head: Shown[Head]) -> rx.Component:
    return rx.el.div(
        copy_button(THIS_ADDRESS, BUTTON, word="Copy link", size=16),
        rx.cond(
            head.compare != "",
            inside(
                rx.cond(
                    head.comparing,
                    "Show all lines",
                    rx.el.span("Compare", rx.el.span(" with last green", class_name="max-tab:sr-only")),
                ),
                to=head.compare,
                prevent_scroll_reset=True,
                class_name=BUTTON,
            ),
        ),
        rx.cond(
            head.url != "",
            rx.el.a(
                "Open on ",
                head.provider,
                glyph("external", 16),
                href=head.url,
                target="_blank",
                rel="noopener noreferrer",
                class_name=BUTTON,
            ),
        ),
        class_name="flex flex-wrap gap-2 tab:gap-3",
    )


def verdict_box(verdict: Shown[Verdict]) -> rx.Component:
    return rx.el.div(
        rx.el.span(lone_glyph(verdict.mark, 16), class_name="mt-0.5"),
        rx.el.div(
            rx.el.p(rx.foreach(verdict.cause, said), class_name="text-14 font-semibold [overflow-wrap:anywhere]"),
            rx.cond(
                verdict.context.length() > 0,
                rx.el.p(rx.foreach(verdict.context, said), class_name="text-ink-2 mt-1 [overflow-wrap:anywhere]"),
            ),
            class_name="min-w-0",
        ),
        class_name="flex gap-3 items-start px-4 py-3 tab:rounded-lg border-y tab:border-x border-tone-line "
        "bg-tone-soft data-[tone=ok]:bg-surface data-[tone=ok]:border-line",
        custom_attrs={**tone_of(verdict.mark), "role": "status"},
    )


def said(stretch: Shown[Said]) -> rx.Component | rx.Var:
    """A stretch of a sentence."""
    return rx.match(
        stretch.kind,
        ("code", rx.el.code(stretch.text, class_name="font-mono text-[0.93em]")),
        ("strong", rx.el.b(stretch.text, class_name="font-semibold text-ink")),
        ("link", inside(stretch.text, to=stretch.href, class_name="text-link hover:underline font-medium")),
        rx.el.span(stretch.text),
    )


def _fact(fact: Shown[Fact]) -> rx.Component:
    return rx.el.div(
        rx.el.dt(fact.label, class_name="text-12 text-ink-3"),
        rx.el.dd(
            rx.cond(fact.kind == "branch", rx.el.span(glyph("branch"), class_name="text-ink-2")),
            rx.cond(
                fact.kind == "code",
                rx.el.code(fact.value, class_name="font-mono text-12"),
                rx.el.span(fact.value, class_name="[overflow-wrap:anywhere]"),
            ),
            rx.cond(fact.delta.text != "", delta(fact.delta)),
            class_name="flex gap-1.5 items-center font-medium",
            title=fact.title,
        ),
        class_name="grid gap-0.5 min-w-0",
    )


def attempts(tabs: Shown[list[Tab]]) -> rx.Component:
    """Nothing for a run with one attempt."""
    return rx.cond(
        tabs.length() > 1,
        rx.el.div(
            rx.foreach(tabs, _tab),
            class_name="flex gap-1 border-b border-line overflow-x-auto max-tab:px-2 [scrollbar-width:none]",
            custom_attrs={"role": "tablist", "aria-label": "Attempts"},
        ),
    )


def _tab(tab: Shown[Tab]) -> rx.Component:
    return inside(
        lone_glyph(tab.mark, 12),
        rx.el.span("Attempt ", tab.number),
        rx.el.span(tab.duration, class_name="text-12 text-ink-3 font-normal"),
        to=tab.href,
        prevent_scroll_reset=True,
        class_name="relative flex gap-2 items-center h-9 max-tab:h-11 px-3 text-ink-2 whitespace-nowrap "
        "hover:text-ink focus-visible:-outline-offset-2 "
        "aria-selected:text-ink aria-selected:font-medium aria-selected:after:absolute aria-selected:after:inset-x-2 "
        "aria-selected:after:bottom-0 aria-selected:after:h-0.5 aria-selected:after:bg-ink",
        tab_index=rx.cond(tab.chosen, 0, -1),
        custom_attrs={"role": "tab", "aria-selected": rx.cond(tab.chosen, "true", "false")},
    )


def _note(words: rx.Var[str], tone: str) -> rx.Component:
    return rx.el.p(
        words,
        class_name="px-4 py-3 tab:rounded-lg border-y tab:border-x border-tone-line bg-tone-soft "
        "text-tone-ink font-medium",
        role="alert",
        custom_attrs={"data-tone": tone},
    )


def _loading() -> rx.Component:
    return rx.el.div(
        bar("w-56"),
        bar("w-72 tab:w-[480px]", "h-5"),
        bar("w-full", "h-16"),
        bar("w-72 tab:w-[640px]", "h-8"),
        class_name="appear grid gap-4 max-tab:px-4",
        aria_hidden="true",
    )
