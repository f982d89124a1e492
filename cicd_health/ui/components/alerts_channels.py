"""The channels: where messages go, whether they arrive, and trying them."""

from typing import Any

import reflex as rx

from cicd_health.ui import routes
from cicd_health.ui.alerts_view.channels import ChannelRow
from cicd_health.ui.components.link import inside
from cicd_health.ui.components.mark import mark_shown
from cicd_health.ui.components.panel import BUTTON, PRIMARY, SUB, bar, notice, panel
from cicd_health.ui.components.told import told
from cicd_health.ui.routes import NEW, AskedAlerts
from cicd_health.ui.shown import Shown
from cicd_health.ui.states.alert_channels import ChannelsState
from cicd_health.ui.states.alerts import AlertsHeadState
from cicd_health.ui.states.session import SessionState

DOING: Any = ChannelsState  # a type checker cannot follow its handlers and rows into the page
NEW_CHANNEL = routes.alerts(AskedAlerts(tab="channels", channel=NEW))
ACTION = f"{BUTTON} max-tab:h-11 disabled:bg-sunken disabled:text-ink-3"


def alert_channels() -> rx.Component:
    return panel(
        "Channels",
        rx.cond(
            AlertsHeadState.loaded & (DOING.rows.length() == 0),
            rx.el.div(
                notice(
                    "No channel yet",
                    "Incidents are seen on this page only. Add where messages should go: Slack, e-mail, Teams, …",
                ),
                class_name="py-4",
            ),
            rx.cond(
                AlertsHeadState.loaded,
                rx.el.ul(rx.foreach(DOING.rows, _row)),
                rx.el.div(*[bar("w-64") for _ in range(3)], class_name="grid gap-6 p-4 appear", aria_hidden="true"),
            ),
        ),
        sub=rx.el.span("where messages go", class_name=SUB),
        end=rx.cond(
            SessionState.admin, inside("New channel", to=NEW_CHANNEL, class_name=f"{PRIMARY} h-11 tab:h-7 text-12")
        ),
    )


def _row(row: Shown[ChannelRow]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            mark_shown(row.mark),
            rx.el.div(
                rx.el.div(
                    inside(row.name, to=row.href, class_name="font-medium hover:underline truncate max-tab:py-2"),
                    rx.el.span(row.kind, class_name="text-12 text-ink-3"),
                    class_name="flex items-baseline gap-2 min-w-0",
                ),
                rx.el.code(row.address, class_name="block font-mono text-12 text-ink-3 truncate", title=row.address),
                class_name="min-w-0",
            ),
            rx.el.dl(
                _fact("Takes", row.takes),
                _fact("Waits", rx.cond(row.waits != "", row.waits, "never")),
                class_name="grid gap-x-2 grid-cols-[40px_minmax(0,1fr)] text-12 min-w-0",
            ),
            rx.el.dl(
                _fact("24 h", row.today),
                _fact("Last", row.last),
                class_name="grid gap-x-2 grid-cols-[32px_minmax(0,1fr)] text-12 min-w-0",
            ),
            rx.cond(SessionState.admin, _actions(row)),
            class_name="grid gap-x-4 gap-y-2 items-center px-4 py-3 grid-cols-[minmax(0,1fr)] "
            "desk:grid-cols-[128px_minmax(0,1.2fr)_minmax(0,1.2fr)_minmax(0,180px)_auto]",
        ),
        rx.cond(
            row.trouble != "",
            rx.el.p(
                row.trouble,
                class_name=rx.cond(
                    row.switched_off,
                    "px-4 py-2 bg-fail-soft text-fail-ink font-medium break-words",
                    "px-4 py-2 bg-warn-soft text-warn-ink break-words",
                ),
            ),
        ),
        told(DOING.notes, f"channel:{row.key}", "px-4 py-2.5"),
        key=row.key,
        class_name="border-b border-line last:border-b-0",
        custom_attrs={"aria-label": row.name},
    )


def _fact(name: str, value: Any) -> rx.Component:
    return rx.fragment(
        rx.el.dt(name, class_name="text-ink-3"), rx.el.dd(value, title=value, class_name="text-ink-2 truncate")
    )


def _actions(row: Shown[ChannelRow]) -> rx.Component:
    here = f"channel:{row.key}"
    return rx.el.div(
        rx.el.button(
            rx.cond(DOING.busy == here, "Sending…", "Send a test"),
            type="button",
            disabled=DOING.busy != "",
            on_click=DOING.test(row.key),
            class_name=ACTION,
            custom_attrs={"aria-label": f"Send a test to {row.name}"},
        ),
        rx.cond(
            row.switched_off,
            rx.el.button("Switch on again", type="button", on_click=DOING.switch(row.key, True), class_name=ACTION),
            rx.cond(
                row.by_hand,
                rx.el.button(
                    rx.cond(row.on, "Switch off", "Switch on"),
                    type="button",
                    on_click=DOING.switch(row.key, ~row.on),
                    class_name=ACTION,
                ),
            ),
        ),
        inside("Edit", to=row.href, class_name=ACTION, custom_attrs={"aria-label": f"Edit {row.name}"}),
        class_name="flex flex-wrap gap-2 desk:justify-end",
    )
