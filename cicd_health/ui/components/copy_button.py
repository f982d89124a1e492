"""A button that copies, and says that it did where its word was."""

from typing import Any

import reflex as rx

from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.copying import copies


def copy_button(
    text: rx.Var[str] | str, class_name: str, *, word: str = "Copy", size: int = 14, **more: Any
) -> rx.Component:
    """Without a text, `on_click` does the copying."""
    attributes = {**copies(text), **more.pop("custom_attrs", {})}
    return rx.el.button(
        glyph("copy", size),
        rx.el.span(
            rx.el.span(word, class_name="[grid-area:1/1] group-data-[copied]:invisible"),
            rx.el.span("Copied", class_name="[grid-area:1/1] invisible group-data-[copied]:visible"),
            class_name="grid text-center",
        ),
        type="button",
        class_name=f"group {class_name}",
        custom_attrs=attributes,
        **more,
    )
