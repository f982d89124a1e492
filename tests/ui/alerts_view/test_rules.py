"""A rule's form is made from its parameters, and what was typed becomes a rule again."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import pytest
from pydantic import BaseModel, Field

from cicd_health.alerts import RULES
from cicd_health.model.alert_scope import Scope
from cicd_health.model.alerts import Severity
from cicd_health.ui.alerts_view import rules, schema
from tests.ui.alerts_view import rows


class Flavour(StrEnum):
    SWEET = "sweet"
    VERY_SOUR = "very_sour"


class Params(BaseModel):
    count: int = Field(3, ge=1, le=50, description="In a row", json_schema_extra={"unit": "runs"})
    share: float = Field(0.5, gt=0, lt=1)
    strict: bool = False
    measure: Literal["p95", "mean"] = "p95"
    flavour: Flavour = Flavour.SWEET
    limit_minutes: int | None = Field(None, title="The limit", ge=1)
    cron: str = ""


def test_each_parameter_is_asked_as_what_it_is():
    shown = {field.name: field for field in schema.fields(Params, {"count": 7})}
    assert [(field.name, field.kind) for field in shown.values()] == [
        ("count", "number"),
        ("share", "number"),
        ("strict", "yes"),
        ("measure", "choice"),
        ("flavour", "choice"),
        ("limit_minutes", "number"),
        ("cron", "text"),
    ]
    count, share, limit = shown["count"], shown["share"], shown["limit_minutes"]
    assert (count.value, count.least, count.most, count.step, count.unit) == ("7", "1", "50", "1", "runs")
    assert (count.label, count.hint) == ("Count", "In a row")
    assert (share.value, share.step) == ("0.5", "any")
    assert (limit.label, limit.value, limit.optional, limit.least) == ("The limit", "", True, "1")
    assert [one.value for one in shown["measure"].choices] == ["p95", "mean"]
    assert [(one.value, one.label) for one in shown["flavour"].choices] == [
        ("sweet", "sweet"),
        ("very_sour", "very sour"),
    ]


def test_what_was_typed_becomes_parameters_again():
    typed = {"count": "4", "share": "0.25", "strict": "true", "measure": "mean", "limit_minutes": "", "other": "x"}
    assert schema.values(Params, typed) == {
        "count": 4,
        "share": 0.25,
        "strict": True,
        "measure": "mean",
        "flavour": "sweet",
        "limit_minutes": None,
        "cron": "",
    }


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"count": "0"}, {"count": "At least 1."}),
        ({"count": "51"}, {"count": "At most 50."}),
        ({"count": "many"}, {"count": "A whole number."}),
        ({"share": "1"}, {"share": "Less than 1.0."}),
        ({"share": "half", "count": ""}, {"share": "A number.", "count": "A whole number."}),
    ],
)
def test_what_cannot_be_is_said_at_its_field(typed, said):
    with pytest.raises(schema.Wrong) as wrong:
        schema.values(Params, typed)
    assert wrong.value.problems == said


@pytest.mark.parametrize("kind", RULES)
def test_the_form_of_every_rule_on_the_shelf_saves_the_rule_that_it_shows(kind: str):
    form = rules.new_form(kind, [rows.channel()])
    draft = rules.draft_of(rules.typed_of(form))
    assert draft.kind == kind
    assert draft.params == RULES[kind].Params().model_dump(mode="json")
    assert draft.scope == Scope()
    assert draft.channels == ()
    assert all(field.label and field.hint for field in form.fields)
    assert {field.kind for field in form.fields} <= {"number", "text", "choice", "yes"}


def test_scope_channels_and_severity_are_read_from_what_was_typed():
    typed = rules.typed_of(rules.new_form("failure", [rows.channel()])) | {
        "name": "  checkout is broken ",
        "severity": "info",
        "provider": "github",
        "repos": "kestrel/checkout-*, kestrel/ledger,,",
        "branches": "main",
        "channel.slack": "true",
        "param.count": "2",
    }
    draft = rules.draft_of(typed)
    assert draft.name == "checkout is broken"
    assert draft.severity is Severity.INFO
    assert draft.scope == Scope(("github",), ("kestrel/checkout-*", "kestrel/ledger"), (), ("main",))
    assert draft.channels == ("slack",)
    assert draft.params == {"count": 2}


def test_an_unknown_kind_is_refused():
    with pytest.raises(schema.Wrong):
        rules.draft_of({"kind": "astrology"})


def test_a_field_that_is_wrong_keeps_what_was_typed():
    form = rules.with_problems(rules.new_form("failure", []), {"count": "At least 1."}, {"param.count": "0"})
    assert [(field.value, field.problem) for field in form.fields] == [("0", "At least 1.")]
