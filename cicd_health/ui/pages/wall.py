"""The wall: for a screen that nobody touches, readable from five metres. What is broken stays in sight."""

from typing import Any

import reflex as rx

from cicd_health.ui import routes
from cicd_health.ui.components import wall_tiles
from cicd_health.ui.components.link import inside
from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.keys import key
from cicd_health.ui.page import Page
from cicd_health.ui.rows import SourceRow
from cicd_health.ui.shown import Shown
from cicd_health.ui.states.session import SessionState
from cicd_health.ui.states.wall import WallState

# A type checker cannot follow a variable of a state into the page.
SHOWN: Any = WallState.shown
SCREEN: Any = WallState.screen


def body() -> rx.Component:
    return rx.el.div(
        _top(),
        rx.cond(WallState.problem != "", _problem()),
        rx.match(
            WallState.phase,
            ("live", rx.fragment(_first(), _tiles(), _lines())),
            ("first", _nothing_yet()),
            rx.el.div(class_name="grow"),
        ),
        _foot(),
        class_name="group grow min-h-0 flex flex-col gap-5 px-10 max-tab:px-4 pt-6 pb-5 font-medium",
        custom_attrs={"data-dense": rx.cond(SHOWN.dense, "true", "false")},
    )


def _top() -> rx.Component:
    return rx.el.header(
        rx.el.span(glyph("logo", 36), class_name="*:size-9"),
        inside(
            SHOWN.title,
            to=rx.cond(SHOWN.home != "", SHOWN.home, routes.OVERVIEW),
            title="To the overview",
            class_name="text-w28 font-semibold tracking-[-0.015em] truncate",
            custom_attrs=key("Escape"),
        ),
        rx.el.span(SHOWN.broken, class_name="text-fail-ink font-semibold empty:hidden"),
        rx.el.span(SHOWN.look, class_name="text-warn-ink font-semibold empty:hidden"),
        rx.el.span(SHOWN.quiet, class_name="text-ink-2 empty:hidden"),
        rx.el.span(SHOWN.rate, class_name="text-ink-2 max-tab:hidden empty:hidden"),
        rx.el.span(WallState.date, class_name="ml-auto text-ink-2"),
        rx.el.time(WallState.clock, class_name="text-w56 font-semibold tracking-[-0.03em]"),
        class_name="flex max-tab:flex-wrap items-center gap-6 max-tab:gap-x-3 max-tab:gap-y-1 tab:h-20 text-w24 "
        "whitespace-nowrap",
    )


def _first() -> rx.Component:
    """What is broken and, beside it, more of that or the numbers; the calm sentence where nothing is."""
    return rx.el.div(
        rx.cond(SHOWN.hero.key != "", wall_tiles.hero(SHOWN.hero), _calm()),
        rx.cond(
            SHOWN.beside.length() > 0,
            rx.el.ul(
                rx.foreach(SHOWN.beside, lambda one: wall_tiles.beside(tile=one, key=one.key)),
                class_name="grid auto-rows-fr gap-5 min-h-0",
            ),
            rx.el.ul(
                rx.foreach(SHOWN.numbers, wall_tiles.number),
                class_name=f"{wall_tiles.PANEL} grid auto-rows-fr divide-y divide-line px-8 max-tab:py-2 min-h-0",
            ),
        ),
        class_name="grow tab:min-h-0 grid gap-5 grid-cols-[minmax(0,1fr)] "
        "tab:grid-cols-[minmax(0,1fr)_calc(472*var(--u))] tab:grid-rows-[minmax(0,1fr)]",
    )


def _calm() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.span(glyph("success"), class_name="text-ok *:size-20 max-tab:*:size-8"),
            rx.el.h1(SHOWN.calm, class_name="text-w88 max-tab:text-w56 font-semibold tracking-[-0.035em]"),
            class_name="flex items-center gap-6",
        ),
        rx.el.p(SHOWN.calm_below, class_name="text-w28 text-ink-2 pl-26 max-tab:pl-14"),
        class_name=f"{wall_tiles.PANEL} grid content-center gap-2 px-10 py-8 min-w-0",
    )


def _tiles() -> rx.Component:
    return rx.el.ul(
        rx.foreach(SCREEN.tiles, lambda one: wall_tiles.tile(tile=one, key=one.key)),
        class_name="flex-none grid gap-5 grid-cols-[minmax(0,1fr)] tab:grid-cols-4 tab:auto-rows-[calc(216*var(--u))] "
        "tab:group-data-[dense=true]:auto-rows-[calc(148*var(--u))] empty:hidden",
        custom_attrs={"aria-label": "Need a look"},
    )


def _lines() -> rx.Component:
    return rx.el.ul(
        rx.foreach(SCREEN.lines, lambda one: wall_tiles.line(line=one, key=one.key)),
        class_name="flex-none grid gap-x-5 grid-cols-[minmax(0,1fr)] tab:grid-cols-4 "
        "auto-rows-[calc(84*var(--u))] tab:group-data-[dense=true]:grid-cols-5 "
        "tab:group-data-[dense=true]:auto-rows-[calc(64*var(--u))] empty:hidden",
        custom_attrs={"aria-label": "Quiet"},
    )


def _nothing_yet() -> rx.Component:
    return rx.el.div(
        rx.el.h1("No runs yet", class_name="text-w64 font-semibold tracking-[-0.03em]"),
        rx.el.p("This screen comes alive with the first one.", class_name="text-w28 text-ink-2"),
        inside("Connect a source", to=routes.SOURCES, class_name="text-w28 text-link"),
        class_name="grow grid content-center justify-items-center gap-4 text-center",
    )


def _problem() -> rx.Component:
    return rx.el.p(
        rx.el.span(glyph("startup_failure", label="Error"), class_name="text-fail *:size-7"),
        WallState.problem,
        class_name="flex items-center gap-4 px-6 py-3 rounded-[calc(12*var(--u))] border border-fail-line bg-fail-soft "
        "text-fail-ink text-w24",
        role="alert",
    )


def _foot() -> rx.Component:
    return rx.el.footer(
        rx.foreach(SHOWN.sources, _source),
        rx.el.span(WallState.paging, class_name="ml-auto"),
        class_name="flex-none flex max-tab:flex-wrap items-center gap-x-8 tab:h-11 text-w20 text-ink-2 "
        "whitespace-nowrap overflow-hidden",
    )


def _source(source: Shown[SourceRow]) -> rx.Component:
    return rx.el.span(
        rx.cond(
            source.fresh,
            rx.el.i(class_name="block flex-none size-3.5 rounded-full bg-ok"),
            rx.el.i(class_name="block flex-none size-3.5 rounded-full border-[calc(3*var(--u))] border-warn"),
        ),
        rx.el.span(source.label, " ", source.text, class_name=rx.cond(source.fresh, "", "text-warn-ink")),
        title=source.detail,
        class_name="flex items-center gap-3",
        key=source.key,
    )


PAGE = Page(routes.WALL, "Wall", body=body, on_load=[WallState.follow, SessionState.load], menu=False, bare=True)
