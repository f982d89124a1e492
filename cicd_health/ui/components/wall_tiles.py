"""The parts of the wall: the large red tile, the tiles, the quiet lines. All sizes follow the screen: see base.css."""

import reflex as rx
from reflex.vars import ObjectVar

from cicd_health.ui.charts import strip
from cicd_health.ui.components.link import COVERING, inside
from cicd_health.ui.components.mark import delta, toned
from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.rows import Piece
from cicd_health.ui.shown import Shown
from cicd_health.ui.wall_view.page import Number
from cicd_health.ui.wall_view.tiles import Hero, Line, Tile

PANEL = "bg-surface border border-line rounded-[calc(12*var(--u))]"
LOOKS = {
    "solid": "on-solid bg-fail-solid text-on-solid border-fail-solid",
    "outlined": "bg-surface border-fail-line",
    "barred": "bg-surface border-line pl-8.5",
}
TILE = (
    "relative grid grid-rows-[auto_minmax(0,1fr)_auto] min-w-0 min-h-0 overflow-hidden border "
    "rounded-[calc(12*var(--u))] px-6 py-5 group-data-[dense=true]:py-3.5 "
)


def hero(shown: Shown[Hero]) -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.p(
                rx.el.span(glyph("failure"), class_name="*:size-11 max-tab:*:size-7"),
                shown.said,
                class_name="flex items-center gap-4 text-w32 font-semibold",
            ),
            rx.el.h1(
                inside(shown.name, to=shown.href, title=shown.name, class_name=f"block truncate {COVERING}"),
                class_name="mt-3 group-data-[dense=true]:mt-1 text-w88 group-data-[dense=true]:text-w64 "
                "max-tab:text-w56 font-semibold tracking-[-0.035em] max-tab:tracking-[-0.02em]",
            ),
            rx.el.p(shown.place, class_name="mt-1 text-w36 font-medium tracking-[-0.01em] truncate"),
            class_name="min-w-0",
        ),
        rx.el.p(
            rx.el.span(
                shown.number,
                class_name="block text-w120 group-data-[dense=true]:text-w88 max-tab:text-w88 font-semibold "
                "tracking-[-0.045em]",
            ),
            rx.el.span(shown.unit, class_name="block mt-2 text-w32 font-medium"),
            rx.el.span(shown.since, class_name="block text-w32 font-medium"),
            class_name="tab:text-right whitespace-nowrap max-tab:flex max-tab:items-baseline max-tab:gap-3",
        ),
        rx.el.div(
            strip.draw(shown.strip, "w-full h-16"),
            class_name="tab:col-span-2 self-end pb-5 group-data-[dense=true]:hidden",
        ),
        rx.el.p(
            rx.foreach(shown.why, _piece),
            class_name="tab:col-span-2 self-end border-t-2 border-current/35 pt-5 group-data-[dense=true]:pt-3.5 "
            "text-w32 group-data-[dense=true]:text-w28 font-medium truncate max-tab:whitespace-normal empty:hidden",
        ),
        class_name="on-solid relative grid grid-cols-[minmax(0,1fr)] tab:grid-cols-[minmax(0,1fr)_auto] "
        "grid-rows-[auto_minmax(0,1fr)_auto] group-data-[dense=true]:grid-rows-[minmax(0,1fr)_auto] gap-x-10 "
        "min-w-0 min-h-0 overflow-hidden bg-fail-solid text-on-solid rounded-[calc(12*var(--u))] px-10 py-9 "
        "max-tab:px-5 max-tab:py-4 group-data-[dense=true]:py-6",
        custom_attrs={"aria-label": "Broken for longest"},
    )


def _piece(piece: Shown[Piece]) -> rx.Component:
    return rx.cond(piece.code, rx.el.code(piece.text, class_name="font-mono text-[0.88em]"), rx.el.span(piece.text))


