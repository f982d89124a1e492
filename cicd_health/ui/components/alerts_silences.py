"""Silences: times without messages, those that hold and those that are over, and beginning one."""

from typing import Any

import reflex as rx

from cicd_health.ui.alerts_view.silences import MUTES, UNTIL_FIXED, SilenceRow
from cicd_health.ui.components.choices import options
from cicd_health.ui.components.form import HINT, INPUT, LABEL, text_field
from cicd_health.ui.components.link import inside
from cicd_health.ui.components.panel import BUTTON, PRIMARY, SUB, notice, panel
from cicd_health.ui.components.runs_table import CELL, HEAD
from cicd_health.ui.components.told import told
from cicd_health.ui.rows import PROVIDER_LABELS
from cicd_health.ui.shown import Shown
from cicd_health.ui.states.alert_channels import SilencingState
from cicd_health.ui.states.alerts import AlertsHeadState, SilencesState
from cicd_health.ui.states.session import SessionState

DOING: Any = SilencingState  # a type checker cannot follow its handlers and variables into the page
SHOWN: Any = SilencesState.shown
ROW = (
    "group relative tab:hover:bg-hover max-tab:grid max-tab:grid-cols-[minmax(0,1fr)_auto] max-tab:gap-x-3 "
    "max-tab:px-4 max-tab:py-2.5 max-tab:border-t max-tab:border-line max-tab:first:border-t-0"
)
ROOMY = "hidden desk:table-cell"
QUIET = "text-12 text-ink-2 text-ellipsis"


def alert_silences() -> rx.Component:
    return rx.fragment(
        rx.cond(SessionState.operator, _add()),
        panel(
            "Active",
            told(DOING.notes, "page"),
            rx.cond(
                AlertsHeadState.loaded & (SHOWN.active.length() == 0),
                rx.el.div(
                    notice("Nothing is silenced", "Mute an incident where it is shown, or silence what is planned."),
                    class_name="py-4",
                ),
                _table(SHOWN.active, "Until", active=True),
            ),
            sub=rx.el.span("no messages of these", class_name=SUB),
        ),
        rx.cond(
            SHOWN.past.length() > 0,
            panel("Past", _table(SHOWN.past, "Ended", active=False), sub=rx.el.span("newest first", class_name=SUB)),
        ),
    )


def _add() -> rx.Component:
    return panel(
        "Silence what is planned",
        told(DOING.notes, "form"),
        rx.el.form(
            rx.el.label(
                "Source",
                rx.el.select(
                    rx.el.option("All", value=""),
                    *[rx.el.option(label, value=slug) for slug, label in PROVIDER_LABELS.items()],
                    name="provider",
                    class_name=INPUT,
                ),
                class_name=LABEL,
            ),
            text_field("Repository", "repos", placeholder="owner/checkout-*", max_length=500),
            text_field("Pipeline", "pipelines", placeholder="all", max_length=500),
            text_field("Branch", "branches", placeholder="all", max_length=500),
            rx.el.label(
                "Rule",
                rx.el.select(rx.el.option("All", value=""), options(SHOWN.rules), name="rule", class_name=INPUT),
                class_name=LABEL,
            ),
            rx.el.label(
                "For",
                rx.el.select(
                    *[rx.el.option(word, value=value) for value, word in MUTES.items() if value != UNTIL_FIXED],
                    name="length",
                    default_value="4h",
                    class_name=INPUT,
                ),
                class_name=LABEL,
            ),
            rx.el.div(
                text_field("Why", "reason", placeholder="Upgrade of the runners", max_length=500),
                class_name="col-span-2 desk:col-span-1",
            ),
            rx.el.button("Silence", type="submit", class_name=f"{PRIMARY} h-11 tab:h-8 self-end justify-self-start"),
            key=DOING.turn.to_string(),
            on_submit=DOING.add,
            class_name="grid gap-3 p-4 pb-2 grid-cols-2 tab:grid-cols-4 "
            "desk:grid-cols-[120px_repeat(3,minmax(0,1fr))_minmax(0,1fr)_104px_minmax(0,1.2fr)_auto]",
        ),
        rx.el.p(
            "Incidents open all the same and are shown as muted. When it ends, what still fails is said.",
            class_name=f"{HINT} px-4 pb-3",
        ),
    )


def _table(rows: Any, last: str, *, active: bool) -> rx.Component:
    columns = (
        ("About", ""),
        ("Rule", f"w-[16%] {ROOMY}"),
        ("Why", "w-[24%]"),
        ("By", f"w-[12%] {ROOMY}"),
        ("Since", f"w-[108px] {ROOMY}"),
        (last, "w-[180px]"),
        *([("", "w-[104px]")] if active else []),
    )
    return rx.el.table(
        rx.el.thead(
            rx.el.tr(
                *[
                    rx.el.th(
                        word or rx.el.span("Actions", class_name="sr-only"), scope="col", class_name=f"{HEAD} {width}"
                    )
                    for word, width in columns
                ]
            ),
            class_name="hidden tab:table-header-group",
        ),
        rx.el.tbody(rx.foreach(rows, lambda row: _row(row, active=active)), class_name="max-tab:block"),
        class_name="w-full table-fixed border-separate border-spacing-0 max-tab:block",
    )


def _row(row: Shown[SilenceRow], *, active: bool) -> rx.Component:
    return rx.el.tr(
        rx.el.td(
            rx.cond(
                row.href != "",
                inside(
                    row.about,
                    to=row.href,
                    title=row.about,
                    class_name="block truncate font-medium hover:underline",
                    custom_attrs={"preventScrollReset": True},
                ),
                rx.el.span(row.about, title=row.about, class_name="block truncate font-medium"),
            ),
            class_name=f"{CELL} max-tab:col-span-2",
        ),
        rx.el.td(row.rule, class_name=f"{CELL} {QUIET} {ROOMY}"),
        rx.el.td(row.reason, title=row.reason, class_name=f"{CELL} {QUIET} max-tab:col-span-2 max-tab:empty:hidden"),
        rx.el.td(row.by, class_name=f"{CELL} {QUIET} {ROOMY}"),
        rx.el.td(row.began, title=row.exact, class_name=f"{CELL} text-ink-2 {ROOMY}"),
        rx.el.td(row.until, title=row.until_exact, class_name=f"{CELL} text-ink-2 text-ellipsis max-tab:self-center"),
        rx.el.td(
            rx.cond(
                SessionState.operator,
                rx.el.button(
                    "End now",
                    type="button",
                    on_click=DOING.end(row.key),
                    class_name=f"{BUTTON} max-tab:h-11",
                    custom_attrs={"aria-label": f"End the silence of {row.about}"},
                ),
            ),
            class_name=f"{CELL} text-right",
        )
        if active
        else rx.fragment(),
        key=row.key,
        class_name=ROW,
    )
