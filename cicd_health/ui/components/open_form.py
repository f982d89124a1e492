"""A thing that is open to be changed: its panel with what may be done, and the question before it is deleted."""

from typing import Any

import reflex as rx

from cicd_health.ui.components.link import inside
from cicd_health.ui.components.panel import BUTTON, PRIMARY, SURFACE, TITLE
from cicd_health.ui.components.sprite import glyph

GHOST = "inline-flex items-center h-11 tab:h-8 px-2.5 rounded-md text-12 font-medium text-ink-2 hover:bg-hover"
SAVE = f"{PRIMARY} h-11 tab:h-8 disabled:bg-sunken disabled:text-ink-3"


def open_form(
    title: Any, name: str, *content: Any, actions: rx.Component, close: str, beside: Any = None
) -> rx.Component:
    """`name` makes the heading's id, `beside` is a word beside the title, `close` is where the cross leads."""
    return rx.el.section(
        rx.el.header(
            rx.el.div(
                rx.el.h2(title, class_name=f"{TITLE} truncate", id=f"{name}-title"),
                beside,
                class_name="flex items-baseline gap-2 min-w-0 grow basis-20",
            ),
            actions,
            inside(
                glyph("close", 16, label="Close"),
                to=close,
                class_name="grid place-items-center size-11 tab:size-8 rounded-md text-ink-2 hover:bg-hover",
            ),
            class_name="flex flex-wrap items-center gap-2 min-h-12 pl-4 pr-2 border-b border-line",
        ),
        *content,
        class_name=SURFACE,
        custom_attrs={"aria-labelledby": f"{name}-title"},
    )


def sure(question: str, *, delete: Any, keep: Any) -> rx.Component:
    """Deleting asks once more."""
    return rx.el.span(
        rx.el.span(question, class_name="text-12 text-ink-2"),
        rx.el.button(
            "Delete",
            type="button",
            on_click=delete,
            class_name=f"{BUTTON} h-11 tab:h-8 text-fail-ink! border-fail-line!",
        ),
        rx.el.button("Keep", type="button", on_click=keep, class_name=GHOST),
        class_name="flex flex-wrap items-center gap-2",
        role="group",
    )
