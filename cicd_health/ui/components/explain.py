"""Every number leads to what stands behind it: the link around the number, and the drawer that opens."""

from typing import Any

import reflex as rx

from cicd_health.ui.components.drawer import drawer
from cicd_health.ui.components.link import inside
from cicd_health.ui.components.mark import GLYPHS, tone_of
from cicd_health.ui.components.panel import PRIMARY, TITLE, bar
from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.explain_view import Beside, LeftOutRow
from cicd_health.ui.keys import key
from cicd_health.ui.shown import Shown
from cicd_health.ui.states.explain import ExplainState

SHOWN: Any = ExplainState.shown  # a type checker cannot follow a variable of a state into its fields
STAYS = {"preventScrollReset": True}
NUMBER = "decoration-dotted decoration-from-font underline-offset-4 hover:underline"
# Large enough for a finger.
ABOVE = "relative max-tab:after:absolute max-tab:after:-inset-x-2 max-tab:after:-inset-y-3.5"
SECTION = "grid gap-1.5 px-4 py-3 border-t border-line"
HEAD = "text-12 font-medium text-ink-2"


def explain_link(
    *children: Any, to: str | rx.Var[str], label: str | rx.Var[str] = "", class_name: str = ABOVE
) -> rx.Component:
    """A number that opens its explanation: `to` is `routes.explained(page, slug)`, `label` says of what it is.

    It lies above the link of its row; one that is itself to cover something has another `class_name`.
    """
    return inside(*children, to=to, title=label, class_name=f"{NUMBER} {class_name}", custom_attrs=STAYS)


def explain_drawer() -> rx.Component:
    """Once on each page with numbers, whose `on_load` has `ExplainState.follow`."""
    return rx.cond(SHOWN.label != "", rx.fragment(_veil(), drawer(*_parts(), subject=SHOWN.key, label=_name())))


def _name() -> rx.Var[str]:
    return rx.Var.create(f"{SHOWN.label} explained")


def _leave(*children: Any, **props: Any) -> rx.Component:
    """Without a step in the history: going back closes it as well."""
    return inside(*children, to=SHOWN.close, **props)


def _veil() -> rx.Component:
    """On a phone, the page behind the sheet: touching it closes the sheet."""
    return _leave(
        class_name="tab:hidden fixed inset-0 z-40 bg-ink/40 dark:bg-bg/70",
        custom_attrs={**STAYS, "replace": True, "aria-hidden": "true", "tabIndex": -1},
    )


def _parts() -> list[rx.Component]:
    return [
        _head(),
        rx.cond(SHOWN.problem != "", rx.el.p(SHOWN.problem, class_name="px-4 py-3 text-fail-ink", role="alert")),
        rx.cond(SHOWN.value != "", rx.fragment(*_read()), _loading()),
    ]


def _head() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.h2(SHOWN.label, class_name=f"{TITLE} flex-none"),
            rx.el.span(SHOWN.of, class_name="text-12 text-ink-3 truncate"),
            class_name="flex items-baseline gap-2 min-w-0",
        ),
        _leave(
            glyph("close", 16, label="Close"),
            title="Close (Esc)",
            class_name="ml-auto flex-none grid place-items-center size-11 tab:size-8 rounded-md text-ink-2 "
            "hover:bg-hover",
            custom_attrs={**STAYS, "replace": True, **key("Escape")},
        ),
        class_name="sticky top-0 z-10 flex items-center gap-2 min-h-12 pl-4 pr-2 bg-overlay",
    )


def _read() -> list[rx.Component]:
    return [
        rx.el.div(
            rx.el.p(
                SHOWN.value,
                rx.cond(SHOWN.unit != "", rx.el.small(" ", SHOWN.unit, class_name="text-14 font-medium text-ink-2")),
                class_name="text-22 font-semibold tracking-[-0.02em]",
            ),
            rx.el.p(SHOWN.n_of_m, class_name="text-ink-2"),
            class_name="flex flex-wrap items-baseline gap-x-3 px-4 pb-3",
        ),
        _section("Window", rx.el.p(SHOWN.period), rx.el.p(SHOWN.narrowed, class_name="text-ink-3")),
        _section("Formula", rx.el.p(SHOWN.formula), rx.el.p(SHOWN.source, class_name="text-ink-3")),
        rx.cond(
            SHOWN.beside.length() > 0,
            _section("Beside it", rx.el.dl(rx.foreach(SHOWN.beside, _beside), class_name="grid gap-0.5")),
        ),
        _section(
            "Left out",
            rx.cond(
                SHOWN.nothing_left_out != "",
                rx.el.p(SHOWN.nothing_left_out),
                rx.el.ul(rx.foreach(SHOWN.left_out, _left_out), class_name="grid gap-2"),
            ),
        ),
        rx.cond(
            SHOWN.remarks.length() > 0,
            _section("Notes", rx.foreach(SHOWN.remarks, lambda said: rx.el.p(said, key=said))),
        ),
        rx.el.div(
            rx.cond(
                SHOWN.runs != "",
                inside(SHOWN.runs, to=SHOWN.runs_href, class_name=f"{PRIMARY} max-tab:h-11 max-tab:grow"),
            ),
            rx.el.a(
                "The same number in the API",
                href=SHOWN.api_href,
                target="_blank",
                class_name="inline-flex items-center min-h-11 tab:min-h-8 text-12 font-medium text-link",
            ),
            class_name="sticky bottom-0 flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3 border-t border-line "
            "bg-overlay",
        ),
    ]


def _section(title: str, *children: rx.Component) -> rx.Component:
    return rx.el.div(rx.el.h3(title, class_name=HEAD), *children, class_name=SECTION)


def _beside(one: Shown[Beside]) -> rx.Component:
    return rx.el.div(
        rx.el.dt(one.name, class_name="text-ink-2"),
        rx.el.dd(one.value, class_name="text-right"),
        class_name="flex justify-between gap-4",
        key=one.name,
    )


def _left_out(one: Shown[LeftOutRow]) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            rx.cond(
                one.mark != "",
                rx.el.span(glyph(GLYPHS[one.mark]), class_name="text-tone", custom_attrs=tone_of(one.mark)),
            ),
            one.word,
            rx.el.span(one.count, class_name="ml-auto"),
            class_name="flex items-center gap-2",
        ),
        rx.cond(one.why != "", rx.el.span(one.why, class_name="text-12 text-ink-3")),
        class_name="grid",
        key=one.word,
    )


def _loading() -> rx.Component:
    return rx.el.div(
        bar("w-32", "h-6"),
        bar("w-full"),
        bar("w-2/3"),
        bar("w-full"),
        class_name="grid gap-3 px-4 pb-4 appear",
        aria_hidden="true",
    )
