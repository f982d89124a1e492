"""Alert rules on the page: the list, one of them being edited, and what it would have done in the last 30 days."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import reflex as rx
import structlog

from cicd_health import flow
from cicd_health.alerts import RULES
from cicd_health.store import alert_lists, engine
from cicd_health.ui import guard, routes, zone
from cicd_health.ui.alerts_view import backtest, rules, schema
from cicd_health.ui.alerts_view.backtest import Tested
from cicd_health.ui.alerts_view.rules import Form, RuleRow
from cicd_health.ui.routes import NEW, AskedAlerts
from cicd_health.ui.source_actions import number
from cicd_health.ui.states.following import assign
from cicd_health.ui.told import Note, refused, why_not

log = structlog.get_logger(__name__)
PAUSE_S = 0.4  # after the last keystroke, before a draft is tried
ONE_AT_A_TIME = asyncio.Semaphore(1)  # a backtest takes a core, of a year of a busy organisation for seconds
MOST_TYPED = 500  # characters of one field


class RulesState(rx.State):
    """The list; `note` is why a switch did not move."""

    rows: rx.Field[list[RuleRow]] = rx.field(default_factory=list)
    notes: rx.Field[dict[str, Note]] = rx.field(default_factory=dict)

    @rx.event
    @guard.needs("admin")
    async def switch(self, rule: str, on: bool):
        note = await asyncio.to_thread(attempted, lambda now: flow.switch_rule(number(rule), on, now))
        self.notes = {"page": note} if note else {}
        editor = await self.get_state(EditorState)
        if note is None and editor.form.key == rule:
            editor.form = replace(editor.form, enabled=on)


class BacktestState(rx.State):
    """`trying` while it is worked out; what is shown then is of the draft before. `problem` is why it cannot be."""

    shown: rx.Field[Tested] = rx.field(default_factory=Tested)
    trying: rx.Field[bool] = rx.field(False)
    problem: rx.Field[str] = rx.field("")


class EditorState(rx.State):
    """The rule that is open. `turn` grows when its form is to be filled anew; `changed` is whether it was touched."""

    form: rx.Field[Form] = rx.field(default_factory=Form)
    turn: rx.Field[int] = rx.field(0)
    changed: rx.Field[bool] = rx.field(False)
    asking: rx.Field[bool] = rx.field(False)  # whether to delete it
    notes: rx.Field[dict[str, Note]] = rx.field(default_factory=dict)
    _typed: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    _generation: int = 0  # of what was typed: an answer to an older one is not shown

    async def _begin(self, rule: str, *, may_try: bool) -> bool:
        """Open this rule, "new", or none; what is being typed into it stays. Whether it is to be tried now."""
        if rule == self.form.key:
            return False
        form = await asyncio.to_thread(form_of, rule) if rule else Form()
        self._fill(form)
        assign(self, notes={}, asking=False)
        trying = may_try and bool(form.kind)
        hint = "" if may_try else "Sign in to see what it would have done."
        assign(await self.get_state(BacktestState), shown=Tested(took=hint), trying=trying, problem="")
        return trying

    def _fill(self, form: Form) -> None:
        self._typed = rules.typed_of(form)
        self.turn += 1
        assign(self, form=form, changed=False)

    @rx.event
    @guard.needs("admin")
    async def change(self, name: str, value: str | int | float | None):
        """One field, as it is typed; those of numbers send a number, or nothing for what is none."""
        return self._take(name, "" if value is None else str(value))

    def _take(self, name: str, value: str) -> Any:
        if name not in self._typed:  # not of this form
            return None
        self._typed = {**self._typed, name: value[:MOST_TYPED]}
        assign(self, changed=True)
        return EditorState.try_out

    @rx.event
    @guard.needs("admin")
    async def tick(self, name: str, on: bool):
        return self._take(str(name), schema.ON if on else "")

    @rx.event
    @guard.needs("admin")
    async def choose_kind(self, kind: str):
        """Another kind of rule has other parameters; the rest stays as it was typed."""
        if self.form.key != NEW or kind not in RULES:
            return None
        kept = {name: value for name, value in self._typed.items() if not name.startswith(rules.PARAM)}
        self._fill(await asyncio.to_thread(form_of, NEW, kind))
        self._typed = {**self._typed, **kept, "kind": kind}
        assign(self, form=rules.filled(self.form, self._typed), changed=True)
        return EditorState.try_out

    @rx.event(background=True)
    @guard.needs("viewer")
    async def try_out(self):
        """What the draft would have done. Waits for a pause in the typing, and for others who try theirs."""
        viewer = zone.of_viewer(self.router.headers.cookie)
        async with self:
            self._generation += 1
            mine = self._generation
            assign(await self.get_state(BacktestState), trying=True)
        await asyncio.sleep(PAUSE_S)
        async with ONE_AT_A_TIME:
            if mine != self._generation:
                return
            typed = dict(self._typed)
            shown, problem, problems = await asyncio.to_thread(tried, typed, viewer)
        async with self:
            if mine != self._generation:
                return
            marked = rules.with_problems(self.form, problems, typed)
            assign(self, form=marked)
            state = await self.get_state(BacktestState)
            assign(state, trying=False, problem=problem, shown=shown or state.shown)

    @rx.event
    @guard.needs("admin")
    async def save(self, form: dict[str, Any]):
        key = self.form.key
        if not key or self.form.missing:
            return None
        rule_id = None if key == NEW else number(key)
        saved, problems, note = await asyncio.to_thread(stored, dict(self._typed), rule_id, self.form.enabled)
        if not saved:
            assign(self, form=rules.with_problems(self.form, problems, self._typed), notes={"form": note})
            return None
        self._fill(await asyncio.to_thread(form_of, str(saved)))
        assign(self, notes={"form": note})
        return rx.redirect(routes.alerts(AskedAlerts(tab="rules", rule=str(saved))), replace=True)

    @rx.event
    @guard.needs("admin")
    async def discard(self):
        """Back to what is stored."""
        self._fill(await asyncio.to_thread(form_of, self.form.key))
        assign(self, notes={}, asking=False)
        return EditorState.try_out

    @rx.event
    async def ask(self):
        self.asking = True

    @rx.event
    async def keep(self):
        self.asking = False

    @rx.event
    @guard.needs("admin")
    async def delete(self):
        note = await asyncio.to_thread(attempted, lambda now: flow.forget_rule(number(self.form.key), now))
        assign(self, asking=False, notes={"form": note} if note else {})
        return None if note else rx.redirect(routes.alerts(AskedAlerts(tab="rules")))


def form_of(rule: str, kind: str = "") -> Form:
    """The form of a stored rule, or of a new one of this kind."""
    with engine.reading() as session:
        channels = alert_lists.channels(session, datetime.now(UTC))
        row = None if rule == NEW else alert_lists.of_id(alert_lists.rules(session), number(rule))
    if rule == NEW:
        return rules.new_form(kind or next(iter(RULES)), channels)
    return rules.form_of(row, channels) if row is not None else rules.missing(rule)


def tried(typed: Mapping[str, str], viewer: ZoneInfo) -> tuple[Tested | None, str, dict[str, str]]:
    """The drawn backtest of what was typed; or None, why not, and what is wrong with which field."""
    now = datetime.now(UTC)
    try:
        draft = rules.draft_of(typed)
        return backtest.view(flow.backtest(draft, now, viewer.key), draft.scope, now, viewer), "", {}
    except schema.Wrong as error:
        return None, "Correct the fields that are marked.", error.problems
    except ValueError as error:
        return None, refused(error).text, {}
    except Exception:  # a bug of ours, or no database
        log.exception("a rule was not tried")
        return None, "This rule cannot be tried at the moment. It can be saved all the same.", {}


def stored(typed: Mapping[str, str], rule_id: int | None, enabled: bool) -> tuple[int, dict[str, str], Note]:
    """The id of the rule that was stored, 0 for none; what is wrong with which field; and what to say."""
    try:
        id = flow.save_rule(replace(rules.draft_of(typed), enabled=enabled), datetime.now(UTC), rule_id)
    except schema.Wrong as error:
        return (
            0,
            error.problems,
            Note(error.problems.get("") or "Not saved: correct the fields that are marked.", "fail"),
        )
    except Exception as error:  # whatever it was, it is said where the button is
        return 0, {}, why_not(error, "This rule is not there any more.")
    return id, {}, Note("Saved. It is asked with the next run.", "ok")


def attempted(change: Callable[[datetime], Any]) -> Note | None:
    """None when it was done, else why not."""
    try:
        change(datetime.now(UTC))
    except Exception as error:  # whatever it was, it is said where the button is
        return why_not(error, "It is not there any more.")
    return None
