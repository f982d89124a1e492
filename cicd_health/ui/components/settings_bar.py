"""The tabs of the settings page, and the filters of the audit log: all in the address."""

from typing import Any

import reflex as rx

from cicd_health.ui.components.choices import BAR, options, segments, select
from cicd_health.ui.components.form import search_box
from cicd_health.ui.components.link import inside
from cicd_health.ui.states.audit_log import AuditState
from cicd_health.ui.states.settings import SettingsHeadState

HEAD: Any = SettingsHeadState.shown  # a type checker cannot follow a variable of a state into its fields


def settings_bar() -> rx.Component:
    """Nothing for those who have one tab only."""
    return rx.cond(
        HEAD.tabs.length() > 0,
        rx.el.div(
            rx.el.div(segments("Settings", HEAD.tabs), class_name="max-tab:w-full max-tab:overflow-x-auto"),
            rx.cond(HEAD.tab == "audit", _filters()),
            rx.cond(
                HEAD.everything != "",
                inside(
                    "Clear",
                    to=HEAD.everything,
                    class_name="px-1 max-tab:py-3.5 text-12 font-medium text-ink-2 hover:text-ink",
                ),
            ),
            rx.el.span(HEAD.zone, class_name="hidden desk:inline ml-auto text-12 text-ink-3 whitespace-nowrap"),
            class_name=BAR,
        ),
    )


def _filters() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            select("About", HEAD.action, options(HEAD.actions), AuditState.choose_action), class_name="max-tab:*:h-11"
        ),
        search_box("Who, or what", HEAD.q, AuditState.look_for),
    )
