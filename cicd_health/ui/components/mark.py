"""Outcome and state: shape, word and colour together; and how a number moved."""

import reflex as rx

from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.format import Delta
from cicd_health.ui.rows import Mark
from cicd_health.ui.shown import Shown


def toned(tone: str | rx.Var[str]) -> dict[str, str | rx.Var[str]]:
    """The attribute that gives a part its family; see assets/base.css."""
    return {"data-tone": tone}


def marked(mark: Shown[Mark], word_class: str = "") -> rx.Component:
    """Glyph and word, as in the first column of a table."""
    return rx.el.span(
        rx.el.span(glyph(mark.glyph), class_name="text-tone"),
        rx.el.span(mark.word, class_name=f"text-tone-word font-(--tone-weight) {word_class}"),
        class_name="inline-flex items-center gap-2 whitespace-nowrap",
        custom_attrs=toned(mark.tone),
    )


def lone_glyph(mark: Shown[Mark], size: int = 14) -> rx.Component:
    """A glyph without its word, named for those who do not see it."""
    return rx.el.span(glyph(mark.glyph, size, label=mark.word), class_name="text-tone", custom_attrs=toned(mark.tone))


def pill(mark: Shown[Mark]) -> rx.Component:
    return rx.el.span(
        rx.el.span(glyph(mark.glyph, 12), class_name="text-tone"),
        mark.word,
        class_name="inline-flex items-center gap-1.5 h-5 pl-1 pr-2 rounded-[10px] text-12 leading-5 font-medium "
        "whitespace-nowrap text-tone-ink bg-tone-soft",
        custom_attrs=toned(mark.tone),
    )


def delta(change: Shown[Delta]) -> rx.Component:
    """A triangle and a size: red worse, green better, grey when it may be chance."""
    return rx.el.span(
        rx.match(
            change.arrow,
            ("up", _triangle("M4 1.5 7 6.5H1z", "up")),
            ("down", _triangle("M4 6.5 1 1.5h6z", "down")),
            rx.fragment(),
        ),
        change.text,
        class_name="inline-flex items-center gap-[3px] text-12 font-medium whitespace-nowrap text-tone-word",
        custom_attrs=toned(change.tone),
    )


def _triangle(shape: str, word: str) -> rx.Component:
    return rx.el.svg(
        rx.el.svg.path(d=shape, fill="currentColor"),
        width="8",
        height="8",
        view_box="0 0 8 8",
        class_name="block flex-none",
        custom_attrs={"role": "img", "aria-label": word},
    )
