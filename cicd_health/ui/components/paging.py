"""Where a list goes on, and back to its beginning."""

import reflex as rx

from cicd_health.ui.components.link import inside
from cicd_health.ui.components.panel import BUTTON


def pages(
    newest: rx.Var[str], older: rx.Var[str], back: str = "Newest", on: rx.Var[str] | str = "Older"
) -> rx.Component:
    """Nothing when the list has one page."""
    return rx.cond(
        (newest != "") | (older != ""),
        rx.el.nav(
            rx.cond(newest != "", inside(back, to=newest, class_name=f"{BUTTON} max-tab:h-11")),
            rx.cond(older != "", inside(on, to=older, class_name=f"{BUTTON} max-tab:h-11")),
            class_name="flex justify-end gap-2 px-4 py-2 border-t border-line",
            custom_attrs={"aria-label": "Pages of the list"},
        ),
    )
