"""Connecting a provider, step by step: what to paste there, how we may read it, what to watch."""

from typing import Any

import reflex as rx

from cicd_health.ui.components.copy_button import copy_button
from cicd_health.ui.components.form import HINT, INPUT, LABEL, text_field
from cicd_health.ui.components.link import inside
from cicd_health.ui.components.mark import toned
from cicd_health.ui.components.panel import BUTTON, PRIMARY, SURFACE, TITLE
from cicd_health.ui.components.source_panel import add_form
from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.components.told import told
from cicd_health.ui.connect_view import ConnectPanel, Line
from cicd_health.ui.shown import Shown
from cicd_health.ui.states.sources import SourcesHeadState, SourcesState

# Its handlers and variables: a type checker cannot follow them into the page.
DOING: Any = SourcesState
# Beside each other when they have the page to themselves, below each other in half of it.
STEPS = "grid grid-cols-[minmax(0,1fr)] desk:[[data-alone=true]_&]:grid-cols-[repeat(3,minmax(0,1fr))]"
STEP = (
    "grid grid-cols-[24px_minmax(0,1fr)] gap-3 p-4 content-start border-b border-line last:border-b-0 "
    "desk:[[data-alone=true]_&]:border-b-0 desk:[[data-alone=true]_&]:border-r "
    "desk:[[data-alone=true]_&]:last:border-r-0"
)
CLOSE = "ml-auto grid place-items-center size-11 tab:size-8 rounded-md text-ink-2 hover:bg-hover"
COPY = "inline-flex items-center gap-1.5 h-11 tab:h-7 px-2.5 rounded-md text-12 font-medium text-ink-2 hover:text-ink"


def connect_steps(panel: Shown[ConnectPanel]) -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.h2(panel.title, class_name=TITLE),
            rx.cond(
                panel.close != "",
                inside(
                    glyph("close", 16, label="Close"),
                    to=panel.close,
                    class_name=CLOSE,
                ),
            ),
            class_name="flex items-center min-h-11 pl-4 pr-2 border-b border-line",
        ),
        rx.el.div(
            rx.cond(panel.provider == "github", _github(panel), _jenkins(panel)),
            class_name=STEPS,
        ),
        class_name=SURFACE,
        key=panel.provider,
        custom_attrs={"aria-label": panel.title},
    )


def _github(panel: Shown[ConnectPanel]) -> rx.Component:
    return rx.fragment(
        _step(
            "1",
            "Let GitHub tell us: add a webhook",
            _hint("In the repository or organisation: Settings, Webhooks, Add webhook."),
            _copied("Payload URL", panel.address),
            _hint("Content type: application/json. Events: Workflow runs and Workflow jobs, no others."),
            _secret(panel, "Secret"),
            _heard(panel),
        ),
        _step(
            "2",
            "Let us read GitHub",
            _hint("For the past, for logs, and for what a webhook missed. Read access to Actions is enough."),
            _reading(panel, _github_form(panel)),
        ),
        _step(
            "3",
            "Choose the repositories",
            _hint("Each is read back to the beginning of what is kept, newest first; it shows how far it is."),
            rx.cond(SourcesHeadState.admin, add_form("github", panel.source), _only_admins()),
        ),
    )


def _jenkins(panel: Shown[ConnectPanel]) -> rx.Component:
    return rx.fragment(
        _step(
            "1",
            "Let Jenkins tell us: add a notification",
            _hint("With the Notification plugin, in a job: Job Notifications, Add Endpoint."),
            _hint("Format JSON, protocol HTTP, event All Events. The URL is this one with the token behind it:"),
            _copied("URL", f"{panel.address}?token=…", with_token=panel),
            _secret(panel, "Token"),
            _heard(panel),
        ),
        _step(
            "2",
            "Let us read Jenkins",
            _hint("For the past, for logs, and for what a notification missed. A user who may read is enough."),
            _reading(panel, _jenkins_form(panel)),
        ),
        _step(
            "3",
            "Choose the jobs",
            _hint("All jobs the user can see are watched, unless you name some: full names, as in their address."),
            rx.cond(
                panel.source != "",
                rx.cond(SourcesHeadState.admin, add_form("jenkins", panel.source), _only_admins()),
                _hint("Once Jenkins can be read."),
            ),
        ),
    )


def _step(number: str, title: str, *children: rx.Component) -> rx.Component:
    return rx.el.div(
        rx.el.span(
            number,
            class_name="grid place-items-center size-6 rounded-full border border-line-2 text-12 font-semibold "
            "text-ink-2",
        ),
        rx.el.div(
            rx.el.h3(title, class_name="font-medium leading-6"),
            *children,
            class_name="grid gap-2 content-start min-w-0",
        ),
        class_name=STEP,
    )


def _copied(label: str, text: rx.Var[str] | str, with_token: Shown[ConnectPanel] | None = None) -> rx.Component:
    """An address to copy; `with_token` completes it on the way to the clipboard, for administrators."""
    label_it = {"aria-label": f"Copy {label}"}
    if with_token is None:
        copying, shown = copy_button(text, COPY, custom_attrs=label_it), True
    else:
        event = DOING.copy_address(with_token.provider)
        copying, shown = copy_button("", COPY, on_click=event, custom_attrs=label_it), SourcesHeadState.admin
    return rx.el.div(
        rx.el.code(text, class_name="font-mono text-12 truncate grow", title=label),
        rx.cond(shown, copying),
        class_name="flex items-center gap-2 min-h-8 pl-3 pr-1 rounded-md bg-sunken min-w-0",
    )


