"""The keys: what programs may do, when each was used, making one and revoking it."""

from typing import Any

import reflex as rx

from cicd_health.ui.components.dialog import Step, answers, dialog, leave, shown_once, yes
from cicd_health.ui.components.form import HINT, INPUT, LABEL, text_field
from cicd_health.ui.components.mark import mark_shown
from cicd_health.ui.components.panel import PRIMARY, SUB, notice, panel
from cicd_health.ui.components.settings_table import QUIET, ROOMY, ROW, action, cell, table
from cicd_health.ui.settings_view.keys import LASTS, SCOPES, KeyRow
from cicd_health.ui.shown import Shown
from cicd_health.ui.states.api_keys import KeysState
from cicd_health.ui.states.settings import SettingsHeadState

DOING: Any = KeysState  # a type checker cannot follow its handlers and variables into the page
COLUMNS = (
    ("State", "w-[128px]"),
    ("Name", ""),
    ("May", "w-[132px]"),
    ("Made", f"w-[22%] {ROOMY}"),
    ("Last used", "w-[180px]"),
    ("Ends", f"w-[112px] {ROOMY}"),
    ("", "w-[92px]"),
)
KEY_WORDS = "Send it as Authorization: Bearer KEY. It is stored as a fingerprint only, and not shown again."


def settings_keys() -> rx.Component:
    return rx.fragment(
        panel(
            "Keys",
            rx.cond(
                SettingsHeadState.loaded & (DOING.rows.length() == 0),
                rx.el.div(
                    notice("No key yet", "Programs need one to ask the API, or to send runs."), class_name="py-4"
                ),
                table(COLUMNS, DOING.rows, _row, SettingsHeadState.loaded),
            ),
            sub=rx.el.span("what programs may do", class_name=SUB),
            end=rx.el.button(
                "New key", type="button", on_click=DOING.ask_new, class_name=f"{PRIMARY} h-11 tab:h-7 text-12"
            ),
        ),
        dialog(
            DOING.asking,
            new=Step("New key", _new()),
            shown=Step("The new key", shown_once(KEY_WORDS, DOING.key, "Key", DOING.leave), DOING.name),
            revoke=Step("Revoke this key", _revoke(), DOING.name),
        ),
    )


def _row(row: Shown[KeyRow]) -> rx.Component:
    return rx.el.tr(
        cell(mark_shown(row.mark), look="max-tab:row-start-1 max-tab:col-start-2 max-tab:justify-self-end"),
        cell(
            rx.el.span(row.name, title=row.name, class_name="font-medium"),
            rx.el.code(row.prefix, class_name="ml-2 font-mono text-12 text-ink-3"),
            look="text-ellipsis max-tab:row-start-1 max-tab:col-start-1",
        ),
        cell(row.scopes, look="max-tab:text-12 max-tab:text-ink-2 max-tab:self-center"),
        cell(row.made, look=f"{QUIET} {ROOMY}", title=row.made_exact),
        cell(
            row.used,
            rx.cond(row.used_from != "", rx.el.span(row.used_from, class_name="ml-2 text-12 text-ink-3")),
            look="text-ink-2 text-ellipsis max-tab:hidden",
            title=row.used_exact,
        ),
        cell(row.ends, look=f"text-ink-2 {ROOMY}", title=row.ends_exact),
        cell(
            rx.cond(row.on, action("Revoke", f"Revoke {row.name}", DOING.ask_revoke(row.key))),
            look="text-right max-tab:justify-self-end max-tab:-mr-2",
        ),
        key=row.key,
        class_name=ROW,
    )


def _new() -> rx.Component:
    return rx.el.form(
        text_field("Name", "name", required=True, max_length=100, placeholder="What uses it, such as nightly report"),
        rx.el.fieldset(
            rx.el.legend("It may", class_name="mb-1 text-12 font-medium text-ink-2"),
            *[_scope(scope, words) for scope, words in SCOPES.items()],
        ),
        rx.el.label(
            "Works for",
            rx.el.select(
                *[rx.el.option(word, value=days) for days, word in LASTS.items()],
                name="lasts",
                default_value="90",
                class_name=INPUT,
            ),
            class_name=LABEL,
        ),
        answers(DOING.said, leave(DOING.leave), yes("Make it")),
        on_submit=DOING.create,
        class_name="grid gap-3",
    )


def _scope(scope: str, words: str) -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="checkbox",
            name=f"scope.{scope}",
            default_checked=scope == "read",
            class_name="size-4 mt-0.5 accent-ink",
        ),
        rx.el.span(
            rx.el.code(scope, class_name="font-mono text-12 font-medium text-ink"),
            rx.el.span(words, class_name=f"ml-2 {HINT}"),
        ),
        class_name="flex items-start gap-2 py-1 max-tab:py-2.5",
    )


def _revoke() -> rx.Component:
    return rx.fragment(
        rx.el.p("It stops working at once, and for good. What uses it needs another one."),
        answers(DOING.said, leave(DOING.leave, "Keep it"), yes("Revoke", on_click=DOING.revoke)),
    )
