"""All pipelines, worst first or by a column, a page at a time."""

from typing import Any

import reflex as rx
from reflex.vars import ObjectVar

from cicd_health.ui import routes
from cicd_health.ui.charts import strip
from cicd_health.ui.components.explain import explain_link
from cicd_health.ui.components.link import COVERING, inside
from cicd_health.ui.components.mark import delta, lone_glyph, marked, toned
from cicd_health.ui.components.paging import pages
from cicd_health.ui.components.panel import BUTTON, SURFACE, bar, notice
from cicd_health.ui.components.pipelines_table import CELL, HEAD, ROW
from cicd_health.ui.geometry import Strip
from cicd_health.ui.pipelines_view import PipelineListRow
from cicd_health.ui.rows import Piece, PipelineNow
from cicd_health.ui.shown import Shown, filled
from cicd_health.ui.states.pipelines import PipelineListState, PipelinesHeadState

# A type checker cannot follow a variable of a state into the page.
SHOWN: Any = PipelinesHeadState.shown
MID, DESK, WIDE = "max-[960px]:hidden", "max-desk:hidden", "max-wide:hidden"
# Word, what it sorts by (None: it does not), class.
COLUMNS: tuple[tuple[str, str | None, str], ...] = (
    ("State", "", "w-[108px]"),
    ("Pipeline", "name", "wide:w-[22%]"),
    ("Why", None, WIDE),
    ("Last 30 runs", None, "w-[173px] wide:w-[264px]"),
    ("Success rate", "rate", "w-28 min-[961px]:w-[192px] text-right"),
    ("p50", "p50", f"w-[80px] text-right {DESK}"),
    ("p95 and change", "p95", f"w-[140px] text-right {MID}"),
    ("Queue p95", "queue", f"w-[88px] text-right {DESK}"),
    ("Runs", "runs", f"w-[60px] text-right {DESK}"),
    ("Machine time", "spent", f"w-[106px] text-right {DESK}"),
    ("Last verdict", "last", "w-[112px]"),
)


@rx.serializer
def sent(row: PipelineListRow) -> dict[str, Any]:
    return filled(row)


def pipelines_list() -> rx.Component:
    state = PipelineListState
    return rx.el.section(
        rx.cond(
            state.loaded & (state.rows.length() == 0),
            rx.el.div(notice(SHOWN.nothing, SHOWN.hint, _further()), class_name="py-8"),
            rx.fragment(
                rx.el.table(
                    rx.el.thead(
                        rx.el.tr(*[_head(*column) for column in COLUMNS]),
                        class_name="hidden tab:table-header-group",
                    ),
                    rx.el.tbody(
                        rx.cond(
                            state.loaded,
                            rx.foreach(
                                state.rows,
                                lambda row: _row(
                                    row=row,
                                    now=state.now[row.key],
                                    runs=state.strips[row.key],
                                    explaining=SHOWN.explaining,
                                    key=row.key,
                                ),
                            ),
                            rx.fragment(*[_loading() for _ in range(12)]),
                        ),
                        class_name="max-tab:block",
                    ),
                    class_name="w-full border-separate border-spacing-0 max-tab:block",
                ),
                pages(SHOWN.newest, SHOWN.older, "Previous", "Next"),
            ),
        ),
        class_name=SURFACE,
        custom_attrs={"aria-label": "Pipelines"},
    )


def _head(word: str, slug: str | None, width: str) -> rx.Component:
    """A column that sorts is a link, and says which way it is sorted."""
    if slug is None:
        return rx.el.th(word, scope="col", class_name=f"{HEAD} {width}")
    link = SHOWN.sorts[slug]
    return rx.el.th(
        inside(
            word,
            rx.match(
                link.order,
                ("ascending", _triangle("M4 1.5 7 6.5H1z")),
                ("descending", _triangle("M4 6.5 1 1.5h6z")),
                rx.fragment(),
            ),
            to=rx.cond(link.href, link.href, routes.PIPELINES),
            class_name="inline-flex items-center gap-1 hover:text-ink",
            custom_attrs={"preventScrollReset": True},
        ),
        scope="col",
        class_name=f"{HEAD} {width} aria-[sort=ascending]:text-ink aria-[sort=descending]:text-ink",
        custom_attrs={"aria-sort": rx.cond(link.order, link.order, "none")},
    )


def _triangle(shape: str) -> rx.Component:
    return rx.el.svg(
        rx.el.svg.path(d=shape, fill="currentColor"),
        width="8",
        height="8",
        view_box="0 0 8 8",
        class_name="block flex-none",
        aria_hidden="true",
    )


