"""What came of what somebody did, where they did it."""

import reflex as rx

from cicd_health.ui.components.mark import toned
from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.shown import Shown
from cicd_health.ui.told import Note

INSET = "px-4 py-2.5 border-b border-line"


def told(notes: Shown[dict[str, Note]], place: rx.Var[str] | str, inset: str = INSET) -> rx.Component:
    """The note of this place, if there is one; its sentences below it."""
    note: Shown[Note] = notes[place]
    return rx.el.div(
        rx.cond(
            notes.contains(place),
            rx.el.div(
                rx.el.p(
                    rx.el.span(
                        rx.match(
                            note.tone,
                            ("ok", glyph("success")),
                            ("fail", glyph("failure")),
                            glyph("stale"),
                        ),
                        class_name="text-tone mt-[3px]",
                    ),
                    rx.el.span(note.text, class_name="font-medium min-w-0 break-words"),
                    class_name="flex items-start gap-2",
                    custom_attrs=toned(note.tone),
                ),
                rx.el.ul(
                    rx.foreach(note.sentences, lambda said: rx.el.li(said, key=said)),
                    class_name="pl-[22px] text-12 text-ink-2",
                ),
                class_name=f"grid gap-1 {inset}",
            ),
        ),
        role="status",
    )
