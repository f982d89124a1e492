"""All kinds of failure, the newest first or by a column, a page at a time; of one the failing lines below its row."""

from typing import Any

import reflex as rx
from reflex.vars import ObjectVar

from cicd_health.ui import routes
from cicd_health.ui.charts import sparkline
from cicd_health.ui.components.alert_dialog import acts, acts_of_several
from cicd_health.ui.components.failure_opened import opened
from cicd_health.ui.components.link import COVERING, inside
from cicd_health.ui.components.mark import marked
from cicd_health.ui.components.paging import pages
from cicd_health.ui.components.panel import BUTTON, SUB, SURFACE, bar, notice
from cicd_health.ui.components.runs_table import HEAD
from cicd_health.ui.failures_view.row import FailureNow, FailureRow
from cicd_health.ui.shown import Shown, filled
from cicd_health.ui.states.failures import FailureListState, FailuresHeadState

# A type checker cannot follow a variable of a state into the page.
SHOWN: Any = FailuresHeadState.shown
OPENED: Any = FailureListState.opened
MID, DESK = "max-[960px]:hidden", "max-desk:hidden"
CELL = (
    "tab:h-13 tab:px-3 tab:first:pl-4 tab:last:pr-4 tab:border-t tab:border-line tab:group-first/row:border-t-0 "
    "whitespace-nowrap overflow-hidden"
)
ROW = (
    "group/row relative tab:hover:bg-hover data-[open=true]:bg-selected transition-colors duration-120 max-tab:grid "
    "max-tab:grid-cols-[16px_minmax(0,1fr)_auto] max-tab:gap-x-3 max-tab:gap-y-0.5 max-tab:px-4 max-tab:py-2.5 "
    "max-tab:border-t max-tab:border-line max-tab:first:border-t-0"
)
LINK = "relative z-1 hover:underline"
# Word, what it sorts by (None: it does not), class.
COLUMNS: tuple[tuple[Any, str | None, str], ...] = (
    ("State", None, "w-[96px]"),
    ("Failure", None, ""),
    (SHOWN.bar, None, f"w-[136px] wide:w-[296px] {DESK}"),
    ("Runs", "runs", "w-[68px] text-right"),
    ("First seen", "", f"w-[104px] text-right {DESK}"),
    ("Last seen", "last", f"w-[108px] text-right {MID}"),
    ("Newest run", None, f"w-[96px] text-right {DESK}"),
    ("Incidents", None, "w-[256px]"),
)


@rx.serializer
def sent(row: FailureRow) -> dict[str, Any]:
    return filled(row)


def failures_list() -> rx.Component:
    state = FailureListState
    return rx.el.section(
        rx.cond(
            state.loaded & (state.rows.length() == 0),
            rx.el.div(notice(SHOWN.nothing, SHOWN.hint, _further()), class_name="py-8"),
            rx.fragment(
                rx.el.table(
                    rx.el.thead(
                        rx.el.tr(*[_head(*column) for column in COLUMNS]), class_name="hidden tab:table-header-group"
                    ),
                    rx.el.tbody(
                        rx.cond(
                            state.loaded,
                            rx.foreach(state.rows, _kind),
                            rx.fragment(*[_loading() for _ in range(12)]),
                        ),
                        class_name="max-tab:block",
                    ),
                    class_name="w-full table-fixed border-separate border-spacing-0 max-tab:block",
                    on_mouse_enter=state.hold,
                    on_mouse_leave=state.release,
                ),
                pages(SHOWN.newest, SHOWN.older, "Previous", "Next"),
            ),
        ),
        _unexplained(),
        class_name=SURFACE,
        custom_attrs={"aria-label": "Failures"},
    )


def _head(word: Any, slug: str | None, width: str) -> rx.Component:
    """A column that sorts is a link; the largest or the latest come first."""
    if slug is None:
        return rx.el.th(word, scope="col", class_name=f"{HEAD} {width}")
    link = SHOWN.sorts[slug]
    return rx.el.th(
        inside(
            word,
            rx.cond(link.order == "descending", _triangle()),
            to=rx.cond(link.href, link.href, routes.FAILURES),
            class_name="inline-flex items-center gap-1 hover:text-ink",
            custom_attrs={"preventScrollReset": True},
        ),
        scope="col",
        class_name=f"{HEAD} {width} aria-[sort=descending]:text-ink",
        custom_attrs={"aria-sort": rx.cond(link.order, link.order, "none")},
    )


def _triangle() -> rx.Component:
    return rx.el.svg(
        rx.el.svg.path(d="M4 6.5 1 1.5h6z", fill="currentColor"),
        width="8",
        height="8",
        view_box="0 0 8 8",
        class_name="block flex-none",
        aria_hidden="true",
    )


def _kind(row: Any) -> rx.Component:
    """Its row, and below it what there is to see of the one that is open."""
    is_open = OPENED.key == row.key
    return rx.fragment(
        _row(row=row, now=FailureListState.now[row.key], span=SHOWN.span, is_open=is_open),
        rx.cond(
            is_open,
            rx.el.tr(
                rx.el.td(
                    opened(OPENED, SHOWN.span), col_span=len(COLUMNS), class_name="max-tab:block border-t border-line"
                ),
                class_name="max-tab:block",
            ),
        ),
        key=row.key,
    )


