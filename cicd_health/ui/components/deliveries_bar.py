"""The filters of the deliveries page: all in the address."""

import reflex as rx

from cicd_health.ui.components.choices import BAR, options, segments, select
from cicd_health.ui.components.form import search_box
from cicd_health.ui.components.link import inside
from cicd_health.ui.states.deliveries import DeliveriesHeadState, DeliveriesState


def deliveries_bar() -> rx.Component:
    head = DeliveriesHeadState.shown
    return rx.el.div(
        rx.el.div(segments("State", head.states), class_name="max-tab:w-full max-tab:overflow-x-auto"),
        rx.el.div(
            select("Source", head.provider, options(head.providers), DeliveriesState.choose_provider),
            class_name="max-tab:*:h-11",
        ),
        search_box("Event, delivery id, error", head.q, DeliveriesState.look_for),
        rx.cond(
            head.everything != "",
            inside(
                "Clear",
                to=head.everything,
                class_name="px-1 max-tab:py-3.5 text-12 font-medium text-ink-2 hover:text-ink",
            ),
        ),
        rx.el.span(head.zone, class_name="hidden desk:inline ml-auto text-12 text-ink-3 whitespace-nowrap"),
        class_name=BAR,
    )
