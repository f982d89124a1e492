"""What was delivered, what became of it, and trying again."""

import reflex as rx

from cicd_health.ui import routes
from cicd_health.ui.components.deliveries_bar import deliveries_bar
from cicd_health.ui.components.deliveries_table import deliveries_table
from cicd_health.ui.components.delivery_detail import delivery_detail
from cicd_health.ui.components.heading import heading, problem
from cicd_health.ui.page import Page
from cicd_health.ui.states.deliveries import DeliveriesHeadState, DeliveriesState, DeliveryListState
from cicd_health.ui.states.session import SessionState


def body() -> rx.Component:
    head = DeliveriesHeadState
    opened = DeliveryListState.open != ""
    return rx.fragment(
        heading(head.shown.sentence),
        rx.cond(head.problem != "", problem(head.problem)),
        rx.el.div(
            rx.el.div(deliveries_table(), class_name="min-w-0 order-2 desk:order-1"),
            rx.cond(opened, rx.el.div(delivery_detail(), class_name="min-w-0 order-1 desk:order-2")),
            class_name=rx.cond(
                opened,
                "grid gap-4 tab:gap-5 items-start grid-cols-[minmax(0,1fr)] "
                "desk:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]",
                "grid grid-cols-[minmax(0,1fr)]",
            ),
        ),
    )


PAGE = Page(
    routes.DELIVERIES,
    "Deliveries",
    body=body,
    icon="deliveries",
    bar=deliveries_bar,
    on_load=[DeliveriesState.follow, SessionState.load],
)
