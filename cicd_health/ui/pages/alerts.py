"""Alerts: what is open and who knows, the rules and what they would have done, channels, messages, silences."""

from typing import Any

import reflex as rx

from cicd_health.ui import routes
from cicd_health.ui.components.alert_dialog import alert_dialog
from cicd_health.ui.components.alerts_bar import alerts_bar
from cicd_health.ui.components.alerts_channel_form import alert_channel_form
from cicd_health.ui.components.alerts_channels import alert_channels
from cicd_health.ui.components.alerts_editor import alert_editor
from cicd_health.ui.components.alerts_incident import incident_drawer
from cicd_health.ui.components.alerts_incidents import open_incidents, past_incidents
from cicd_health.ui.components.alerts_messages import alert_messages
from cicd_health.ui.components.alerts_rules import alert_rules
from cicd_health.ui.components.alerts_silences import alert_silences
from cicd_health.ui.components.heading import heading, problem
from cicd_health.ui.components.panel import SUB
from cicd_health.ui.page import Page
from cicd_health.ui.states.alerts import AlertsHeadState, AlertsState
from cicd_health.ui.states.session import SessionState

SHOWN: Any = AlertsHeadState.shown  # a type checker cannot follow a variable of a state into its fields


def body() -> rx.Component:
    return rx.fragment(
        heading(SHOWN.sentence, rx.el.span(SHOWN.sub, class_name=SUB)),
        rx.cond(AlertsHeadState.problem != "", problem(AlertsHeadState.problem)),
        rx.match(
            SHOWN.tab,
            ("rules", rx.fragment(alert_editor(), alert_rules())),
            ("channels", rx.fragment(alert_channel_form(), alert_channels())),
            ("deliveries", alert_messages()),
            ("silences", alert_silences()),
            rx.fragment(open_incidents(), alert_messages(), past_incidents()),
        ),
        incident_drawer(),
        alert_dialog(),
    )


PAGE = Page(
    routes.ALERTS,
    "Alerts",
    body=body,
    icon="alerts",
    bar=alerts_bar,
    on_load=[AlertsState.follow, SessionState.load],
)
