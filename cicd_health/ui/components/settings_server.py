"""What the server was started with: how long things are kept, its database, every setting. Nothing here is changed."""

from typing import Any

import reflex as rx

from cicd_health.ui.components.panel import SUB, panel
from cicd_health.ui.components.settings_table import QUIET, ROW, WHOLE, cell, table
from cicd_health.ui.settings_view.server import Fact, SettingRow
from cicd_health.ui.shown import Shown
from cicd_health.ui.states.settings import SettingsHeadState

SHOWN: Any = SettingsHeadState.server  # a type checker cannot follow a variable of a state into its fields
COLUMNS = (("Setting", "w-[260px]"), ("Value", "w-[34%]"), ("Meaning", ""))


def settings_server() -> rx.Component:
    return rx.fragment(
        panel(
            "Server",
            rx.el.dl(
                rx.foreach(SHOWN.facts, _fact),
                class_name="grid grid-cols-2 tab:grid-cols-3 desk:flex desk:flex-wrap gap-x-10 gap-y-3 px-4 py-3",
            ),
        ),
        panel(
            "Settings",
            table(COLUMNS, SHOWN.rows, _row, SettingsHeadState.loaded),
            sub=rx.el.span("more on each in docs/settings.md; what is quiet is the default", class_name=SUB),
        ),
    )


def _fact(fact: Shown[Fact]) -> rx.Component:
    return rx.el.div(
        rx.el.dt(fact.label, class_name="text-12 text-ink-3"),
        rx.el.dd(fact.value, class_name="font-medium break-words"),
        class_name="min-w-0",
        key=fact.label,
    )


def _row(row: Shown[SettingRow]) -> rx.Component:
    return rx.el.tr(
        cell(rx.el.code(row.name, class_name="font-mono text-12"), look=f"text-ellipsis {WHOLE}"),
        cell(
            rx.el.span(row.value, class_name=rx.cond(row.given, "font-medium", "text-ink-3")),
            title=row.value,
            look=f"text-ellipsis {WHOLE}",
        ),
        cell(row.meaning, title=row.meaning, look=f"{QUIET} {WHOLE} max-tab:whitespace-normal"),
        key=row.name,
        class_name=ROW,
    )
