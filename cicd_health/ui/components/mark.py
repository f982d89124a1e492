"""Outcome and state: shape, word and colour together; and how a number moved."""

import reflex as rx

from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.format import Delta
from cicd_health.ui.rows import BY_NAME, Mark
from cicd_health.ui.shown import Shown

# A row carries the name of its mark; what the mark looks like is in the page.
GLYPHS = rx.Var.create({name: mark.glyph for name, mark in BY_NAME.items()})
WORDS = rx.Var.create({name: mark.word for name, mark in BY_NAME.items()})
TONES = rx.Var.create({name: mark.tone for name, mark in BY_NAME.items()})


def toned(tone: str | rx.Var[str]) -> dict[str, str | rx.Var[str]]:
    """The attribute that gives a part its family; see assets/base.css."""
    return {"data-tone": tone}


def word(name: Shown[str]) -> rx.Var[str]:
    return WORDS[name]


def tone_of(name: Shown[str]) -> dict[str, str | rx.Var[str]]:
    return toned(TONES[name])


def marked(name: Shown[str], word_class: str = "") -> rx.Component:
    """Glyph and word, as in the first column of a table."""
    return rx.el.span(
        rx.el.span(glyph(GLYPHS[name]), class_name="text-tone"),
        rx.el.span(word(name), class_name=f"text-tone-word font-(--tone-weight) {word_class}"),
        class_name="inline-flex items-center gap-2 whitespace-nowrap",
        custom_attrs=tone_of(name),
    )


def mark_shown(mark: Shown[Mark], word_class: str = "") -> rx.Component:
    """The same for a mark that a row carries itself, because there are few such rows."""
    return rx.el.span(
        rx.el.span(glyph(mark.glyph), class_name="text-tone"),
        rx.el.span(mark.word, class_name=f"text-tone-word font-(--tone-weight) {word_class}"),
        class_name="inline-flex items-center gap-2 whitespace-nowrap",
        custom_attrs=toned(mark.tone),
    )


def lone_glyph(name: Shown[str], size: int = 14) -> rx.Component:
    """A glyph without its word, named for those who do not see it."""
    return rx.el.span(glyph(GLYPHS[name], size, label=word(name)), class_name="text-tone", custom_attrs=tone_of(name))


def pill(name: Shown[str]) -> rx.Component:
    return rx.el.span(
        rx.el.span(glyph(GLYPHS[name], 12), class_name="text-tone"),
        word(name),
        class_name="inline-flex items-center gap-1.5 h-5 pl-1 pr-2 rounded-[10px] text-12 leading-5 font-medium "
        "whitespace-nowrap text-tone-ink bg-tone-soft",
        custom_attrs=tone_of(name),
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
