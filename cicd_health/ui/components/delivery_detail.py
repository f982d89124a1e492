"""One delivery in full: what it was, what became of it, and what it said."""

import reflex as rx

from cicd_health.ui.components.link import inside
from cicd_health.ui.components.mark import mark_shown
from cicd_health.ui.components.panel import BUTTON, SURFACE, TITLE, bar, notice
from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.deliveries_view import Header
from cicd_health.ui.shown import Shown
from cicd_health.ui.states.deliveries import DeliveriesHeadState, DeliveriesState, DetailState, ReplayState

PART = "px-4 py-3 border-t border-line grid gap-2 min-w-0"


def delivery_detail() -> rx.Component:
    shown = DetailState.shown
    return rx.el.section(
        rx.el.header(
            rx.el.h2(rx.cond(shown.title != "", shown.title, "Delivery"), class_name=f"{TITLE} truncate"),
            rx.cond((shown.title != "") & (shown.missing == ""), mark_shown(shown.mark)),
            inside(
                glyph("close", 16, label="Close"),
                to=shown.close,
                class_name="ml-auto grid place-items-center size-11 tab:size-8 rounded-md text-ink-2 hover:bg-hover",
            ),
            class_name="flex items-center gap-3 min-h-11 pl-4 pr-2",
        ),
        rx.cond(
            shown.missing != "",
            notice("Not there", shown.missing),
            rx.cond(shown.title != "", _known(), rx.el.div(bar("w-2/3"), bar("w-1/2"), class_name="grid gap-3 p-4")),
        ),
        class_name=f"{SURFACE} desk:sticky desk:top-[116px] desk:max-h-[calc(100vh-136px)] desk:overflow-y-auto",
        custom_attrs={"aria-label": "Delivery"},
    )


def _known() -> rx.Component:
    shown = DetailState.shown
    return rx.fragment(
        rx.cond(
            shown.error != "",
            rx.el.p(
                shown.error,
                class_name="px-4 py-3 border-t border-line bg-warn-soft text-warn-ink font-medium break-words "
                "whitespace-pre-wrap max-h-60 overflow-auto",
                tab_index=0,
            ),
        ),
        _actions(),
        rx.el.dl(rx.foreach(shown.facts, _fact), class_name=f"{PART} gap-1"),
        rx.el.div(
            rx.el.h3("Headers", class_name="text-12 font-medium text-ink-2"),
            rx.el.dl(rx.foreach(shown.headers, _fact), class_name="grid gap-1"),
            class_name=PART,
        ),
        _payload(),
    )


def _actions() -> rx.Component:
    shown = DetailState.shown
    return rx.el.div(
        rx.cond(
            DeliveriesHeadState.may_replay,
            rx.el.button(
                "Replay",
                type="button",
                disabled=ReplayState.busy,
                on_click=DeliveriesState.replay,
                class_name=f"{BUTTON} max-tab:h-11 disabled:bg-sunken disabled:text-ink-3",
            ),
        ),
        rx.cond(shown.run != "", inside(shown.run, to=shown.run_href, class_name="text-12 font-medium text-link")),
        rx.el.span(ReplayState.note, class_name="text-12 text-ink-2 min-w-0 break-words", role="status"),
        class_name="flex flex-wrap items-center gap-3 px-4 py-2 min-h-11 border-t border-line",
    )


def _fact(fact: Shown[Header]) -> rx.Component:
    return rx.el.div(
        rx.el.dt(fact.name, class_name="text-ink-3 truncate"),
        rx.el.dd(fact.value, class_name="min-w-0 break-words"),
        class_name="grid grid-cols-[136px_minmax(0,1fr)] gap-3 text-12",
        key=fact.name,
    )


def _payload() -> rx.Component:
    payload = DetailState.payload
    return rx.el.div(
        rx.el.div(
            rx.el.h3("Payload", class_name="text-12 font-medium text-ink-2"),
            rx.el.span(payload.cut, class_name="text-12 text-warn-ink"),
            class_name="flex flex-wrap items-baseline gap-3",
        ),
        rx.cond(
            payload.text != "",
            rx.el.pre(
                payload.text,
                class_name="max-h-[560px] overflow-auto px-3 py-2 rounded-md bg-sunken font-mono text-12 leading-5 "
                "whitespace-pre-wrap break-words",
                tab_index=0,
                custom_attrs={"aria-label": "Payload"},
            ),
        ),
        class_name=PART,
    )