@rx.memo
def _row(
    *,
    row: ObjectVar[PipelineListRow],
    now: ObjectVar[PipelineNow],
    runs: ObjectVar[Strip],
    explaining: rx.Var[str],
    rest: rx.RestProp,
) -> rx.Component:
    def number(words: rx.Var[str], what: str, slug: str, tone: Any = "", width: str = "") -> rx.Component:
        """A number, and the way to how it is made."""
        return rx.el.span(
            explain_link(words, to=f"{explaining}{slug}@{row.key}", label=f"{what} of {row.name}: {words}"),
            class_name=f"text-tone-word font-(--tone-weight) {width}",
            custom_attrs=toned(tone),
        )

    return rx.el.tr(
        rx.el.td(marked(row.mark, "max-tab:hidden"), class_name=CELL),
        rx.el.td(
            rx.el.span(
                inside(row.name, to=row.href, class_name=f"font-medium truncate shrink-0 max-w-full {COVERING}"),
                rx.el.span(row.where, class_name="text-12 text-ink-3 truncate"),
                class_name="flex items-baseline gap-2 min-w-0 max-tab:flex-wrap max-tab:gap-y-0",
            ),
            _why(row.why, "max-tab:hidden wide:hidden -mt-0.5 pb-1.5 text-12 leading-4"),
            class_name=f"{CELL} tab:max-w-0 min-w-0",
        ),
        rx.el.td(_why(row.why, ""), class_name=f"{CELL} max-w-0 {WIDE}"),
        rx.el.td(strip.draw(runs), class_name=f"{CELL} max-tab:col-start-2 max-tab:row-start-2"),
        rx.el.td(
            rx.el.span(
                rx.el.span(row.n_of_m, class_name="text-12 text-ink-3 max-[960px]:hidden"),
                number(row.rate, "Success rate", "success_rate", row.rate_tone, "min-w-13"),
                rx.el.span(delta(row.rate_delta), class_name=f"min-w-13 text-right {MID}"),
                class_name="inline-flex items-baseline justify-end gap-2",
            ),
            class_name=f"{CELL} text-right max-tab:col-start-3 max-tab:row-start-1",
        ),
        rx.el.td(number(row.p50, "Duration p50", "duration_s"), class_name=f"{CELL} text-right {DESK}"),
        rx.el.td(
            rx.el.span(
                number(row.p95, "Duration p95", "duration_s"),
                rx.el.span(delta(row.p95_delta), class_name="min-w-12 text-right"),
                class_name="inline-flex items-baseline justify-end gap-2",
            ),
            class_name=f"{CELL} text-right {MID}",
        ),
        rx.el.td(
            number(row.queue, "Queue p95", "queue_s", row.queue_tone),
            class_name=f"{CELL} text-right text-ink-2 {DESK}",
        ),
        rx.el.td(number(row.runs, "Runs", "throughput_per_day"), class_name=f"{CELL} text-right text-ink-2 {DESK}"),
        rx.el.td(
            number(row.spent, "Machine time", "spent_s"),
            class_name=f"{CELL} text-right text-ink-2 {DESK}",
        ),
        rx.el.td(
            rx.el.span(
                lone_glyph(row.last, 12),
                rx.el.span(now.age, title=row.last_exact, class_name="relative text-12 text-ink-2"),
                class_name="flex items-center gap-1.5 max-tab:justify-end",
            ),
            class_name=f"{CELL} max-tab:col-start-3 max-tab:row-start-2 max-tab:self-end max-tab:text-right",
        ),
        rest,
        class_name=ROW,
    )


def _why(pieces: Shown[list[Piece]], class_name: str) -> rx.Component:
    """Why it is in its state: a second line, and a column of its own where there is room. Nothing when healthy."""
    return rx.cond(
        pieces.length() > 0,
        rx.el.span(
            rx.foreach(
                pieces,
                lambda piece: rx.cond(
                    piece.code, rx.el.code(piece.text, class_name="font-mono text-12"), rx.el.span(piece.text)
                ),
            ),
            class_name=f"block text-ink-2 truncate {class_name}",
        ),
    )


def _further() -> rx.Component:
    return rx.cond(
        SHOWN.connect,
        inside("Connect a source", to=routes.SOURCES, class_name=f"{BUTTON} mt-2 max-tab:h-11"),
        rx.cond(
            SHOWN.everything != "",
            inside("Clear filters", to=SHOWN.everything, class_name=f"{BUTTON} mt-2 max-tab:h-11"),
        ),
    )


def _loading() -> rx.Component:
    return rx.el.tr(
        rx.el.td(bar("w-16"), class_name=CELL),
        rx.el.td(bar("w-48"), class_name=CELL),
        rx.el.td(class_name=f"{CELL} max-tab:hidden {WIDE}"),
        rx.el.td(bar("w-36", "h-4"), class_name=f"{CELL} max-tab:col-start-2"),
        rx.el.td(class_name=f"{CELL} max-tab:hidden"),
        rx.el.td(class_name=f"{CELL} {DESK}"),
        rx.el.td(class_name=f"{CELL} {MID}"),
        *[rx.el.td(class_name=f"{CELL} {DESK}") for _ in range(3)],
        rx.el.td(class_name=f"{CELL} max-tab:hidden"),
        class_name=ROW + " appear",
        aria_hidden="true",
    )
