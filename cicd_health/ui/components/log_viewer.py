"""The log beside the jobs of a run: its head with the search, its lines, the map of its marks, its keys."""

from typing import Any

import reflex as rx

from cicd_health.ui import routes
from cicd_health.ui.components.link import inside
from cicd_health.ui.components.log_rows import QUIET_LINK, log_rows
from cicd_health.ui.components.panel import BUTTON, SUB, SURFACE, TITLE, bar
from cicd_health.ui.components.scroller import scrolled, scroller, strip
from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.keys import key
from cicd_health.ui.run_view.log import LogHead
from cicd_health.ui.shown import Shown
from cicd_health.ui.states.run_log import LogState

GHOST = (
    "inline-flex items-center justify-center h-7 max-tab:h-11 px-2.5 max-tab:px-3 rounded-md text-12 font-medium "
    "text-ink-2 hover:bg-hover hover:text-ink aria-pressed:bg-sunken aria-pressed:text-ink whitespace-nowrap "
    "transition-colors duration-120"
)
SEARCH_BUTTON = "grid place-items-center size-6 max-tab:size-9 rounded text-ink-3 hover:text-ink"
BOX = "log-box"
HERE = scrolled(BOX)
HEIGHT = "max-h-[max(420px,calc(100vh-166px))]"
KEY = "inline-block px-1 rounded border border-line-2 text-11 text-ink-2 bg-surface"


def log_viewer() -> rx.Component:
    head = LogState.head
    return rx.el.section(
        _head(head),
        rx.cond(head.compared != "", _compared(head)),
        rx.match(
            head.state,
            ("", _loading()),
            ("kept", _lines()),
            _absent(head),
        ),
        _footer(head),
        class_name=f"{SURFACE} tab:sticky tab:top-[60px]",
        custom_attrs={"aria-label": "Log", "data-keys": "log"},
    )


def _head(head: Shown[LogHead]) -> rx.Component:
    return rx.el.header(
        rx.el.h2(head.title, title=head.title, class_name=f"{TITLE} truncate"),
        rx.el.span(head.lines, class_name=f"{SUB} whitespace-nowrap"),
        rx.el.span(class_name="grow"),
        rx.cond(head.state == "kept", rx.fragment(_search(), _switches(head))),
        class_name="flex flex-wrap items-center gap-x-2 gap-y-1 min-h-11 px-4 max-tab:py-2 border-b "
        "border-line min-w-0",
    )


def _search() -> rx.Component:
    return rx.el.div(
        rx.el.span(glyph("search"), class_name="text-ink-3"),
        rx.el.input(
            type="search",
            id="log-search",
            key=LogState.head.download,
            default_value=LogState.q,
            placeholder="Search",
            max_length=routes.LONGEST_SEARCH,
            on_change=_searched,  # ty: ignore[invalid-argument-type]
            class_name="grow min-w-0 bg-transparent outline-none placeholder:text-ink-3 "
            "[&::-webkit-search-cancel-button]:hidden",
            custom_attrs={"aria-label": "Search in this log", **key("/"), "autoComplete": "off", "spellCheck": False},
        ),
        rx.el.span(LogState.found, class_name="text-12 text-ink-3 whitespace-nowrap", role="status"),
        rx.cond(
            LogState.q != "",
            rx.fragment(
                _search_button("chevron", "Previous (Shift Enter)", LogState.previous_hit, "Shift+Enter", "rotate-180"),
                _search_button("chevron", "Next (Enter)", LogState.next_hit, "Enter"),
                rx.el.button(
                    glyph("close", 12),
                    type="button",
                    on_click=[rx.set_value("log-search", ""), LogState.clear_search],
                    class_name=SEARCH_BUTTON,
                    title="Clear (Esc)",
                    custom_attrs={"aria-label": "Clear the search", **key("Escape", "also")},
                ),
            ),
        ),
        class_name="flex items-center gap-1.5 h-8 max-tab:h-11 pl-2 pr-1 w-full tab:w-60 desk:w-[276px] "
        "max-tab:order-last rounded-md border "
        "border-control bg-surface focus-within:outline-2 focus-within:outline-focus",
    )


def _searched(q: rx.Var[str]) -> Any:
    return LogState.search(q, HERE).debounce(250)


def _search_button(name: str, label: str, event, shortcut: str, turned: str = "") -> rx.Component:
    return rx.el.button(
        rx.el.span(glyph(name), class_name=turned),
        type="button",
        on_click=event,
        class_name=SEARCH_BUTTON,
        title=label,
        custom_attrs={"aria-label": label, **key(shortcut, "only")},
    )


def _switches(head: Shown[LogHead]) -> rx.Component:
    return rx.el.div(
        _switch("Times", LogState.times, LogState.toggle_times),
        _switch("Wrap", LogState.wrap, LogState.toggle_wrap(HERE)),
        rx.el.a(
            "Raw",
            href=head.download,
            reload_document=True,  # a file of the API, not a page of the app
            class_name=GHOST,
            title="Download the raw log (l)",
            custom_attrs=key("l"),
        ),
        class_name="flex items-center",
    )


