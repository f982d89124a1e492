"""The audit log: who changed what, when, and from where."""

from typing import Any

import reflex as rx
from reflex.vars import ObjectVar

from cicd_health.ui.components.paging import pages
from cicd_health.ui.components.panel import BUTTON, SUB, notice, panel
from cicd_health.ui.components.settings_table import QUIET, ROOMY, ROW, WHOLE, cell, table
from cicd_health.ui.settings_view.audit import AuditRow
from cicd_health.ui.states.audit_log import AuditState

AROUND: Any = AuditState.shown  # a type checker cannot follow a variable of a state into its fields
COLUMNS = (
    ("At", "w-[120px]"),
    ("Who", "w-[20%]"),
    ("From", f"w-[15%] {ROOMY}"),
    ("What", "w-[18%]"),
    ("Of", ""),
    ("How", f"w-[24%] {ROOMY}"),
)


def settings_audit() -> rx.Component:
    state: Any = AuditState
    return panel(
        "Audit log",
        rx.cond(
            state.loaded & (state.rows.length() == 0),
            rx.el.div(notice(AROUND.nothing, AROUND.hint), class_name="py-4"),
            table(
                COLUMNS,
                state.rows,
                lambda row: _row(row=row, key=row.key),
                state.loaded,
                on_mouse_enter=state.hold,
                on_mouse_leave=state.release,
            ),
        ),
        pages(AROUND.newest, AROUND.older),
        sub=rx.el.span("every change that somebody made", class_name=SUB),
        end=rx.cond(
            state.waiting != "",
            rx.el.button(f"{state.waiting} · Show", type="button", on_click=state.join, class_name=BUTTON),
        ),
    )


@rx.memo
def _row(*, row: ObjectVar[AuditRow], rest: rx.RestProp) -> rx.Component:
    return rx.el.tr(
        cell(row.when, title=row.exact, look="text-ink-2 max-tab:row-start-1 max-tab:col-start-2 max-tab:text-12"),
        cell(row.who, title=row.who, look="text-ellipsis max-tab:row-start-2 max-tab:text-12 max-tab:text-ink-2"),
        cell(row.where, title=row.where, look=f"{QUIET} {ROOMY}"),
        cell(row.action, title=row.action, look="font-medium text-ellipsis max-tab:row-start-1"),
        cell(row.subject, title=row.subject, look=f"text-ellipsis max-tab:row-start-3 {WHOLE}"),
        cell(row.detail, title=row.detail, look=f"{QUIET} {ROOMY}"),
        rest,
        class_name=ROW,
    )
