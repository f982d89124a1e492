"""What a component is given to show."""

from typing import Any, TypeVar

from reflex.vars import ObjectVar

T = TypeVar("T")

# A Var of a row, such as Shown[Card]. Also anything: a type checker cannot follow a Var into the fields of its row.
Shown = ObjectVar[T] | Any
