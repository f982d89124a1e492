"""What is typed: a labelled field, the search box that `/` leads to."""

import reflex as rx

from cicd_health.ui.components.refilled import refilled
from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.keys import key

INPUT = (
    "h-11 tab:h-8 px-2 w-full min-w-0 rounded-md border border-control bg-surface text-13 text-ink "
    "placeholder:text-ink-3 disabled:bg-sunken disabled:text-ink-3"
)
LABEL = "grid gap-1 min-w-0 text-12 font-medium text-ink-2"
HINT = "text-12 font-normal text-ink-3"


def text_field(
    label: str | rx.Var[str] | rx.Component, name: str, hint: str | rx.Component = "", **props
) -> rx.Component:
    """A label over an input. A password is never proposed by the browser for another one."""
    return rx.el.label(
        label,
        rx.el.input(
            name=name,
            class_name=INPUT,
            auto_complete="new-password" if props.get("type") == "password" else "off",
            spell_check=False,
            **props,
        ),
        rx.el.span(hint, class_name=HINT) if hint else rx.fragment(),
        class_name=LABEL,
    )


def search_box(placeholder: str | rx.Var[str], value: rx.Var[str], on_submit, **props) -> rx.Component:
    """Looks for what is typed when it is sent; before the page is live, the browser itself sends it, as `q`."""
    return rx.el.form(
        rx.el.span(glyph("search"), class_name="absolute left-2 top-1/2 -translate-y-1/2 text-ink-3"),
        refilled(
            value,
            "search",
            name="q",
            type="search",
            placeholder=placeholder,
            auto_complete="off",
            spell_check=False,
            max_length=200,
            class_name=f"{INPUT} pl-7 tab:pr-7",
            custom_attrs={"aria-label": placeholder, **key("/")},
        ),
        rx.el.kbd(
            "/",
            class_name="hidden tab:block absolute right-1.5 top-1/2 -translate-y-1/2 px-1 rounded border border-line-2 "
            "bg-surface font-sans text-11 font-medium text-ink-3 pointer-events-none",
        ),
        on_submit=on_submit,
        method="get",
        role="search",
        class_name="relative grow min-w-0 tab:max-w-80",
        **props,
    )
