"""The people: who may sign in, inviting one more, and what one of them may do."""

from typing import Any

import reflex as rx

from cicd_health.ui.components.dialog import Step, answers, dialog, leave, shown_once, yes
from cicd_health.ui.components.form import HINT, text_field
from cicd_health.ui.components.mark import mark_shown
from cicd_health.ui.components.panel import BUTTON, PRIMARY, SUB, panel
from cicd_health.ui.components.settings_table import QUIET, ROOMY, ROW, action, cell, table
from cicd_health.ui.settings_view.people import MAY, ROLES, PersonRow
from cicd_health.ui.shown import Shown
from cicd_health.ui.states.people import PeopleState
from cicd_health.ui.states.settings import SettingsHeadState

DOING: Any = PeopleState  # a type checker cannot follow its handlers and variables into the page
COLUMNS = (
    ("State", "w-[112px]"),
    ("Person", ""),
    ("Role", "w-[128px]"),
    ("Signs in with", f"w-[160px] {ROOMY}"),
    ("Last seen", "w-[112px]"),
    ("Sessions", f"w-[84px] text-right {ROOMY}"),
    ("", "w-[92px]"),
)
LINK_WORDS = (
    "Send it to them yourself. It works once, within seven days, and is not shown again. Whoever opens it is signed in "
    "as them."
)


def settings_people() -> rx.Component:
    return rx.fragment(
        panel(
            "People",
            table(COLUMNS, DOING.rows, _row, SettingsHeadState.loaded),
            sub=rx.el.span("who may sign in", class_name=SUB),
            end=rx.el.button(
                "Invite", type="button", on_click=DOING.ask_invite, class_name=f"{PRIMARY} h-11 tab:h-7 text-12"
            ),
        ),
        dialog(
            DOING.asking,
            invite=Step("Invite a person", _invite(), "You get a link to send them; with it they choose a password."),
            change=Step("Change a person", _change(), DOING.email),
            link=Step("A link for them", shown_once(LINK_WORDS, DOING.link, "One-time link", DOING.leave), DOING.email),
        ),
    )


def _row(row: Shown[PersonRow]) -> rx.Component:
    return rx.el.tr(
        cell(mark_shown(row.mark), look="max-tab:row-start-1 max-tab:col-start-2 max-tab:justify-self-end"),
        cell(
            rx.el.span(row.email, title=row.email, class_name="font-medium"),
            rx.el.span(row.name, class_name="ml-2 text-12 text-ink-3 empty:hidden"),
            look="text-ellipsis max-tab:row-start-1 max-tab:col-start-1",
        ),
        cell(row.role_word, look="max-tab:text-12 max-tab:text-ink-2 max-tab:self-center"),
        cell(row.signs_in, look=f"{QUIET} {ROOMY}"),
        cell(row.seen, look="text-ink-2 max-tab:hidden", title=row.exact),
        cell(row.sessions, look=f"text-right {ROOMY}"),
        cell(
            action("Change", f"Change {row.email}", DOING.ask_change(row.key)),
            look="text-right max-tab:justify-self-end max-tab:-mr-2",
        ),
        key=row.key,
        class_name=ROW,
    )


def _invite() -> rx.Component:
    return rx.el.form(
        text_field("E-mail", "email", type="email", required=True, max_length=200, placeholder="wren@example.com"),
        text_field("Name", "name", max_length=100, placeholder="may stay empty"),
        _role("viewer"),
        answers(DOING.said, leave(DOING.leave), yes("Make a link")),
        on_submit=DOING.invite,
        class_name="grid gap-3",
    )


def _role(chosen: Any) -> rx.Component:
    return rx.el.fieldset(
        rx.el.legend("Role", class_name="mb-1 text-12 font-medium text-ink-2"),
        *[
            rx.el.label(
                rx.el.input(
                    type="radio",
                    name="role",
                    value=role,
                    default_checked=rx.Var.create(chosen) == role,
                    class_name="size-4 mt-0.5 accent-ink",
                ),
                rx.el.span(
                    rx.el.span(word, class_name="block font-medium"),
                    rx.el.span(MAY[role], class_name=f"block {HINT}"),
                ),
                class_name="flex items-start gap-2 py-1.5 max-tab:py-2",
            )
            for role, word in ROLES.items()
        ],
    )


def _change() -> rx.Component:
    user: Any = DOING.user
    return rx.fragment(
        rx.el.form(
            text_field("Name", "name", default_value=user.name, max_length=100, placeholder="may stay empty"),
            _role(user.role),
            answers(DOING.said, leave(DOING.leave), yes("Save")),
            key=user.key,
            on_submit=DOING.change,
            class_name="grid gap-3",
        ),
        rx.el.div(
            rx.cond(
                user.state == "disabled",
                _more("Enable", "Lets them sign in again.", DOING.enable),
                rx.fragment(
                    _more("New link", "Lets them in once, to choose another password.", DOING.new_link),
                    _more("Sign out", "Ends every session of theirs, at once.", DOING.sign_out),
                    _more("Disable", "Signs them out, and lets them in no more.", DOING.disable),
                ),
            ),
            class_name="grid gap-2 pt-3 border-t border-line",
        ),
    )


def _more(word: str, hint: str, on_click: Any) -> rx.Component:
    return rx.el.div(
        rx.el.button(word, type="button", on_click=on_click, class_name=f"{BUTTON} h-11 tab:h-7 w-22 flex-none"),
        rx.el.span(hint, class_name=HINT),
        class_name="flex items-center gap-3",
    )
