"""What a component is given to show."""

from dataclasses import fields
from typing import Any, TypeVar

from reflex.vars import ObjectVar

T = TypeVar("T")

# A Var of a row, such as Shown[Card]. Also anything: a type checker cannot follow a Var into the fields of its row.
Shown = ObjectVar[T] | Any


def filled(row: Any) -> dict[str, Any]:
    """What is sent of a row: a field that is empty is left out. For rows whose component does not ask "is it empty"."""
    values = {field.name: getattr(row, field.name) for field in fields(row)}
    return {name: value for name, value in values.items() if value != ""}
