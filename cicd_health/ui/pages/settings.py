"""Settings: people, keys, the viewer's own account, the audit log, and what the server was started with."""

from typing import Any

import reflex as rx

from cicd_health.ui import routes
from cicd_health.ui.components.heading import heading, problem
from cicd_health.ui.components.panel import SUB, SURFACE, bar
from cicd_health.ui.components.settings_account import settings_account, settings_of_a_visitor
from cicd_health.ui.components.settings_audit import settings_audit
from cicd_health.ui.components.settings_bar import settings_bar
from cicd_health.ui.components.settings_keys import settings_keys
from cicd_health.ui.components.settings_people import settings_people
from cicd_health.ui.components.settings_server import settings_server
from cicd_health.ui.page import Page
from cicd_health.ui.settings_view.head import VISITOR
from cicd_health.ui.states.session import SessionState
from cicd_health.ui.states.settings import SettingsHeadState, SettingsState

SHOWN: Any = SettingsHeadState.shown  # a type checker cannot follow a variable of a state into its fields


def body() -> rx.Component:
    return rx.fragment(
        heading(SHOWN.sentence, rx.el.span(SHOWN.sub, class_name=SUB)),
        rx.cond(SettingsHeadState.problem != "", problem(SettingsHeadState.problem)),
        rx.match(
            SHOWN.tab,
            ("people", settings_people()),
            ("keys", settings_keys()),
            ("you", settings_account()),
            ("audit", settings_audit()),
            ("server", settings_server()),
            (VISITOR, settings_of_a_visitor()),
            _loading(),
        ),
    )


def _loading() -> rx.Component:
    return rx.el.div(
        rx.el.div(bar("w-40"), class_name="flex items-center h-12 px-4 border-b border-line"),
        rx.el.div(*[bar("w-64") for _ in range(4)], class_name="grid gap-6 p-4"),
        class_name=f"{SURFACE} appear",
        aria_hidden="true",
    )


PAGE = Page(
    routes.SETTINGS,
    "Settings",
    body=body,
    icon="settings",
    bar=settings_bar,
    on_load=[SettingsState.follow, SessionState.load],
)
