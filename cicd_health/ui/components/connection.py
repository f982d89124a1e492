"""A lost connection is said, for as long as it lasts; and a page that cannot be drawn says so too."""

import reflex as rx
from reflex_base.vars.function import ArgsFunctionOperation
from reflex_components_core.base.error_boundary import ErrorBoundary
from reflex_components_core.core.banner import has_too_many_connection_errors

from cicd_health.ui.components.panel import PRIMARY
from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.states.overview import HeadingState


@rx.memo
def lost_connection() -> rx.Component:
    """Bottom right, on the phone at the top. Reloading leads to the sign-in form when the session has ended."""
    return rx.el.div(
        rx.cond(
            has_too_many_connection_errors,
            rx.el.div(
                rx.el.span(glyph("running", 16), class_name="text-run"),
                rx.el.p("Connection lost, trying again", class_name="font-medium"),
                rx.el.a("Reload", href="", class_name="text-12 font-medium text-link"),
                rx.cond(
                    HeadingState.shown.checked != "",
                    rx.el.p(
                        "These are the numbers of ",
                        HeadingState.shown.checked,
                        class_name="col-start-2 text-12 text-ink-3",
                    ),
                ),
                class_name="grid grid-cols-[16px_minmax(0,1fr)_auto] gap-x-3 gap-y-1 items-center w-full tab:w-88 p-3 "
                "rounded-lg border border-line-2 bg-overlay text-ink shadow-(--shadow)",
            ),
        ),
        class_name="fixed z-50 inset-x-4 top-4 tab:inset-x-auto tab:top-auto tab:right-6 tab:bottom-6",
        role="status",
    )


def boundary() -> rx.Component:
    """What stands in place of a page whose drawing failed."""
    return ErrorBoundary.create(
        fallback_render=ArgsFunctionOperation.create(
            ("event_args",),
            rx.Var.create(
                rx.el.main(
                    rx.el.h1("This page cannot be drawn", class_name="text-20 font-semibold"),
                    rx.el.p(
                        "Something in it went wrong in the browser. Nothing received is lost.",
                        class_name="text-ink-2",
                    ),
                    rx.el.a("Reload", href="", class_name=PRIMARY),
                    class_name="grid gap-3 justify-items-center content-center min-h-screen p-6 text-center bg-bg "
                    "text-ink",
                )
            ),
        )
    )
