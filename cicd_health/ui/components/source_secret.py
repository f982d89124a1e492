"""Giving a source a new webhook secret."""

from typing import Any

import reflex as rx

from cicd_health.ui.components.dialog import Step, answers, dialog, leave, shown_once, yes
from cicd_health.ui.states.source_secrets import RotationState

DOING: Any = RotationState  # a type checker cannot follow its handlers and variables into the page
ONCE = "Put it where the webhook is set up. It is stored encrypted, and not shown again."


def source_secret() -> rx.Component:
    """Once on the page of the sources."""
    return dialog(
        DOING.asking,
        sure=Step("New webhook secret", _sure(), DOING.name),
        shown=Step("The new secret", shown_once(ONCE, DOING.secret, "Webhook secret", DOING.leave), DOING.name),
    )


def _sure() -> rx.Component:
    return rx.fragment(
        rx.el.p(
            "The source gets a secret of its own. The one it had until now holds for another day, so that nothing is "
            "lost before the new one is set up."
        ),
        answers(DOING.said, leave(DOING.leave), yes("Make it", on_click=DOING.rotate)),
    )