def _switch(label: str, on: rx.Var[bool], event) -> rx.Component:
    return rx.el.button(
        label,
        type="button",
        on_click=event,
        class_name=GHOST,
        custom_attrs={"aria-pressed": rx.cond(on, "true", "false")},
    )


def _compared(head: Shown[LogHead]) -> rx.Component:
    return rx.el.p(
        head.compared,
        rx.cond(
            head.fetch_green,
            rx.el.button("Fetch", type="button", on_click=LogState.fetch_green, class_name=QUIET_LINK),
        ),
        class_name="flex items-center gap-3 min-h-9 px-4 border-b border-line bg-sunken text-12 text-ink-2",
        role="status",
    )


def _lines() -> rx.Component:
    return rx.el.div(
        scroller(
            log_rows(),
            bounds=LogState.window.bounds,
            jump=LogState.jump,
            flags={"live": LogState.head.live, "times": LogState.times, "wrap": LogState.wrap},
            on_need=LogState.need,
            on_mount=LogState.arrive,
            id=BOX,
            class_name=f"log overflow-auto min-w-0 {HEIGHT}",
            tab_index=0,
        ),
        _map(),
        class_name="grid grid-cols-[minmax(0,1fr)_12px]",
    )


def _map() -> rx.Component:
    """Where the marks are in the whole log; a click goes there."""
    marks = LogState.map
    return strip(
        rx.el.svg(
            rx.el.svg.path(d=marks["warn"], fill="var(--warn)"),
            rx.el.svg.path(d=marks["fail"], fill="var(--fail)"),
            rx.el.svg.path(d=marks["hit"], fill="none", stroke="var(--warn)", stroke_width="2"),
            view_box="0 0 12 1000",
            preserve_aspect_ratio="none",
            class_name="absolute inset-0 size-full",
            aria_hidden="true",
        ),
        on_pick=LogState.jump_to,
        class_name="relative bg-sunken border-l border-line cursor-pointer",
        title="Marks of the whole log",
        aria_hidden="true",
    )


def _absent(head: Shown[LogHead]) -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.p(head.words, class_name="font-medium"),
            rx.cond(head.hint != "", rx.el.p(head.hint, class_name="text-12 text-ink-3")),
            rx.cond(
                head.fetch,
                rx.el.button(
                    "Fetch",
                    type="button",
                    on_click=LogState.fetch,
                    class_name=f"{BUTTON} mt-2 max-tab:h-11 max-tab:px-5",
                ),
            ),
            rx.cond(head.connect, inside("Sources", to=routes.SOURCES, class_name=f"{BUTTON} mt-2 max-tab:h-11")),
            class_name="grid gap-1 justify-items-center text-center px-5 py-8",
            role="status",
        ),
        rx.cond(
            head.excerpt != "",
            rx.el.pre(
                head.excerpt, class_name="log overflow-auto max-h-[640px] px-4 py-3 border-t border-line bg-fail-soft"
            ),
        ),
    )


def _footer(head: Shown[LogHead]) -> rx.Component:
    return rx.cond(
        (head.state == "kept") | (head.counts != ""),
        rx.el.footer(
            rx.el.span(head.footer, class_name="empty:hidden"),
            rx.cond(
                head.state == "kept",
                rx.el.span(
                    rx.cond(
                        head.errors,
                        rx.fragment(
                            _key_button("n", "Next error", LogState.next_error(HERE)),
                            _key_button("p", "Previous error", LogState.previous_error(HERE)),
                            rx.el.span("next and previous error,", class_name="max-tab:hidden"),
                        ),
                    ),
                    rx.el.kbd("/", class_name=f"{KEY} max-tab:hidden"),
                    rx.el.span("search,", class_name="max-tab:hidden"),
                    rx.el.kbd("l", class_name=f"{KEY} max-tab:hidden"),
                    rx.el.span("raw log", class_name="max-tab:hidden"),
                    class_name="flex flex-wrap items-center gap-1.5",
                ),
            ),
            rx.el.span(class_name="grow"),
            rx.el.span(head.counts, class_name="whitespace-nowrap"),
            class_name="flex flex-wrap items-center gap-x-2 gap-y-1 min-h-9 px-4 py-2 border-t border-line text-12 "
            "text-ink-3",
        ),
    )


def _key_button(name: str, label: str, event) -> rx.Component:
    return rx.el.button(
        rx.el.span(name, class_name="max-tab:hidden"),
        rx.el.span(label, class_name="tab:hidden"),
        type="button",
        on_click=event,
        class_name=f"{KEY} max-tab:h-11 max-tab:px-3 max-tab:text-12 hover:bg-hover",
        title=label,
        custom_attrs={"aria-label": label, **key(name)},
    )


def _loading() -> rx.Component:
    return rx.el.div(
        *[bar(width) for width in ("w-80", "w-64", "w-96", "w-56", "w-72", "w-40")],
        class_name="appear grid gap-2 p-4 h-[420px] content-start",
        aria_hidden="true",
    )
