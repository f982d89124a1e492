"""The first line of a page, in words, and what is wrong with all of it."""

import reflex as rx

from cicd_health.ui.components.panel import bar
from cicd_health.ui.components.sprite import glyph

H1 = "normal-nums text-18 tab:text-20 font-semibold tracking-[-0.015em]"


def heading(sentence: rx.Var[str], *beside: rx.Component) -> rx.Component:
    """The sentence, a bar until it is there, and quietly beside it what else there is to say or do."""
    return rx.el.div(
        rx.cond(sentence != "", rx.el.h1(sentence, class_name=H1), bar("w-72", "h-5")),
        *beside,
        class_name="flex flex-wrap items-baseline gap-x-3 gap-y-1 min-h-7 max-tab:px-4",
    )


def problem(words: rx.Var[str]) -> rx.Component:
    return rx.el.p(
        rx.el.span(glyph("startup_failure", 16, label="Error"), class_name="text-fail"),
        words,
        class_name="flex items-center gap-3 px-4 py-3 tab:rounded-lg border-y tab:border-x border-fail-line "
        "bg-fail-soft text-fail-ink font-medium",
        role="alert",
    )
