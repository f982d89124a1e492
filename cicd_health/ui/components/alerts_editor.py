"""A rule as a form, made from its own parameters; beside it what it would have done."""

from typing import Any

import reflex as rx

from cicd_health.ui import routes
from cicd_health.ui.alerts_view import words
from cicd_health.ui.alerts_view.rules import CHANNEL, PARAM
from cicd_health.ui.alerts_view.schema import ON, Field
from cicd_health.ui.components.alerts_backtest import alert_backtest
from cicd_health.ui.components.form import HINT, INPUT, LABEL
from cicd_health.ui.components.open_form import GHOST, SAVE, open_form, sure
from cicd_health.ui.components.panel import notice
from cicd_health.ui.components.told import told
from cicd_health.ui.routes import AskedAlerts
from cicd_health.ui.rows import PROVIDER_LABELS
from cicd_health.ui.shown import Shown
from cicd_health.ui.states.alert_rules import EditorState
from cicd_health.ui.states.session import SessionState
from cicd_health.ui.view import Choice

DOING: Any = EditorState  # a type checker cannot follow its handlers and variables into the page
FORM: Any = EditorState.form
TWO = "grid grid-cols-2 gap-3"
CHIP = (
    "inline-flex items-center gap-1.5 h-11 tab:h-7 px-2 rounded-md border border-line-2 text-12 text-ink-2 "
    "has-checked:bg-selected has-checked:border-run-line has-checked:text-ink"
)


def alert_editor() -> rx.Component:
    return rx.cond(
        FORM.key != "",
        open_form(
            FORM.title,
            "rule",
            told(DOING.notes, "form"),
            rx.cond(
                FORM.missing != "",
                notice("Not there", FORM.missing),
                rx.el.div(
                    _form(),
                    rx.el.div(alert_backtest(), class_name="min-w-0 p-4 max-desk:border-t desk:border-l border-line"),
                    class_name="grid grid-cols-[minmax(0,1fr)] desk:grid-cols-[400px_minmax(0,1fr)]",
                ),
            ),
            actions=rx.cond(SessionState.admin & (FORM.missing == ""), _actions()),
            close=routes.alerts(AskedAlerts(tab="rules")),
            beside=rx.cond(
                DOING.changed, rx.el.span("changed, not saved", class_name="text-12 text-ink-3 max-tab:hidden")
            ),
        ),
    )


def _actions() -> rx.Component:
    return rx.cond(
        DOING.asking,
        sure("Delete it, and the history of its incidents?", delete=DOING.delete, keep=DOING.keep),
        rx.fragment(
            rx.cond(
                (FORM.key != routes.NEW) & ~FORM.builtin,
                rx.el.button("Delete", type="button", on_click=DOING.ask, class_name=GHOST),
            ),
            rx.cond(DOING.changed, rx.el.button("Discard", type="button", on_click=DOING.discard, class_name=GHOST)),
            rx.el.button(
                "Save rule",
                type="submit",
                class_name=SAVE,
                disabled=~DOING.changed & (FORM.key != routes.NEW),
                custom_attrs={"form": "rule-form"},
            ),
        ),
    )


def _form() -> rx.Component:
    return rx.el.form(
        rx.el.fieldset(
            rx.cond(
                FORM.key == routes.NEW,
                _choose("Kind", "kind", FORM.kind, FORM.kinds, on_change=DOING.choose_kind),
            ),
            rx.el.p(FORM.about, class_name="text-12 text-ink-2"),
            _typed("Name", "name", FORM.name, max_length=200),
            rx.el.div(
                rx.foreach(FORM.fields, _field),
                class_name="grid grid-cols-2 gap-3 items-start empty:hidden",
            ),
            rx.el.div(
                rx.el.label(
                    "Source",
                    rx.el.select(
                        rx.el.option("All", value=""),
                        *[rx.el.option(label, value=slug) for slug, label in PROVIDER_LABELS.items()],
                        name="provider",
                        default_value=FORM.provider,
                        on_change=_on("provider"),
                        class_name=INPUT,
                    ),
                    class_name=LABEL,
                ),
                _typed("Repository", "repos", FORM.repos, "owner/checkout-*"),
                _typed("Pipeline", "pipelines", FORM.pipelines, "all"),
                _typed("Branch", "branches", FORM.branches, "the default branch"),
                class_name=TWO,
            ),
            rx.el.p("Globs, several with commas between. Each branch that matches is judged apart.", class_name=HINT),
            rx.el.label(
                "Severity",
                rx.el.select(
                    *[rx.el.option(word, value=value) for value, word in words.SEVERITIES.items()],
                    name="severity",
                    default_value=FORM.severity,
                    on_change=_on("severity"),
                    class_name=INPUT,
                ),
                class_name=LABEL,
            ),
            _channels(),
            disabled=~SessionState.admin,
            class_name="grid gap-3 min-w-0",
        ),
        id="rule-form",
        key=DOING.turn.to_string(),
        on_submit=DOING.save,
        class_name="p-4",
    )


