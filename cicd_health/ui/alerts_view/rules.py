"""Rules: the list of them, and one of them as a form."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import Any

from pydantic import ValidationError

from cicd_health.alerts import RULES
from cicd_health.model.alert_drafts import RuleDraft
from cicd_health.model.alert_scope import Scope
from cicd_health.model.alerts import Severity
from cicd_health.store.lists import Row
from cicd_health.ui import format as text
from cicd_health.ui import routes
from cicd_health.ui.alerts_view import schema, words
from cicd_health.ui.alerts_view.schema import Field
from cicd_health.ui.routes import NEW, AskedAlerts
from cicd_health.ui.rows import Mark
from cicd_health.ui.view import Choice

PARAM = "param."  # before the names of a kind's own parameters in the form
CHANNEL = "channel."  # before the slugs of channels
LONGEST = 500


@dataclass(frozen=True, slots=True)
class RuleRow:
    key: str
    mark: Mark
    name: str
    kind: str
    params: str
    scope: str
    severity: str
    channels: str
    on: bool
    open: str
    open_href: str
    last: str
    exact: str
    href: str


@dataclass(frozen=True, slots=True)
class Form:
    """A rule as it is edited. `key` is its id, "new", or empty while none is open; lists of globs are text."""

    key: str = ""
    title: str = ""
    kind: str = ""
    about: str = ""
    kinds: list[Choice] = field(default_factory=list)
    name: str = ""
    severity: str = Severity.CRITICAL
    fields: list[Field] = field(default_factory=list)
    provider: str = ""
    repos: str = ""
    pipelines: str = ""
    branches: str = ""
    channels: list[Choice] = field(default_factory=list)
    enabled: bool = True
    builtin: bool = False
    missing: str = ""


def listed(rows: Sequence[Row], channels: Sequence[Row], now: datetime, zone: tzinfo) -> list[RuleRow]:
    names = {row["slug"]: row["name"] for row in channels}
    return [_row(row, names, now, zone) for row in rows]


def _row(row: Row, names: Mapping[str, str], now: datetime, zone: tzinfo) -> RuleRow:
    chosen = json.loads(row["channels"])
    last = row["last_opened_at"]
    return RuleRow(
        key=str(row["id"]),
        mark=words.kind_mark(row["kind"], row["severity"]) if row["enabled"] else off(row["kind"]),
        name=row["name"],
        kind=words.kind_label(row["kind"]),
        params=params_words(row["kind"], json.loads(row["params"])),
        scope=words.scope_words(Scope.from_json(row["scope"])),
        severity=words.SEVERITIES[row["severity"]],
        channels=", ".join(names.get(slug, slug) for slug in chosen) or "every channel",
        on=bool(row["enabled"]),
        open=text.count(row["open"]) if row["open"] else "",
        open_href=routes.alerts(AskedAlerts(rule=str(row["id"]))),
        last=text.moment(last, now, zone) if last else text.NOTHING,
        exact=text.exact(last, zone),
        href=routes.alerts(AskedAlerts(tab="rules", rule=str(row["id"]))),
    )


def off(kind: str) -> Mark:
    mark = words.kind_mark(kind, Severity.INFO)
    return Mark(mark.glyph, mark.word, "off")


def params_words(kind: str, params: Mapping[str, Any]) -> str:
    """`2 failures in a row`; empty for what cannot be read any more."""
    rule = RULES.get(kind)
    try:
        return rule.words(rule.Params.model_validate(params)) if rule else ""
    except ValidationError:
        return ""


def form_of(row: Row, channels: Sequence[Row]) -> Form:
    """A rule that is stored."""
    scope = Scope.from_json(row["scope"])
    made = made_of(str(row["id"]), row["kind"], channels, json.loads(row["params"]), json.loads(row["channels"]))
    return replace(
        made,
        title=f"Rule: {row['name']}",
        name=row["name"],
        severity=row["severity"],
        provider=scope.providers[0] if len(scope.providers) == 1 else ",".join(scope.providers),
        repos=", ".join(scope.repos),
        pipelines=", ".join(scope.pipelines),
        branches=", ".join(scope.branches),
        enabled=bool(row["enabled"]),
        builtin=bool(row["builtin"]),
    )


def new_form(kind: str, channels: Sequence[Row]) -> Form:
    return replace(made_of(NEW, kind, channels, {}, ()), title="New rule", severity=Severity.WARNING)


def missing(key: str) -> Form:
    return Form(key=key, title="There is no such rule", missing="It may have been deleted, or the address is mistyped.")


def made_of(key: str, kind: str, channels: Sequence[Row], params: Mapping[str, Any], chosen: Sequence[str]) -> Form:
    rule = RULES.get(kind) or next(iter(RULES.values()))
    return Form(
        key=key,
        kind=rule.slug,
        about=rule.about,
        kinds=[Choice(slug, known.label) for slug, known in RULES.items()],
        fields=schema.fields(rule.Params, params),
        channels=[Choice(row["slug"], row["name"], chosen=row["slug"] in chosen) for row in channels],
    )


def with_problems(form: Form, problems: Mapping[str, str], typed: Mapping[str, str]) -> Form:
    """The same with a sentence under each field that is wrong, and what was typed left as it is."""
    fields = [
        replace(one, value=typed.get(PARAM + one.name, one.value), problem=problems.get(one.name, ""))
        for one in form.fields
    ]
    return replace(form, fields=fields)


def typed_of(form: Form) -> dict[str, str]:
    """The form as what one would have typed to make it."""
    typed = {name: getattr(form, name) for name in ("kind", "name", "severity", "provider", *SCOPES)}
    typed |= {PARAM + one.name: one.value for one in form.fields}
    return typed | {CHANNEL + one.value: schema.ON if one.chosen else "" for one in form.channels}


SCOPES = ("repos", "pipelines", "branches")


def filled(form: Form, typed: Mapping[str, str]) -> Form:
    """The form with what was typed into it."""
    named = {name: typed.get(name, "") for name in ("name", "severity", "provider", *SCOPES)}
    ticked = [replace(one, chosen=typed.get(CHANNEL + one.value) == schema.ON) for one in form.channels]
    return replace(with_problems(form, {}, typed), channels=ticked, **named)


def draft_of(typed: Mapping[str, str], *, enabled: bool = True) -> RuleDraft:
    """What was typed as a rule. Raises schema.Wrong."""
    rule = RULES.get(typed.get("kind", ""))
    if rule is None:
        raise schema.Wrong({"": "There is no such kind of rule."})
    clipped = {name: value[:LONGEST] for name, value in typed.items()}
    params = {name.removeprefix(PARAM): value for name, value in clipped.items() if name.startswith(PARAM)}
    severity = clipped.get("severity", "")
    return RuleDraft(
        name=clipped.get("name", "").strip() or rule.label,
        kind=rule.slug,
        severity=Severity(severity) if severity in set(Severity) else Severity.CRITICAL,
        params=schema.values(rule.Params, params),
        scope=scope_of(clipped),
        channels=tuple(
            name.removeprefix(CHANNEL)
            for name, value in clipped.items()
            if name.startswith(CHANNEL) and value == schema.ON
        ),
        enabled=enabled,
    )


def scope_of(typed: Mapping[str, str]) -> Scope:
    return Scope(
        providers=words.globs(typed.get("provider", "")), **{name: words.globs(typed.get(name, "")) for name in SCOPES}
    )