@rx.memo
def tile(*, tile: ObjectVar[Tile], rest: rx.RestProp) -> rx.Component:
    return rx.el.li(
        rx.cond(
            tile.look == "barred",
            rx.el.i(class_name="absolute inset-y-0 left-0 w-2.5 bg-tone"),
        ),
        rx.el.p(
            rx.el.span(
                rx.el.span(glyph(tile.glyph), class_name="*:size-6"),
                tile.word,
                class_name="flex items-center gap-3 min-w-0",
            ),
            tile.age,
            class_name="flex items-center justify-between gap-3 text-w24 font-semibold whitespace-nowrap text-tone-ink",
        ),
        rx.el.h2(
            inside(tile.name, to=tile.href, title=tile.name, class_name=f"block truncate {COVERING}"),
            class_name="self-center text-w36 group-data-[dense=true]:text-w28 font-semibold tracking-[-0.02em] min-w-0",
        ),
        rx.el.div(
            rx.el.p(tile.place, class_name="truncate group-data-[dense=true]:hidden"),
            rx.el.p(
                rx.foreach(tile.why, _piece),
                class_name="line-clamp-2 group-data-[dense=true]:line-clamp-1 break-words",
            ),
            class_name="text-w22 group-data-[dense=true]:text-w20 font-medium text-ink-2 min-w-0",
        ),
        rest,
        class_name=rx.match(
            tile.look,
            ("solid", TILE + LOOKS["solid"]),
            ("outlined", TILE + LOOKS["outlined"]),
            TILE + LOOKS["barred"],
        ),
        custom_attrs=toned(tile.tone),
    )


@rx.memo
def beside(*, tile: ObjectVar[Tile], rest: rx.RestProp) -> rx.Component:
    """A red tile that has a third of the height of the large one beside it."""
    return rx.el.li(
        rx.el.p(
            rx.el.span(glyph(tile.glyph, label=tile.word), class_name="*:size-8 group-data-[dense=true]:*:size-6"),
            inside(tile.name, to=tile.href, title=tile.name, class_name=f"truncate {COVERING}"),
            rx.el.span(tile.age, class_name="ml-auto whitespace-nowrap"),
            class_name="flex items-center gap-3 text-w32 group-data-[dense=true]:text-w28 font-semibold",
        ),
        rx.el.p(tile.place, class_name="text-w22 group-data-[dense=true]:text-w20 truncate empty:hidden"),
        rx.el.p(rx.foreach(tile.why, _piece), class_name="text-w22 truncate empty:hidden"),
        rest,
        class_name="on-solid relative grid content-center gap-1 group-data-[dense=true]:gap-0 min-w-0 min-h-0 "
        "overflow-hidden bg-fail-solid text-on-solid rounded-[calc(12*var(--u))] px-6 py-2 font-medium",
    )


@rx.memo
def line(*, line: ObjectVar[Line], rest: rx.RestProp) -> rx.Component:
    return rx.el.li(
        rx.el.span(glyph(line.glyph, label=line.label), class_name="text-tone *:size-6"),
        rx.el.span(
            rx.el.span(
                inside(line.name, to=line.href, class_name=f"font-medium {COVERING}"),
                " ",
                rx.el.span(line.beside, class_name="text-ink-3"),
                class_name="block truncate text-w24",
            ),
            rx.el.span(line.said, class_name="block truncate text-w20 text-ink-2"),
            class_name="min-w-0",
        ),
        strip.draw(line.strip, "w-26 h-11 group-data-[dense=true]:w-18 group-data-[dense=true]:h-8"),
        rest,
        class_name="relative grid grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-4 "
        "group-data-[dense=true]:gap-3 px-1 border-t border-line-2 min-w-0",
        custom_attrs=toned(line.tone),
    )


def number(shown: Shown[Number]) -> rx.Component:
    return rx.el.li(
        rx.el.b(shown.value, class_name="block text-w52 font-semibold tracking-[-0.03em]"),
        rx.el.span(
            shown.said,
            rx.cond(
                shown.delta.arrow != "",
                rx.el.span(delta(shown.delta), class_name="ml-2 *:text-w22 [&_svg]:size-3.5"),
            ),
            class_name="block text-w22 font-medium text-ink-2",
        ),
        class_name="grid content-center max-tab:py-2",
        key=shown.said,
    )
