"""Links: inside the app without a reload, and out of it in a tab of their own."""

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink


def inside(*children, to: str | rx.Var[str], **props) -> rx.Component:
    return ReactRouterLink.create(*children, to=to, **props)


def outside(*children, href: rx.Var[str], class_name: str, **props) -> rx.Component:
    """To the provider's own page; plain text when it has none."""
    return rx.cond(
        href != "",
        rx.el.a(*children, href=href, target="_blank", rel="noopener noreferrer", class_name=class_name, **props),
        rx.el.span(*children, class_name=class_name, **props),
    )


# A link of a row covers the whole row; the row must be `relative`.
COVERING = (
    "after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 "
    "focus-visible:after:-outline-offset-2 focus-visible:after:outline-focus"
)
