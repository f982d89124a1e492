"""Before the first event: what to paste where, and what has been refused so far."""

import reflex as rx

from cicd_health.ui import routes
from cicd_health.ui.components.copy_button import copy_button
from cicd_health.ui.components.link import inside
from cicd_health.ui.components.panel import BUTTON, panel
from cicd_health.ui.connect import Heard
from cicd_health.ui.shown import Shown
from cicd_health.ui.states.overview import ConnectState

COPY = "inline-flex items-center gap-1.5 h-7 px-2.5 rounded-md text-12 font-medium text-ink-2 hover:text-ink flex-none"


def first_start() -> rx.Component:
    shown = ConnectState.shown
    return rx.el.div(
        rx.el.div(
            rx.el.h1("Connect your first pipeline", class_name="text-18 tab:text-20 font-semibold tracking-[-0.015em]"),
            rx.el.p(
                "Nothing has arrived yet. Send one event from GitHub or Jenkins and this page turns into your "
                "dashboard, "
                "without a reload.",
                class_name="mt-1 text-ink-2",
            ),
            rx.el.p(
                "Rather with a token, which also brings the past and the logs? ",
                inside("Connect on Sources", to=routes.SOURCES, class_name="font-medium text-link max-tab:py-3"),
                class_name="mt-1 text-ink-2",
            ),
            class_name="pt-3 max-tab:px-4",
        ),
        _waiting(),
        rx.el.div(_github(), _jenkins(), class_name="grid gap-5 grid-cols-1 desk:grid-cols-2"),
        rx.cond(shown.curl != "", _try_it()),
        class_name="grid gap-5 w-full max-w-[1120px] mx-auto min-w-0",
    )


def _waiting() -> rx.Component:
    shown = ConnectState.shown
    return rx.el.section(
        rx.el.i(
            class_name="breathe block size-3 m-1.5 rounded-full bg-run flex-none "
            "shadow-[0_0_0_5px_var(--run-soft),0_0_0_6px_var(--run-line)]"
        ),
        rx.el.div(
            rx.el.p("Waiting for the first event", class_name="text-14 font-semibold"),
            rx.el.p(
                "Listening at ",
                rx.el.code(shown.address, class_name="font-mono"),
                class_name="text-12 text-ink-2",
            ),
            class_name="grow min-w-0",
            role="status",
        ),
        rx.el.div(rx.foreach(shown.heard, _heard), class_name="flex flex-wrap gap-x-6 gap-y-2 max-tab:w-full"),
        class_name="flex flex-wrap items-center gap-4 p-4 bg-surface border-y tab:border-x border-line tab:rounded-lg",
    )


def _heard(heard: Shown[Heard]) -> rx.Component:
    return rx.el.div(
        rx.el.p(heard.provider, class_name="text-ink-3"),
        rx.el.p(heard.text, class_name=rx.cond(heard.refused, "font-medium text-warn-ink", "font-medium")),
        class_name="text-12",
        key=heard.provider,
    )


def _github() -> rx.Component:
    shown = ConnectState.shown
    return panel(
        "GitHub Actions",
        _step(
            "1",
            "Add a webhook to the repository or organisation",
            _hint("Settings, Webhooks, Add webhook. Content type: application/json."),
            _copied(shown.github, shown.github),
        ),
        _step(
            "2",
            "Paste the secret made on first start",
            rx.cond(
                shown.secret != "",
                rx.fragment(
                    _copied(shown.secret_shown, shown.secret), _hint("Shown here until the first event arrives.")
                ),
                _hint("An administrator sees it here; the server printed it when it started."),
            ),
        ),
        _step(
            "3",
            "Choose the events",
            rx.el.div(_word("Workflow runs"), _word("Workflow jobs"), class_name="flex flex-wrap gap-2"),
        ),
        sub=rx.el.span("about 2 minutes", class_name="text-12 text-ink-3"),
    )


def _jenkins() -> rx.Component:
    shown = ConnectState.shown
    return panel(
        "Jenkins",
        _step("1", "Install the Notification plugin", _hint("Any plugin that posts its JSON build events will do.")),
        _step("2", "Post build events to", _copied(shown.jenkins, shown.jenkins)),
        _step(
            "3",
            "Send the token as a header",
            rx.cond(
                shown.token != "",
                rx.fragment(
                    _copied(shown.token_shown, shown.token),
                    _hint("Or as ?token= at the end of the address."),
                ),
                _hint("An administrator sees it here; the server printed it when it started."),
            ),
        ),
        sub=rx.el.span("about 3 minutes", class_name="text-12 text-ink-3"),
    )


def _try_it() -> rx.Component:
    shown = ConnectState.shown
    return panel(
        "Or try it now",
        rx.el.div(
            rx.el.pre(
                shown.curl,
                class_name="max-h-56 overflow-auto px-3 py-2 rounded-md bg-sunken font-mono text-12 leading-5 "
                "whitespace-pre-wrap break-all",
                tab_index=0,
            ),
            class_name="px-4 py-3",
        ),
        sub=rx.el.span("a signed event, ready to paste", class_name="text-12 text-ink-3 max-tab:hidden"),
        end=copy_button(shown.curl, BUTTON),
    )


def _step(number: str, title: str, *children: rx.Component) -> rx.Component:
    return rx.el.div(
        rx.el.span(
            number,
            class_name="grid place-items-center size-6 rounded-full border border-line-2 text-12 font-semibold "
            "text-ink-2",
        ),
        rx.el.div(rx.el.p(title, class_name="font-medium leading-6"), *children, class_name="grid gap-2 min-w-0"),
        class_name="grid grid-cols-[24px_minmax(0,1fr)] gap-3 p-4 border-b border-line last:border-b-0",
    )


def _copied(shown: rx.Var[str], copied: rx.Var[str]) -> rx.Component:
    return rx.el.div(
        rx.el.code(shown, class_name="font-mono text-12 truncate grow"),
        copy_button(copied, COPY),
        class_name="flex items-center gap-2 min-h-8 pl-3 pr-1 rounded-md bg-sunken min-w-0",
    )


def _hint(words: str) -> rx.Component:
    return rx.el.p(words, class_name="text-12 text-ink-2")


def _word(word: str) -> rx.Component:
    return rx.el.span(
        word, class_name="inline-flex items-center h-7 px-2 rounded-md border border-line-2 text-12 text-ink-2"
    )
