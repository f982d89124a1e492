"""The rules that people make: checked, saved, switched, deleted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlmodel import Session

from cicd_health.alerts import RULES
from cicd_health.flow import incidents
from cicd_health.model.alert_drafts import RuleDraft
from cicd_health.store import audit, engine, rules
from cicd_health.store import incidents as known
from cicd_health.store.tables import RuleRow

LONGEST_NAME = 100


def save_rule(draft: RuleDraft, now: datetime, rule_id: int | None = None) -> int:
    """Make a rule, or make this one what the draft says; its id.

    Raises ValueError with a sentence for what cannot be, LookupError when there is no such rule.
    """
    wanted = checked(draft)
    with engine.writing() as session:
        _check_channels(session, wanted)
        if rule_id is None:
            saved = rules.add(session, wanted, now)
        else:
            _change(session, rules.find(session, rule_id), wanted, now)
            saved = rule_id
        audit.note(session, "rule.saved", f"rule {saved} ({wanted.name})", now, new=rule_id is None, **_noted(wanted))
        engine.announce(session, "alerts")
        return saved


def _noted(draft: RuleDraft) -> dict[str, Any]:
    """What the audit log says of a rule: everything but its name, which is the subject."""
    return {
        "kind": draft.kind,
        "severity": draft.severity,
        "params": dict(draft.params),
        "scope": json.loads(draft.scope.to_json()),
        "channels": draft.channels,
        "enabled": draft.enabled,
    }


def _change(session: Session, rule: RuleRow, draft: RuleDraft, now: datetime) -> None:
    if draft.kind != rule.kind:
        raise ValueError(f"kind: this rule is of kind {rule.kind}, and stays so; make another rule for {draft.kind}.")
    rules.change(rule, draft, now)
    session.flush()
    incidents.settle_rule(session, rule, now, "the rule was changed")


def switch_rule(rule_id: int, on: bool, now: datetime) -> None:
    """Switch a rule on or off. Switched off, its open incidents end without a message. LookupError."""
    with engine.writing() as session:
        rule = rules.find(session, rule_id)
        if rule.enabled == on:
            return
        rule.enabled, rule.updated_at = on, now
        session.flush()
        incidents.settle_rule(session, rule, now, "the rule was switched off")
        audit.note(session, "rule.saved", f"rule {rule_id} ({rule.name})", now, enabled=on)
        engine.announce(session, "alerts")


def forget_rule(rule_id: int, now: datetime) -> None:
    """Delete a rule with all its incidents. LookupError; ValueError for the built-in one."""
    with engine.writing() as session:
        rule = rules.find(session, rule_id)
        if rule.builtin:
            raise ValueError("The built-in rule cannot be deleted; switch it off instead.")
        known.hold_pipelines(session, rule_id)
        session.delete(rule)
        audit.note(session, "rule.removed", f"rule {rule_id} ({rule.name})", now, kind=rule.kind)
        engine.announce(session, "alerts")


def checked(draft: RuleDraft) -> RuleDraft:
    """The draft with all its parameters, each checked. Raises ValueError with a sentence."""
    if draft.kind not in RULES:
        raise ValueError(f"kind: one of {', '.join(RULES)}, not {draft.kind!r}.")
    name = " ".join(draft.name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise ValueError(f"name: a text of 1 to {LONGEST_NAME} characters.")
    draft.scope.check()
    params = read_params(draft.kind, draft.params).model_dump(mode="json")
    return replace(draft, name=name, params=params)


def read_params(kind: str, given: Mapping[str, Any]) -> BaseModel:
    """The parameters of a rule of this kind, those not given at their defaults. ValueError names the wrong one."""
    Params = RULES[kind].Params
    unknown = [name for name in given if name not in Params.model_fields]
    if unknown:
        raise ValueError(f"params.{unknown[0]}: there is no such parameter; {_known(Params)}.")
    try:
        return Params.model_validate(dict(given))
    except ValidationError as error:
        raise ValueError(sentence(error)) from None


def _known(params: type[BaseModel]) -> str:
    return f"there are {', '.join(params.model_fields)}" if params.model_fields else "this kind has none"


def sentence(error: ValidationError) -> str:
    """What is wrong with the parameters, and what is allowed."""
    return "; ".join(_wrong(one) for one in error.errors(include_url=False)) + "."


def _wrong(one: Mapping[str, Any]) -> str:
    at = ".".join(("params", *(str(part) for part in one["loc"])))
    said = str(one["msg"]).removeprefix("Value error, ").rstrip(".")
    given = f", not {one['input']!r}" if one["loc"] and isinstance(one["input"], str | int | float) else ""
    return f"{at}: {said}{given[:200]}"


def _check_channels(session: Session, draft: RuleDraft) -> None:
    unknown = rules.unknown_channels(session, draft.channels)
    if unknown:
        known = ", ".join(rules.channel_slugs(session)) or "there is none yet"
        raise ValueError(f"channels: there is no channel {unknown[0]!r}; known: {known}.")
