"""A channel as a form: its address, what it is told, and when its messages wait."""

from typing import Any

import reflex as rx

from cicd_health.ui import routes
from cicd_health.ui.alerts_view import words
from cicd_health.ui.alerts_view.channels import EXAMPLES
from cicd_health.ui.components.form import HINT, INPUT, LABEL, text_field
from cicd_health.ui.components.open_form import GHOST, SAVE, open_form, sure
from cicd_health.ui.components.panel import notice
from cicd_health.ui.components.told import told
from cicd_health.ui.routes import AskedAlerts
from cicd_health.ui.rows import PROVIDER_LABELS
from cicd_health.ui.shown import Shown
from cicd_health.ui.states.alert_channels import ChannelsState
from cicd_health.ui.states.session import SessionState
from cicd_health.ui.view import Choice

DOING: Any = ChannelsState  # a type checker cannot follow its handlers and variables into the page
FORM: Any = ChannelsState.form
PART = "grid gap-3 content-start min-w-0 p-4 border-b desk:border-b-0 desk:border-r border-line last:border-0"
LEGEND = "text-13 font-medium mb-1"
TICK = "flex items-center gap-2 min-h-11 tab:min-h-8 text-12 font-medium text-ink-2"
DAY = (
    "grid place-items-center h-11 tab:h-7 min-w-11 tab:min-w-10 rounded-md border border-line-2 text-12 text-ink-2 "
    "cursor-pointer has-checked:bg-selected has-checked:border-run-line has-checked:text-ink "
    "has-focus-visible:outline-2 has-focus-visible:outline-focus has-focus-visible:outline-offset-2"
)


def alert_channel_form() -> rx.Component:
    return rx.cond(
        FORM.key != "",
        open_form(
            FORM.title,
            "channel",
            told(DOING.notes, "form"),
            rx.cond(FORM.missing != "", notice("Not there", FORM.missing), _form()),
            actions=rx.cond(SessionState.admin & (FORM.missing == ""), _actions()),
            close=routes.alerts(AskedAlerts(tab="channels")),
        ),
    )


def _actions() -> rx.Component:
    return rx.cond(
        DOING.asking,
        sure("Delete it, and the log of what it was sent?", delete=DOING.delete, keep=DOING.keep),
        rx.fragment(
            rx.cond(
                (FORM.key != routes.NEW) & FORM.by_hand,
                rx.el.button("Delete", type="button", on_click=DOING.ask, class_name=GHOST),
            ),
            rx.el.button(
                rx.cond(DOING.busy == "form", "Saving…", "Save channel"),
                type="submit",
                disabled=DOING.busy != "",
                class_name=SAVE,
                custom_attrs={"form": "channel-form"},
            ),
        ),
    )


def _form() -> rx.Component:
    return rx.el.form(
        rx.el.fieldset(
            rx.el.div(_address(), class_name=PART),
            rx.el.div(_routing(), class_name=PART),
            rx.el.div(_waiting(), class_name=PART),
            disabled=~SessionState.admin,
            class_name="grid grid-cols-[minmax(0,1fr)] desk:grid-cols-[repeat(3,minmax(0,1fr))]",
        ),
        id="channel-form",
        key=DOING.turn.to_string(),
        on_submit=DOING.save,
    )


def _address() -> rx.Component:
    return rx.fragment(
        rx.el.h3("Where", class_name=LEGEND),
        text_field(
            "Name", "name", default_value=FORM.name, required=True, max_length=100, placeholder="Slack #checkout"
        ),
        rx.cond(
            FORM.by_hand,
            rx.fragment(
                text_field(
                    "Address",
                    "url",
                    rx.cond(
                        FORM.address != "",
                        rx.el.span("Stored: ", rx.el.code(FORM.address, class_name="font-mono break-all")),
                        "It is encrypted, and never shown again.",
                    ),
                    type="password",
                    max_length=4000,
                    placeholder=rx.cond(FORM.address != "", "Leave empty to keep it", EXAMPLES[0][1]),
                ),
                rx.el.label(
                    rx.el.input(type="checkbox", name="anyway", class_name="size-4 accent-ink"),
                    "Save even when it does not take a test message",
                    class_name=TICK,
                ),
                rx.el.p("A new address is sent a test message before it is saved.", class_name=HINT),
                _examples(),
            ),
            rx.el.p(
                "Its address is in the settings of the server: ",
                rx.el.code(FORM.address, class_name="font-mono break-all"),
                class_name=HINT,
            ),
        ),
    )


