"""What acknowledging, muting and resolving an incident looks like, on every page that shows one."""

from typing import Any

import reflex as rx

from cicd_health.ui.alerts_view.silences import MUTES
from cicd_health.ui.components.drawer import Drawer
from cicd_health.ui.components.form import text_field
from cicd_health.ui.components.panel import BUTTON, PRIMARY, TITLE
from cicd_health.ui.keys import key
from cicd_health.ui.states.alerting import AlertingState
from cicd_health.ui.states.session import SessionState

DOING: Any = AlertingState  # a type checker cannot follow its handlers into the page
GHOST = (
    "relative z-1 inline-flex items-center h-11 tab:h-7 px-2 rounded-md text-12 font-medium text-ink-2 "
    "hover:text-ink hover:bg-hover tab:hover:bg-sunken whitespace-nowrap"
)
LOOK = (
    "fixed z-50 inset-x-0 bottom-0 rounded-t-lg border-t tab:inset-x-auto tab:bottom-auto tab:left-1/2 tab:top-1/4 "
    "tab:w-[440px] tab:-translate-x-1/2 tab:rounded-lg tab:border bg-overlay border-line-2 shadow-(--shadow) "
    "outline-none grid gap-3 p-4"
)
LENGTH = (
    "grid place-items-center h-11 tab:h-8 px-2.5 rounded-md border border-line-2 text-12 font-medium text-ink-2 "
    "cursor-pointer has-checked:bg-selected has-checked:border-run-line has-checked:text-ink "
    "has-focus-visible:outline-2 has-focus-visible:outline-focus has-focus-visible:outline-offset-2"
)


def acts(key: Any, state: Any, about: Any, *, ends: bool = True) -> rx.Component:
    """The buttons of one incident, for those who may press them; `ends`: also the one that resolves it."""
    return rx.cond(
        SessionState.operator & (state != "resolved"),
        rx.fragment(
            rx.cond(state == "open", _act("Acknowledge", about, DOING.acknowledge(key))),
            rx.cond(
                state == "muted",
                _act("Unmute", about, DOING.unmute(key)),
                _act("Mute", about, DOING.ask_mute(key, about)),
            ),
            _act("Resolve", about, DOING.ask_resolve(key, about)) if ends else rx.fragment(),
        ),
    )


def acts_of_several(keys: Any, state: Any, about: Any) -> rx.Component:
    """The same of several incidents, `keys` with commas between: muted until each is fixed, or told of again."""
    return rx.cond(
        SessionState.operator,
        rx.cond(
            state == "muted",
            _act("Unmute", about, DOING.unmute_all(keys)),
            _act("Mute until fixed", about, DOING.mute_until_fixed(keys)),
        ),
    )


def _act(word: str, about: Any, event: Any) -> rx.Component:
    return rx.el.button(
        word,
        type="button",
        on_click=event,
        class_name=GHOST,
        custom_attrs={"aria-label": f"{word} {about}"},
    )


def alert_dialog() -> rx.Component:
    """Once on each page with `acts`."""
    return rx.cond(
        DOING.asking != "",
        Drawer.create(
            rx.el.h2(
                rx.cond(DOING.asking == "mute", "Mute", "Resolve by hand"),
                rx.el.span(DOING.about, class_name="block text-12 font-normal text-ink-3 break-words"),
                class_name=TITLE,
            ),
            rx.cond(DOING.asking == "mute", _mute(), _resolve()),
            subject=DOING.incident,
            id="alert-dialog",
            role="dialog",
            tab_index=-1,
            class_name=LOOK,
            custom_attrs={"aria-label": rx.cond(DOING.asking == "mute", "Mute", "Resolve by hand"), "data-keys": ""},
        ),
        _said(),
    )


def _mute() -> rx.Component:
    return rx.el.form(
        rx.el.fieldset(
            rx.el.legend("For how long", class_name="sr-only"),
            *[
                rx.el.label(
                    rx.el.input(
                        type="radio", name="length", value=value, default_checked=value == "4h", class_name="sr-only"
                    ),
                    word,
                    class_name=LENGTH,
                )
                for value, word in MUTES.items()
            ],
            class_name="flex flex-wrap gap-2",
        ),
        text_field("Why", "reason", "Shown beside the incident.", max_length=500, placeholder="Known, being repaired"),
        _verdict("Mute"),
        on_submit=DOING.mute,
        class_name="grid gap-3",
    )


def _resolve() -> rx.Component:
    return rx.el.form(
        rx.el.p("It ends now, and those who were told of it are told so. A new failure opens it again."),
        text_field("Why", "reason", max_length=500, placeholder="Not needed any more"),
        _verdict("Resolve"),
        on_submit=DOING.resolve,
        class_name="grid gap-3",
    )


def _verdict(word: str) -> rx.Component:
    return rx.el.div(
        rx.el.span(DOING.said, class_name="mr-auto text-12 font-medium text-fail-ink break-words", role="alert"),
        rx.el.button(
            "Cancel",
            type="button",
            on_click=DOING.leave,
            class_name=f"{BUTTON} h-11 tab:h-8",
            custom_attrs=key("Escape", "also"),
        ),
        rx.el.button(word, type="submit", class_name=f"{PRIMARY} h-11 tab:h-8"),
        class_name="flex items-center justify-end gap-2",
    )


def _said() -> rx.Component:
    """Why something was not done, until it is read."""
    return rx.cond(
        DOING.said != "",
        rx.el.div(
            rx.el.p(DOING.said, class_name="grow break-words"),
            rx.el.button("OK", type="button", on_click=DOING.leave, class_name=f"{BUTTON} max-tab:h-11"),
            class_name="fixed z-50 inset-x-4 top-4 tab:inset-x-auto tab:top-auto tab:right-6 tab:bottom-6 tab:w-88 "
            "flex items-center gap-3 p-3 rounded-lg border border-fail-line bg-overlay shadow-(--shadow)",
            role="alert",
        ),
    )
