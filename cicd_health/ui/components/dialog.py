"""A dialog in the middle of the page, from below on a phone: a question with its buttons, or a secret shown once."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from cicd_health.ui.components.alert_dialog import LOOK
from cicd_health.ui.components.copy_button import copy_button
from cicd_health.ui.components.drawer import Drawer
from cicd_health.ui.components.form import HINT
from cicd_health.ui.components.panel import BUTTON, PRIMARY, TITLE
from cicd_health.ui.keys import key

SECRET = (
    "block w-full px-3 py-2 rounded-md bg-sunken border border-line font-mono text-12 text-ink break-all select-all"
)


@dataclass(frozen=True, slots=True)
class Step:
    """What a dialog says and asks. Something in it must be a `leave`, which Escape presses."""

    title: str
    content: rx.Component
    about: Any = ""


def dialog(asking: Any, **steps: Step) -> rx.Component:
    """The one dialog of a page: the step that `asking` names is open, none while it is empty."""
    title = rx.match(asking, *((name, step.title) for name, step in steps.items()), "")
    return rx.cond(
        asking != "",
        Drawer.create(
            rx.el.h2(
                title,
                rx.el.span(
                    rx.match(asking, *((name, step.about) for name, step in steps.items()), ""),
                    class_name="block text-12 font-normal text-ink-3 break-words empty:hidden",
                ),
                class_name=TITLE,
            ),
            rx.match(asking, *((name, step.content) for name, step in steps.items()), rx.fragment()),
            subject=asking,
            id="dialog",
            role="dialog",
            tab_index=-1,
            class_name=f"{LOOK} max-h-[85dvh] overflow-y-auto",
            custom_attrs={"aria-label": title, "data-keys": ""},
        ),
    )


def answers(said: Any, *buttons: rx.Component) -> rx.Component:
    """The last line of a dialog: why it was not done, and the buttons."""
    return rx.el.div(
        rx.el.span(
            said, class_name="basis-full empty:hidden text-12 font-medium text-fail-ink break-words", role="alert"
        ),
        *buttons,
        class_name="flex flex-wrap items-center justify-end gap-2",
    )


def leave(on_click: Any, word: str = "Cancel") -> rx.Component:
    return rx.el.button(
        word, type="button", on_click=on_click, class_name=f"{BUTTON} h-11 tab:h-8", custom_attrs=key("Escape", "also")
    )


def yes(word: Any, **props: Any) -> rx.Component:
    """The one primary button; it sends the form unless it has an `on_click`."""
    return rx.el.button(
        word, type="button" if "on_click" in props else "submit", class_name=f"{PRIMARY} h-11 tab:h-8", **props
    )


def shown_once(words: str, secret: Any, label: str, on_leave: Any) -> rx.Component:
    """A secret, to be copied now."""
    return rx.fragment(
        rx.el.code(secret, class_name=SECRET, custom_attrs={"aria-label": label}),
        rx.el.p(words, class_name=HINT),
        answers("", copy_button(secret, f"{PRIMARY} h-11 tab:h-8"), leave(on_leave, "Done")),
    )