def _examples() -> rx.Component:
    return rx.el.details(
        rx.el.summary("Examples of addresses", class_name=f"{HINT} py-1 max-tab:py-3 w-fit"),
        rx.el.dl(
            *[
                rx.fragment(
                    rx.el.dt(name, class_name="text-ink-2"),
                    rx.el.dd(rx.el.code(url, class_name="font-mono break-all text-ink-3")),
                )
                for name, url in EXAMPLES
            ],
            class_name="grid grid-cols-[72px_minmax(0,1fr)] gap-x-3 gap-y-1 pt-1 text-12",
        ),
        rx.el.p("And any other Apprise URL: more than a hundred services.", class_name=f"{HINT} pt-1"),
    )


def _routing() -> rx.Component:
    return rx.fragment(
        rx.el.h3("What it is told", class_name=LEGEND),
        rx.el.label(
            "From severity",
            rx.el.select(
                *[rx.el.option(word, value=value) for value, word in reversed(words.SEVERITIES.items())],
                name="severity",
                default_value=FORM.severity,
                class_name=INPUT,
            ),
            class_name=LABEL,
        ),
        rx.el.div(
            rx.el.label(
                "Source",
                rx.el.select(
                    rx.el.option("All", value=""),
                    *[rx.el.option(label, value=slug) for slug, label in PROVIDER_LABELS.items()],
                    name="provider",
                    default_value=FORM.provider,
                    class_name=INPUT,
                ),
                class_name=LABEL,
            ),
            text_field("Repository", "repos", default_value=FORM.repos, placeholder="all", max_length=500),
            text_field("Pipeline", "pipelines", default_value=FORM.pipelines, placeholder="all", max_length=500),
            text_field("Branch", "branches", default_value=FORM.branches, placeholder="all", max_length=500),
            class_name="grid grid-cols-2 gap-3",
        ),
        rx.el.p("Globs such as kestrel/checkout-*, several with commas between.", class_name=HINT),
    )


def _waiting() -> rx.Component:
    return rx.fragment(
        rx.el.h3("When its messages wait", class_name=LEGEND),
        rx.el.div(
            text_field("Quiet from", "quiet_start", type="time", default_value=FORM.quiet_start),
            text_field("to", "quiet_end", type="time", default_value=FORM.quiet_end),
            text_field("Daily digest at", "digest_at", type="time", default_value=FORM.digest_at),
            text_field("At most an hour", "per_hour", type="number", min="1", max="10000", default_value=FORM.per_hour),
            class_name="grid grid-cols-2 gap-3",
        ),
        rx.el.fieldset(
            rx.el.legend("Quiet hours begin on", class_name="text-12 font-medium text-ink-2 mb-1"),
            rx.el.div(rx.foreach(FORM.days, _day), class_name="flex flex-wrap gap-1.5"),
        ),
        rx.el.label(
            rx.el.input(
                type="checkbox",
                name="except_critical",
                default_checked=FORM.except_critical,
                class_name="size-4 accent-ink",
            ),
            "What is critical does not wait for the end of quiet hours",
            class_name=TICK,
        ),
        text_field("Time zone", "zone", default_value=FORM.zone, max_length=60, placeholder="Europe/Berlin"),
        rx.el.p("What waits together leaves as one message.", class_name=HINT),
    )


def _day(day: Shown[Choice]) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="checkbox", name=day.value, default_checked=day.chosen, class_name="sr-only"),
        day.label,
        key=day.value,
        class_name=DAY,
    )