@rx.memo
def _row(
    *, row: ObjectVar[FailureRow], now: ObjectVar[FailureNow], span: rx.Var[str], is_open: rx.Var[bool]
) -> rx.Component:
    return rx.el.tr(
        rx.el.td(marked(row.mark, "max-tab:sr-only"), class_name=f"{CELL} max-tab:row-span-2 max-tab:pt-0.5"),
        rx.el.td(
            inside(
                row.words,
                to=row.href,
                title=row.words,
                class_name=f"block truncate font-mono text-12 leading-5 {COVERING}",
                custom_attrs={"preventScrollReset": True, "aria-expanded": rx.cond(is_open, "true", "false")},
            ),
            _place(row, "max-tab:hidden"),
            class_name=f"{CELL} min-w-0",
        ),
        rx.el.td(
            rx.el.div(sparkline.draw(row.bars), class_name="w-28 wide:w-68"),
            class_name=f"{CELL} {DESK}",
        ),
        rx.el.td(
            inside(
                row.runs,
                rx.el.span(" ", row.noun, class_name="tab:sr-only"),
                to=f"{row.runs_href}{span}",
                class_name=f"{LINK} max-tab:py-3 max-tab:-my-3",
            ),
            class_name=f"{CELL} text-right max-tab:col-start-3 max-tab:row-start-1 max-tab:text-12",
        ),
        rx.el.td(_age(now.first, row.first_exact), class_name=f"{CELL} text-right {DESK}"),
        rx.el.td(_age(now.last, row.last_exact), class_name=f"{CELL} text-right {MID} max-tab:hidden"),
        rx.el.td(
            inside(row.newest, to=row.newest_href, class_name=f"{LINK} text-12 text-link"),
            class_name=f"{CELL} text-right {DESK}",
        ),
        rx.el.td(
            _place(row, "max-tab:col-start-2 max-tab:row-start-2"),
            rx.el.span(_age(now.last, row.last_exact), class_name="max-tab:col-start-3 max-tab:row-start-2 text-right"),
            class_name="tab:hidden max-tab:contents",
        ),
        rx.el.td(
            _incidents(row),
            class_name=f"{CELL} tab:pr-2! max-tab:col-start-2 max-tab:col-span-2 max-tab:-mb-1.5 max-tab:empty:hidden",
        ),
        class_name=ROW,
        custom_attrs={"data-open": rx.cond(is_open, "true", "false")},
    )


def _place(row: Shown[FailureRow], class_name: str) -> rx.Component:
    """`unit · ci kestrel/shop · in 3 pipelines`."""
    return rx.el.span(
        rx.cond(row.jobs, rx.fragment(rx.el.span(row.jobs, title=row.jobs, class_name="truncate"), "·")),
        rx.cond(
            row.pipeline,
            inside(row.pipeline, to=row.of, class_name=f"{LINK} font-medium text-ink-2 truncate shrink-0 max-w-full"),
        ),
        rx.el.span(row.where, class_name="truncate"),
        rx.cond(row.others, rx.el.span("· ", row.others, class_name="shrink-0")),
        class_name=f"flex items-baseline gap-1.5 min-w-0 text-12 leading-4 text-ink-3 {class_name}",
    )


def _age(words: rx.Var[str], exact: rx.Var[str]) -> rx.Component:
    return rx.el.span(words, title=exact, class_name="relative text-12 text-ink-2")


def _incidents(row: Shown[FailureRow]) -> rx.Component:
    """What is open of it, and for operators what they may do about it."""
    return rx.cond(
        row.said,
        rx.el.span(
            inside(
                row.said,
                to=row.said_href,
                title=row.said,
                class_name=f"{LINK} text-12 truncate max-tab:py-3 "
                "data-[state=open]:font-medium data-[state=open]:text-ink text-ink-2",
                custom_attrs={"data-state": row.open_state},
            ),
            rx.el.span(
                rx.cond(
                    row.incident,
                    acts(row.incident, row.open_state, row.words, ends=False),
                    acts_of_several(row.incidents, row.open_state, row.words),
                ),
                class_name="flex shrink-0 empty:hidden",
            ),
            class_name="flex items-center justify-between gap-2 min-w-0",
        ),
    )


def _unexplained() -> rx.Component:
    return rx.cond(
        FailureListState.loaded & (SHOWN.unexplained != ""),
        rx.el.p(
            rx.el.span(SHOWN.unexplained),
            inside(
                "Show them",
                to=f"{SHOWN.unexplained_href}{SHOWN.span}",
                class_name="ml-2 font-medium text-link hover:underline max-tab:py-3",
            ),
            class_name=f"{SUB} px-4 py-2.5 border-t border-line",
        ),
    )


def _further() -> rx.Component:
    """Where else to look: connect a source, further back, or without filters."""
    look = f"{BUTTON} max-tab:h-11"
    return rx.cond(
        SHOWN.connect,
        inside("Connect a source", to=routes.SOURCES, class_name=f"{look} mt-2"),
        rx.el.span(
            rx.cond(SHOWN.wider != "", inside(SHOWN.wider_words, to=SHOWN.wider, class_name=look)),
            rx.cond(SHOWN.everything != "", inside("Clear filters", to=SHOWN.everything, class_name=look)),
            class_name="flex flex-wrap justify-center gap-2 mt-2 empty:hidden",
        ),
    )


def _loading() -> rx.Component:
    return rx.el.tr(
        rx.el.td(bar("w-14"), class_name=f"{CELL} max-tab:hidden"),
        rx.el.td(bar("w-80 max-w-full"), class_name=f"{CELL} max-tab:col-start-2"),
        rx.el.td(bar("w-28", "h-4"), class_name=f"{CELL} {DESK}"),
        rx.el.td(class_name=f"{CELL} max-tab:hidden"),
        rx.el.td(class_name=f"{CELL} {DESK}"),
        rx.el.td(class_name=f"{CELL} {MID} max-tab:hidden"),
        rx.el.td(class_name=f"{CELL} {DESK}"),
        rx.el.td(class_name=f"{CELL} max-tab:hidden"),
        class_name=ROW + " appear max-tab:h-15",
        aria_hidden="true",
    )
