"""One incident beside the page: what happened to it, step by step, and who was told."""

from typing import Any

import reflex as rx

from cicd_health.ui.alerts_view.incident import Fact, Step
from cicd_health.ui.alerts_view.messages import MessageRow
from cicd_health.ui.components.alert_dialog import acts
from cicd_health.ui.components.drawer import drawer
from cicd_health.ui.components.link import inside
from cicd_health.ui.components.mark import mark_shown, toned
from cicd_health.ui.components.panel import TITLE, bar, notice
from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.keys import key
from cicd_health.ui.shown import Shown
from cicd_health.ui.states.alerts import DetailOfIncidentState

SHOWN: Any = DetailOfIncidentState.shown  # a type checker cannot follow a variable of a state into its fields
PART = "grid gap-2 px-4 py-3 border-t border-line"
HEAD = "text-12 font-medium text-ink-2"
STAYS = {"preventScrollReset": True}


def incident_drawer() -> rx.Component:
    return rx.cond(
        SHOWN.key != "",
        rx.fragment(
            _leave(
                class_name="tab:hidden fixed inset-0 z-40 bg-ink/40 dark:bg-bg/70",
                custom_attrs={**STAYS, "replace": True, "aria-hidden": "true", "tabIndex": -1},
            ),
            drawer(_head(), _body(), subject=SHOWN.key, label=rx.Var.create(f"Incident {SHOWN.key}")),
        ),
    )


def _leave(*children: Any, **props: Any) -> rx.Component:
    """Without a step in the history: going back closes it as well."""
    return inside(*children, to=SHOWN.close, **props)


def _head() -> rx.Component:
    return rx.el.div(
        rx.el.h2(rx.cond(SHOWN.title != "", SHOWN.title, "Incident"), class_name=f"{TITLE} min-w-0 break-words"),
        _leave(
            glyph("close", 16, label="Close"),
            title="Close (Esc)",
            class_name="ml-auto flex-none grid place-items-center size-11 tab:size-8 rounded-md text-ink-2 "
            "hover:bg-hover",
            custom_attrs={**STAYS, "replace": True, **key("Escape")},
        ),
        class_name="sticky top-0 z-10 flex items-center gap-2 min-h-12 pl-4 pr-2 py-1 bg-overlay",
    )


def _body() -> rx.Component:
    return rx.cond(
        SHOWN.missing != "",
        notice("Not there", SHOWN.missing),
        rx.cond(SHOWN.state != "", _known(), rx.el.div(bar("w-2/3"), bar("w-1/2"), class_name="grid gap-3 p-4 appear")),
    )


def _known() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            rx.el.div(
                mark_shown(SHOWN.mark),
                rx.el.span(SHOWN.said, class_name="text-12 text-ink-2"),
                class_name="flex flex-wrap gap-x-3 gap-y-1 items-center",
            ),
            rx.cond(SHOWN.reason != "", rx.el.p(SHOWN.reason, class_name="break-words")),
            rx.el.div(acts(SHOWN.key, SHOWN.state, SHOWN.title), class_name="flex flex-wrap -ml-2 empty:hidden"),
            class_name="grid gap-2 px-4 pb-3",
        ),
        rx.el.dl(rx.foreach(SHOWN.facts, _fact), class_name=f"{PART} gap-1"),
        rx.el.div(
            rx.el.h3("What happened", class_name=HEAD),
            rx.el.ol(rx.foreach(SHOWN.steps, _step), class_name="grid gap-2"),
            class_name=PART,
        ),
        rx.el.div(
            rx.el.h3("Messages", class_name=HEAD),
            rx.cond(
                SHOWN.messages.length() > 0,
                rx.el.ul(rx.foreach(SHOWN.messages, _message), class_name="grid gap-2"),
                rx.el.p("None: it is history, it is muted, or no channel takes it.", class_name="text-12 text-ink-3"),
            ),
            class_name=PART,
        ),
    )


def _fact(fact: Shown[Fact]) -> rx.Component:
    return rx.el.div(
        rx.el.dt(fact.name, class_name="text-ink-3"),
        rx.el.dd(
            rx.cond(
                fact.href != "",
                inside(fact.value, to=fact.href, class_name="text-link hover:underline max-tab:py-3"),
                fact.value,
            ),
            title=fact.title,
            class_name="min-w-0 break-words",
        ),
        class_name="grid grid-cols-[88px_minmax(0,1fr)] gap-3 text-12 max-tab:min-h-8 items-center",
        key=fact.name,
    )


def _step(step: Shown[Step]) -> rx.Component:
    return rx.el.li(
        rx.el.i(class_name="block size-2 mt-1 rounded-full bg-tone", aria_hidden="true"),
        rx.el.div(
            rx.cond(
                step.href != "",
                inside(step.text, to=step.href, class_name="font-medium hover:underline max-tab:py-3"),
                rx.el.span(step.text, class_name="font-medium"),
            ),
            rx.cond(step.note != "", rx.el.p(step.note, class_name="text-ink-2 break-words")),
            class_name="min-w-0",
        ),
        rx.el.span(step.when, title=step.exact, class_name="text-ink-3 whitespace-nowrap"),
        key=step.key,
        class_name="grid grid-cols-[8px_minmax(0,1fr)_auto] gap-x-3 text-12",
        custom_attrs=toned(step.tone),
    )


def _message(message: Shown[MessageRow]) -> rx.Component:
    return rx.el.li(
        mark_shown(message.mark),
        rx.el.div(
            rx.el.span(message.channel, ", ", message.kind),
            rx.cond(message.note != "", rx.el.p(message.note, class_name="text-ink-3 break-words")),
            class_name="min-w-0",
        ),
        rx.el.span(message.at, title=message.exact, class_name="text-ink-3 whitespace-nowrap"),
        key=message.key,
        class_name="grid grid-cols-[80px_minmax(0,1fr)_auto] gap-x-3 text-12 items-start",
    )
