"""A rule's parameters as a form, made from the JSON schema of its `Params`; and what was typed as parameters again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from cicd_health.ui.view import Choice

ON = "true"
WHOLE = "1"
ANY = "any"  # an input that takes fractions


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter. `kind` is number, yes, choice or text; `value` is text as an input has it, "" for none."""

    name: str
    label: str
    kind: str
    value: str
    hint: str = ""
    unit: str = ""
    least: str = ""
    most: str = ""
    step: str = WHOLE
    choices: list[Choice] = field(default_factory=list)
    optional: bool = False
    problem: str = ""


def fields(params: type[BaseModel], values: Mapping[str, Any]) -> list[Field]:
    """The form of these parameters, filled with `values`, which may lack some."""
    whole = params.model_json_schema()
    defined = whole.get("$defs", {})
    return [
        _field(name, _resolved(given, defined), values.get(name, given.get("default")))
        for name, given in whole.get("properties", {}).items()
    ]


def _resolved(given: Mapping[str, Any], defined: Mapping[str, Any]) -> dict[str, Any]:
    """A property with what it refers to, and what it may be besides None."""
    found = dict(given)
    for option in (*found.get("allOf", ()), *(one for one in found.get("anyOf", ()) if one.get("type") != "null")):
        found = {**option, **found}
    if "$ref" in found:
        found = {**defined[found["$ref"].rpartition("/")[2]], **found}
    found["optional"] = any(one.get("type") == "null" for one in given.get("anyOf", ()))
    return found


def _field(name: str, given: Mapping[str, Any], value: Any) -> Field:
    label, hint = _words(name, given)
    return Field(
        name=name,
        label=label,
        kind=_kind(given),
        value=as_text(value),
        hint=hint,
        unit=str(given.get("unit", "")),
        least=as_text(given.get("minimum", given.get("exclusiveMinimum"))),
        most=as_text(given.get("maximum", given.get("exclusiveMaximum"))),
        step=ANY if given.get("type") == "number" else WHOLE,
        choices=[Choice(str(one), str(one).replace("_", " ")) for one in _choices(given)],
        optional=bool(given.get("optional")),
    )


def _words(name: str, given: Mapping[str, Any]) -> tuple[str, str]:
    """Its own title, else its name without the unit, which stands beside it; below it the description."""
    titled = str(given.get("title", ""))
    made_up = titled.lower() == name.replace("_", " ").lower()
    plain = name.removesuffix("_minutes").removesuffix("_s").replace("min_", "minimum ").replace("_", " ")
    return (plain.capitalize() if made_up or not titled else titled), str(given.get("description", ""))


def _choices(given: Mapping[str, Any]) -> list[Any]:
    return list(given.get("enum", [given["const"]] if "const" in given else []))


def _kind(given: Mapping[str, Any]) -> str:
    if _choices(given):
        return "choice"
    return {"integer": "number", "number": "number", "boolean": "yes"}.get(str(given.get("type")), "text")


def as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return ON if value else ""
    if isinstance(value, float):
        return f"{value:g}"
    return str(getattr(value, "value", value))


def values(params: type[BaseModel], typed: Mapping[str, str]) -> dict[str, Any]:
    """What was typed, as the parameters take it. Raises Wrong with a sentence for each field."""
    known = {one.name: one for one in fields(params, {})}
    given = {name: _value(known[name], text) for name, text in typed.items() if name in known}
    try:
        return params.model_validate(given).model_dump(mode="json")
    except ValidationError as error:
        raise Wrong({str(one["loc"][0]) if one["loc"] else "": _said(one) for one in error.errors()}) from None


def _value(known: Field, text: str) -> Any:
    if known.kind == "yes":
        return text == ON
    stripped = text.strip()
    return None if known.optional and not stripped else stripped


def _said(error: Mapping[str, Any]) -> str:
    """A sentence of ours for what pydantic found; its own words for the rest."""
    context = error.get("ctx") or {}
    words = {
        "greater_than_equal": "At least {ge}.",
        "greater_than": "More than {gt}.",
        "less_than_equal": "At most {le}.",
        "less_than": "Less than {lt}.",
        "int_parsing": "A whole number.",
        "int_from_float": "A whole number.",
        "float_parsing": "A number.",
    }.get(str(error["type"]))
    if words:
        return words.format(**context)
    return str(context.get("error") or error["msg"]).removeprefix("Value error, ")


class Wrong(ValueError):
    """What was typed cannot be used: a sentence by the name of each field, "" for all of them."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = dict(problems)
