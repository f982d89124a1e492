"""One source: how fresh it is, what is wrong, what of it is watched, and what can be done."""

from typing import Any

import reflex as rx

from cicd_health.ui.components.form import HINT, text_field
from cicd_health.ui.components.link import inside
from cicd_health.ui.components.mark import mark_shown
from cicd_health.ui.components.panel import BUTTON, SUB, SURFACE, TITLE
from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.components.told import told
from cicd_health.ui.components.watch_table import watch_table
from cicd_health.ui.shown import Shown
from cicd_health.ui.sources_view import Fact, SourcePanel
from cicd_health.ui.states.session import SessionState
from cicd_health.ui.states.source_secrets import RotationState
from cicd_health.ui.states.sources import SourcesHeadState, SourcesState

# Its handlers and variables: a type checker cannot follow them into the page.
DOING: Any = SourcesState
SECRET: Any = RotationState
ACTION = f"{BUTTON} max-tab:h-11 disabled:bg-sunken disabled:text-ink-3"
GHOST = (
    "inline-flex items-center h-11 tab:h-7 px-2 rounded-md text-12 font-medium text-ink-2 hover:text-ink "
    "hover:bg-hover whitespace-nowrap"
)


def source_panel(panel: Shown[SourcePanel]) -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.div(
                rx.el.h2(panel.name, class_name=TITLE),
                rx.el.span(panel.host, class_name=f"{SUB} truncate empty:hidden"),
                mark_shown(panel.mark),
                class_name="flex items-center gap-3 min-w-0",
            ),
            rx.el.div(
                rx.cond(SourcesHeadState.admin, _changes(panel)),
                rx.cond(
                    panel.can_poll & SessionState.operator,
                    rx.el.button("Poll now", type="button", on_click=DOING.poll_now(panel.key), class_name=ACTION),
                ),
                class_name="flex flex-wrap items-center justify-end gap-2",
            ),
            class_name="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 min-h-12 px-4 max-tab:py-2 "
            "border-b border-line",
        ),
        told(DOING.notes, f"source:{panel.key}"),
        rx.cond(panel.trouble != "", _trouble(panel)),
        rx.el.dl(
            rx.foreach(panel.facts, _fact),
            class_name="grid grid-cols-2 tab:grid-cols-3 desk:flex desk:flex-wrap gap-x-10 gap-y-3 px-4 py-3",
        ),
        watch_table(panel),
        rx.cond(panel.hint != "", _hint(panel)),
        rx.cond(SourcesHeadState.admin & (panel.rows.length() > 0), _add(panel)),
        class_name=SURFACE,
        key=panel.key,
        custom_attrs={"aria-label": panel.name},
    )


def _changes(panel: Shown[SourcePanel]) -> rx.Component:
    here = f"source:{panel.key}"
    return rx.fragment(
        rx.cond(
            panel.can_forget,
            rx.cond(
                DOING.asking == here,
                sure(
                    "Forget its credentials and what is watched? The history stays.",
                    "Forget",
                    DOING.forget(panel.key),
                ),
                rx.el.button("Disconnect", type="button", on_click=DOING.ask(here), class_name=GHOST),
            ),
        ),
        rx.el.button("New secret", type="button", on_click=SECRET.ask(panel.key, panel.name), class_name=GHOST),
        rx.cond(panel.set_up != "", inside("Set up", to=panel.set_up, class_name=GHOST)),
        rx.cond(
            panel.can_test,
            rx.el.button(
                rx.cond(DOING.busy == here, "Testing…", "Test connection"),
                type="button",
                disabled=DOING.busy != "",
                on_click=DOING.test(panel.key),
                class_name=ACTION,
            ),
        ),
    )


def sure(question: str, verb: str, on_click) -> rx.Component:
    """Asks once more, in place: nothing that cannot be undone hangs on one click."""
    return rx.el.span(
        rx.el.span(question, class_name="text-12 text-ink-2"),
        rx.el.button(
            verb,
            type="button",
            on_click=on_click,
            class_name=f"{BUTTON} max-tab:h-11 text-fail-ink! border-fail-line!",
        ),
        rx.el.button("Keep", type="button", on_click=DOING.keep, class_name=GHOST),
        class_name="flex flex-wrap items-center gap-2",
        role="group",
    )


def _trouble(panel: Shown[SourcePanel]) -> rx.Component:
    return rx.el.div(
        rx.el.span(
            rx.cond(panel.severe, glyph("startup_failure", 16), glyph("stale", 16)),
            class_name=rx.cond(panel.severe, "text-fail mt-0.5", "text-warn mt-0.5"),
        ),
        rx.el.div(
            rx.el.p(panel.trouble, class_name="font-medium break-words"),
            rx.el.p(panel.holds, class_name="text-12 text-ink-2"),
            class_name="min-w-0",
        ),
        class_name=rx.cond(
            panel.severe,
            "flex items-start gap-3 px-4 py-2.5 border-b border-fail-line bg-fail-soft",
            "flex items-start gap-3 px-4 py-2.5 border-b border-warn-line bg-warn-soft",
        ),
        role="status",
    )


def _fact(fact: Shown[Fact]) -> rx.Component:
    return rx.el.div(
        rx.el.dt(fact.label, class_name="text-12 text-ink-3"),
        rx.el.dd(fact.value, title=fact.title, class_name="font-medium"),
        class_name="min-w-0",
        key=fact.label,
    )


def _hint(panel: Shown[SourcePanel]) -> rx.Component:
    return rx.el.p(
        panel.hint,
        " ",
        rx.cond(
            SourcesHeadState.admin & (panel.set_up != ""),
            inside("Connect", to=panel.set_up, class_name="font-medium text-link max-tab:py-3"),
        ),
        class_name="px-4 py-3 border-t border-line text-12 text-ink-2",
    )


def _add(panel: Shown[SourcePanel]) -> rx.Component:
    return rx.el.div(add_form(panel.provider, panel.key), class_name="px-4 py-3 border-t border-line")


def add_form(provider: rx.Var[str] | str, source: rx.Var[str] | str) -> rx.Component:
    """Watch one more; a source of "" is GitHub as the settings have it."""
    github = rx.Var.create(provider) == "github"
    place = rx.cond(rx.Var.create(source) != "", f"add:{source}", "add:github")
    return rx.el.form(
        rx.el.input(type="hidden", name="source", value=source),
        rx.el.div(
            rx.el.div(
                text_field(
                    rx.cond(github, "Add a repository", "Add a job by its full name"),
                    "name",
                    placeholder=rx.cond(github, "owner/name", "folder/app/main"),
                    max_length=500,
                    required=True,
                ),
                class_name="grow tab:max-w-80",
            ),
            rx.el.button("Watch", type="submit", class_name=f"{ACTION} h-8 self-end"),
            class_name="flex gap-2",
        ),
        rx.cond(
            github,
            rx.el.details(
                rx.el.summary("Its own token or webhook secret", class_name=f"{HINT} py-1 max-tab:py-3 w-fit"),
                rx.el.div(
                    text_field("Token", "token", "Used instead of the source's.", type="password", max_length=500),
                    text_field(
                        "Webhook secret", "secret", "Also accepted in its deliveries.", type="password", max_length=500
                    ),
                    class_name="grid gap-3 tab:grid-cols-2 tab:max-w-[640px] pt-2",
                ),
            ),
        ),
        told(DOING.notes, place, inset=""),
        key=DOING.turn.to_string(),
        on_submit=DOING.add,
        class_name="grid gap-2",
    )
