"""The viewer's own account: another password, and the browsers they are signed in with."""

from typing import Any

import reflex as rx

from cicd_health.ui import routes
from cicd_health.ui.components.form import HINT, text_field
from cicd_health.ui.components.panel import BUTTON, PRIMARY, SUB, notice, panel
from cicd_health.ui.components.settings_table import QUIET, ROOMY, ROW, action, cell, table
from cicd_health.ui.components.told import told
from cicd_health.ui.settings_view.account import SessionRow
from cicd_health.ui.shown import Shown
from cicd_health.ui.states.account import AccountState
from cicd_health.ui.states.settings import SettingsHeadState

DOING: Any = AccountState  # a type checker cannot follow its handlers and variables into the page
COLUMNS = (
    ("Browser", ""),
    ("From", "w-[22%]"),
    ("Signed in", f"w-[26%] {ROOMY}"),
    ("Last seen", "w-[120px]"),
    ("", "w-[104px]"),
)


def settings_account() -> rx.Component:
    return rx.el.div(
        panel(
            "Sessions",
            told(DOING.notes, "sessions"),
            table(COLUMNS, DOING.rows, _row, SettingsHeadState.loaded),
            sub=rx.el.span("where you are signed in", class_name=SUB),
            end=rx.cond(
                DOING.rows.length() > 1,
                rx.el.button(
                    "End all others", type="button", on_click=DOING.revoke_others, class_name=f"{BUTTON} max-tab:h-11"
                ),
            ),
        ),
        panel("Password", told(DOING.notes, "password"), _password()),
        class_name="grid gap-4 tab:gap-5 items-start grid-cols-[minmax(0,1fr)] "
        "desk:grid-cols-[minmax(0,1fr)_360px] wide:grid-cols-[minmax(0,1fr)_480px]",
    )


def _row(row: Shown[SessionRow]) -> rx.Component:
    return rx.el.tr(
        cell(
            rx.el.span(row.browser, class_name="font-medium", title=row.agent),
            rx.cond(row.here, rx.el.span("this one", class_name="ml-2 text-12 text-ink-3")),
            look="text-ellipsis",
        ),
        cell(row.address, look=f"{QUIET} max-tab:row-start-2"),
        cell(row.began, " with ", row.method, look=f"{QUIET} {ROOMY}", title=row.began_exact),
        cell(row.seen, look="text-ink-2 max-tab:row-start-2 max-tab:text-12", title=row.seen_exact),
        cell(
            rx.cond(row.here, rx.fragment(), action("End", f"End {row.browser}", DOING.revoke(row.key))),
            look="text-right max-tab:row-start-1 max-tab:col-start-2 max-tab:-mr-2",
        ),
        key=row.key,
        class_name=ROW,
    )


def _password() -> rx.Component:
    return rx.el.form(
        text_field("Present password", "old", type="password", max_length=1000),
        text_field("New password", "new", "At least 10 characters.", type="password", required=True, max_length=1000),
        text_field("New password again", "again", type="password", required=True, max_length=1000),
        rx.el.div(
            rx.el.span("It ends your other sessions.", class_name=HINT),
            rx.el.button("Change password", type="submit", class_name=f"{PRIMARY} h-11 tab:h-8"),
            class_name="flex flex-wrap items-center justify-between gap-2",
        ),
        key=DOING.turn.to_string(),
        on_submit=DOING.change_password,
        class_name="grid gap-3 p-4",
    )


def settings_of_a_visitor() -> rx.Component:
    """Under PUBLIC_READ, for whoever has not signed in."""
    return panel(
        "You",
        rx.el.div(
            notice(
                "Nobody has signed in here",
                "Visitors may look at everything and change nothing.",
                rx.el.a(
                    "Sign in",
                    href=f"{routes.LOGIN}?next={routes.SETTINGS}",
                    reload_document=True,
                    class_name=f"{PRIMARY} mt-2 max-tab:h-11",
                ),
            ),
            class_name="py-4",
        ),
    )
