"""Links inside the app, without a reload."""

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink


def inside(*children, to: str | rx.Var[str], **props) -> rx.Component:
    return ReactRouterLink.create(*children, to=to, **props)


def inside_or_plain(*children, to: rx.Var[str], class_name: str, **props) -> rx.Component:
    """A link inside the app; plain text where it would lead nowhere."""
    return rx.cond(
        to != "",
        inside(*children, to=to, class_name=class_name, **props),
        rx.el.span(*children, class_name=class_name, **props),
    )


# A link of a row covers the whole row; the row must be `relative`.
COVERING = (
    "after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 "
    "focus-visible:after:-outline-offset-2 focus-visible:after:outline-focus"
)
