"""Links inside the app, without a reload."""

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink


def inside(*children, to: str | rx.Var[str], **props) -> rx.Component:
    return ReactRouterLink.create(*children, to=to, **props)


# A link of a row covers the whole row; the row must be `relative`.
COVERING = (
    "after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 "
    "focus-visible:after:-outline-offset-2 focus-visible:after:outline-focus"
)
