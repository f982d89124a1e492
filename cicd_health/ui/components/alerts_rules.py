"""The rules: which there are, what each looks at, and whether it is on."""

from typing import Any

import reflex as rx

from cicd_health.ui import routes
from cicd_health.ui.alerts_view.rules import RuleRow
from cicd_health.ui.components.link import COVERING, inside
from cicd_health.ui.components.mark import mark_shown
from cicd_health.ui.components.panel import PRIMARY, SUB, bar, panel
from cicd_health.ui.components.runs_table import CELL, HEAD
from cicd_health.ui.components.told import told
from cicd_health.ui.routes import NEW, AskedAlerts
from cicd_health.ui.shown import Shown
from cicd_health.ui.states.alert_rules import EditorState, RulesState
from cicd_health.ui.states.alerts import AlertsHeadState
from cicd_health.ui.states.session import SessionState

DOING: Any = RulesState  # a type checker cannot follow its handlers and rows into the page
FORM: Any = EditorState.form
NEW_RULE = routes.alerts(AskedAlerts(tab="rules", rule=NEW))
ROW = (
    "group relative tab:hover:bg-hover transition-colors duration-120 aria-[current=true]:bg-selected "
    "aria-[current=true]:shadow-[inset_2px_0_0_var(--focus)] max-tab:grid "
    "max-tab:grid-cols-[minmax(0,1fr)_auto] max-tab:gap-x-3 max-tab:px-4 max-tab:py-2.5 max-tab:border-t "
    "max-tab:border-line max-tab:first:border-t-0"
)
QUIET = "text-12 text-ink-2 text-ellipsis"
ROOMY = "hidden desk:table-cell"
COLUMNS = (
    ("Kind", "w-[124px]"),
    ("Name", ""),
    ("Looks for", f"w-[22%] {ROOMY}"),
    ("Scope", "w-[18%]"),
    ("Severity", f"w-[88px] {ROOMY}"),
    ("Told", f"w-[13%] {ROOMY}"),
    ("Open", "w-[60px] text-right"),
    ("Last opened", f"w-[108px] {ROOMY}"),
    ("On", "w-[72px]"),
)
SWITCH = (
    "relative appearance-none w-7 h-4 rounded-full border border-control bg-sunken cursor-pointer "
    "checked:bg-ink checked:border-ink disabled:cursor-default "
    "before:absolute before:top-px before:left-px before:size-3 before:rounded-full before:bg-control "
    "checked:before:bg-on-ink checked:before:translate-x-3 max-tab:after:absolute max-tab:after:-inset-3.5"
)


def alert_rules() -> rx.Component:
    return panel(
        "Rules",
        told(DOING.notes, "page"),
        rx.el.table(
            rx.el.thead(
                rx.el.tr(*[rx.el.th(word, scope="col", class_name=f"{HEAD} {width}") for word, width in COLUMNS]),
                class_name="hidden tab:table-header-group",
            ),
            rx.el.tbody(
                rx.cond(
                    AlertsHeadState.loaded,
                    rx.foreach(DOING.rows, _row),
                    rx.fragment(*[_loading() for _ in range(3)]),
                ),
                class_name="max-tab:block",
            ),
            class_name="w-full table-fixed border-separate border-spacing-0 max-tab:block",
        ),
        sub=rx.el.span("asked whenever a run ends, some also by the clock", class_name=f"{SUB} max-tab:hidden"),
        end=rx.cond(SessionState.admin, inside("New rule", to=NEW_RULE, class_name=f"{PRIMARY} h-11 tab:h-7 text-12")),
    )


def _row(row: Shown[RuleRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(mark_shown(row.mark), class_name=f"{CELL} max-tab:col-start-1 max-tab:row-start-1"),
        rx.el.td(
            inside(row.name, to=row.href, class_name=f"block truncate font-medium {COVERING}"),
            class_name=f"{CELL} max-tab:col-start-1",
        ),
        rx.el.td(row.params, title=row.params, class_name=f"{CELL} {QUIET} {ROOMY}"),
        rx.el.td(row.scope, title=row.scope, class_name=f"{CELL} {QUIET} max-tab:col-start-1"),
        rx.el.td(row.severity, class_name=f"{CELL} text-ink-2 {ROOMY}"),
        rx.el.td(row.channels, title=row.channels, class_name=f"{CELL} {QUIET} {ROOMY}"),
        rx.el.td(
            rx.cond(
                row.open != "",
                inside(row.open, to=row.open_href, class_name="relative z-1 text-link hover:underline", title="Open"),
                rx.el.span("0", class_name="text-ink-3"),
            ),
            class_name=f"{CELL} text-right max-tab:col-start-2 max-tab:row-start-2",
        ),
        rx.el.td(row.last, title=row.exact, class_name=f"{CELL} text-ink-2 {ROOMY}"),
        rx.el.td(
            rx.el.input(
                type="checkbox",
                role="switch",
                checked=row.on,
                disabled=~SessionState.admin,
                on_change=_switched(row),
                class_name=f"z-1 {SWITCH}",
                custom_attrs={"aria-label": f"{row.name} is on"},
            ),
            class_name=f"{CELL} max-tab:col-start-2 max-tab:row-start-1 [&>input]:align-middle",
        ),
        key=row.key,
        class_name=ROW,
        custom_attrs={"aria-current": rx.cond(FORM.key == row.key, "true", "false")},
    )


def _switched(row: Shown[RuleRow]) -> Any:
    return lambda on: DOING.switch(row.key, on)


def _loading() -> rx.Component:
    return rx.el.tr(
        rx.el.td(bar("w-20"), class_name=CELL),
        rx.el.td(bar("w-48"), class_name=CELL),
        *[rx.el.td(class_name=f"{CELL} max-tab:hidden") for _ in range(7)],
        class_name=ROW + " appear max-tab:h-16",
        aria_hidden="true",
    )