def _secret(panel: Shown[ConnectPanel], label: str) -> rx.Component:
    """Hidden until an administrator asks for it; copying does not show it."""
    shown = DOING.secrets.contains(panel.provider)
    toggle: Any = rx.cond(shown, DOING.hide_secret(panel.provider), DOING.show_secret(panel.provider))
    return rx.cond(
        SourcesHeadState.admin,
        rx.fragment(
            rx.el.div(
                rx.el.span(label, class_name="text-12 text-ink-3 flex-none"),
                rx.el.code(
                    rx.cond(shown, DOING.secrets[panel.provider], "•" * 24),
                    class_name="font-mono text-12 truncate grow",
                ),
                rx.el.button(
                    rx.cond(shown, "Hide", "Show"),
                    type="button",
                    on_click=toggle,
                    class_name=COPY,
                ),
                copy_button(
                    "",
                    COPY,
                    on_click=DOING.copy_secret(panel.provider),
                    custom_attrs={"aria-label": f"Copy {label}"},
                ),
                class_name="flex items-center gap-2 min-h-8 pl-3 pr-1 rounded-md bg-sunken min-w-0",
            ),
            _hint(panel.secret_from),
        ),
        _hint("An administrator sees the secret here."),
    )


def _heard(panel: Shown[ConnectPanel]) -> rx.Component:
    return rx.fragment(
        rx.el.ul(
            rx.foreach(panel.heard, _line),
            class_name="grid gap-1",
            custom_attrs={"role": "list", "aria-live": "polite"},
        ),
        rx.cond(
            panel.unreachable != "",
            rx.el.p(
                panel.unreachable,
                class_name="px-3 py-2 rounded-md border border-warn-line bg-warn-soft text-12 text-warn-ink",
            ),
        ),
    )


def _line(line: Shown[Line]) -> rx.Component:
    return rx.el.li(
        rx.el.span(glyph(line.mark.glyph), class_name="text-tone mt-[1px]"),
        rx.el.span(line.text, class_name="text-tone-word min-w-0 break-words"),
        class_name="flex items-start gap-2 text-12",
        custom_attrs=toned(line.mark.tone),
        key=line.text,
    )


def _reading(panel: Shown[ConnectPanel], form: rx.Component) -> rx.Component:
    """What the settings say cannot be edited here."""
    return rx.cond(
        panel.set != "",
        _hint("Read with ", panel.set, ". It is set in the environment and changed there."),
        rx.cond(
            SourcesHeadState.admin,
            rx.fragment(rx.cond(panel.saved != "", _hint(panel.saved)), form),
            _only_admins(),
        ),
    )


def _github_form(panel: Shown[ConnectPanel]) -> rx.Component:
    return _form(
        "github",
        DOING.connect_github,
        text_field(
            "API address",
            "api_url",
            "Another one for GitHub Enterprise Server: https://github.example.com/api/v3",
            default_value=panel.api_url,
            required=True,
            max_length=300,
        ),
        text_field(
            "Token",
            "token",
            "Fine-grained: Actions and Metadata, read. Webhooks, write, lets lost deliveries be sent again.",
            type="password",
            max_length=500,
        ),
        rx.el.details(
            rx.el.summary("Or a GitHub App instead of a token", class_name=f"{HINT} py-1 max-tab:py-3 w-fit"),
            rx.el.div(
                text_field("App id", "app_id", input_mode="numeric", max_length=20),
                rx.el.label(
                    "Private key",
                    rx.el.textarea(
                        name="app_private_key",
                        rows="4",
                        auto_complete="off",
                        spell_check=False,
                        placeholder="-----BEGIN RSA PRIVATE KEY-----",
                        class_name=f"{INPUT} h-auto tab:h-auto py-1.5 font-mono text-12",
                    ),
                    class_name=LABEL,
                ),
                class_name="grid gap-3 pt-2",
            ),
        ),
    )


def _jenkins_form(panel: Shown[ConnectPanel]) -> rx.Component:
    return _form(
        "jenkins",
        DOING.connect_jenkins,
        text_field(
            "Address",
            "url",
            default_value=panel.api_url,
            placeholder="https://jenkins.example.com",
            required=True,
            max_length=300,
        ),
        rx.el.div(
            text_field("User", "username", default_value=panel.username, max_length=200),
            text_field("API token", "token", type="password", max_length=500),
            class_name="grid gap-3 tab:grid-cols-2",
        ),
        _hint("The token is made in Jenkins: your name, Security, API Token. Without a user, what everybody may see."),
    )


def _form(provider: str, on_submit, *fields: rx.Component) -> rx.Component:
    return rx.el.form(
        *fields,
        rx.el.div(
            rx.el.button(
                rx.cond(DOING.busy == provider, "Testing…", "Test and save"),
                type="submit",
                disabled=DOING.busy != "",
                class_name=f"{PRIMARY} max-tab:h-11 disabled:bg-sunken disabled:text-ink-3",
            ),
            rx.el.label(
                rx.el.input(type="checkbox", name="anyway", class_name="size-4 accent-(--ink)"),
                "Save even if the test fails",
                class_name="flex items-center gap-2 max-tab:h-11 text-12 text-ink-2",
            ),
            class_name="flex flex-wrap items-center gap-x-4 gap-y-2",
        ),
        told(DOING.notes, provider, inset=""),
        key=DOING.turn.to_string(),
        on_submit=on_submit,
        class_name="grid gap-3",
    )


def _hint(*words) -> rx.Component:
    return rx.el.p(*words, class_name="text-12 text-ink-2")


def _only_admins() -> rx.Component:
    return _hint("An administrator can set this up.")


def offers() -> rx.Component:
    """The buttons that open the steps."""
    return rx.el.span(
        rx.foreach(
            SourcesHeadState.shown.offers,
            lambda offer: inside(offer.label, to=offer.value, class_name=f"{BUTTON} max-tab:h-11", key=offer.label),
        ),
        class_name="ml-auto flex gap-2",
    )