def _on(name: Any) -> Any:
    """What is done with each keystroke in a field."""
    return lambda typed: DOING.change(name, typed)


def _ticked(name: Any) -> Any:
    return lambda on: DOING.tick(name, on)


def _typed(label: str, name: str, value: Any, placeholder: str = "", **props: Any) -> rx.Component:
    return rx.el.label(
        label,
        rx.el.input(
            name=name,
            default_value=value,
            placeholder=placeholder,
            on_change=_on(name),
            auto_complete="off",
            spell_check=False,
            class_name=INPUT,
            **props,
        ),
        class_name=LABEL,
    )


def _choose(label: Any, name: str, value: Any, choices: Any, on_change: Any) -> rx.Component:
    return rx.el.label(
        label,
        rx.el.select(
            rx.foreach(choices, lambda one: rx.el.option(one.label, value=one.value, key=one.value)),
            name=name,
            default_value=value,
            on_change=on_change,
            class_name=INPUT,
        ),
        class_name=LABEL,
    )


def _field(field: Shown[Field]) -> rx.Component:
    """One parameter of the rule, by what it is."""
    name = f"{PARAM}{field.name}"
    change, tick = _on(name), _ticked(name)
    wrong = {"aria-invalid": rx.cond(field.problem != "", "true", "false")}
    return rx.el.div(
        rx.match(
            field.kind,
            (
                "yes",
                rx.el.label(
                    rx.el.input(
                        type="checkbox",
                        name=name,
                        default_checked=field.value == ON,
                        on_change=tick,
                        class_name="size-4 accent-ink",
                    ),
                    field.label,
                    class_name="flex items-center gap-2 min-h-11 tab:min-h-8 text-12 font-medium text-ink-2",
                ),
            ),
            ("choice", _choose(field.label, name, field.value, field.choices, change)),
            (
                "number",
                rx.el.label(
                    field.label,
                    rx.el.input(
                        type="number",
                        name=name,
                        default_value=field.value,
                        min=field.least,
                        max=field.most,
                        step=field.step,
                        on_change=change,
                        class_name=f"{INPUT} aria-invalid:border-fail",
                        custom_attrs=wrong,
                    ),
                    rx.el.span(
                        field.unit,
                        class_name="absolute right-8 bottom-0 h-11 tab:h-8 flex items-center font-normal text-ink-3 "
                        "pointer-events-none",
                    ),
                    class_name=f"{LABEL} relative",
                ),
            ),
            rx.el.label(
                field.label,
                rx.el.input(
                    name=name,
                    default_value=field.value,
                    on_change=change,
                    auto_complete="off",
                    spell_check=False,
                    class_name=f"{INPUT} aria-invalid:border-fail",
                    custom_attrs=wrong,
                ),
                class_name=LABEL,
            ),
        ),
        rx.cond(
            field.problem != "",
            rx.el.p(field.problem, class_name="text-12 font-medium text-fail-ink", role="alert"),
            rx.el.p(field.hint, class_name=HINT),
        ),
        key=field.name,
        class_name="grid gap-1 content-start min-w-0",
    )


def _channels() -> rx.Component:
    return rx.el.fieldset(
        rx.el.legend("Send to", class_name="text-12 font-medium text-ink-2 mb-1"),
        rx.el.div(rx.foreach(FORM.channels, _channel), class_name="flex flex-wrap gap-2 empty:hidden"),
        rx.el.p(
            rx.cond(
                FORM.channels.length() > 0,
                "None chosen: every channel that takes such a message.",
                "There is no channel yet: it would be seen on this page only.",
            ),
            class_name=HINT,
        ),
        class_name="grid gap-1 min-w-0",
    )


def _channel(choice: Shown[Choice]) -> rx.Component:
    name = f"{CHANNEL}{choice.value}"
    return rx.el.label(
        rx.el.input(
            type="checkbox",
            name=name,
            default_checked=choice.chosen,
            on_change=_ticked(name),
            class_name="size-3.5 accent-ink",
        ),
        choice.label,
        key=choice.value,
        class_name=CHIP,
    )
