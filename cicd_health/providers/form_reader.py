"""Reading the forms of our own API: what is wrong is said, in one sentence that names the field and what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from cicd_health.model.runs import sane_seconds
from cicd_health.providers import json_reader
from cicd_health.providers.json_reader import LARGEST, NAME_LENGTH, TEXT_LENGTH
from cicd_health.providers.provider import BadPayload

Word = TypeVar("Word")


@dataclass(frozen=True, slots=True)
class Form:
    """One JSON object; `where` says its place in the body, such as "[3].jobs[0]." Null is the same as missing.

    Every method raises BadPayload for a value that is there and wrong.
    """

    fields: Mapping[str, Any]
    where: str = ""

    def refuse(self, field: str, wanted: str) -> BadPayload:
        shown = repr(self.fields.get(field))
        return BadPayload(f"{self.where}{field}: {shown if len(shown) <= 60 else shown[:57] + '…'} is not {wanted}")

    def has(self, field: str) -> bool:
        return self.fields.get(field) is not None

    def text(self, field: str, longest: int = NAME_LENGTH) -> str | None:
        """A string or a number as text. None when missing or empty."""
        value = self.fields.get(field)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int) or len(read := str_of(value)) > longest:
            raise self.refuse(field, f"a text of at most {longest} characters")
        return read or None

    def needed(self, field: str) -> str:
        value = self.text(field)
        if value is None:
            raise BadPayload(f"{self.where}{field}: missing; a text of at most {NAME_LENGTH} characters is needed")
        return value

    def address(self, field: str) -> str | None:
        """A link. Only http and https, as pages show it as one."""
        value = self.text(field, TEXT_LENGTH)
        if value is not None and not value.lower().startswith(("http://", "https://")):
            raise self.refuse(field, "an http or https address")
        return value

    def moment(self, field: str) -> datetime | None:
        """A time without a zone is taken as UTC."""
        if not self.has(field):
            return None
        value = json_reader.moment(self.fields[field])
        if value is None:
            raise self.refuse(field, "an ISO 8601 time such as 2026-01-31T12:00:00Z")
        return value

    def seconds(self, field: str) -> float | None:
        """None for a number that cannot be a duration: it counts as unmeasured."""
        value = self.fields.get(field)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refuse(field, "a number of seconds")
        return sane_seconds(float(value) if abs(value) < LARGEST else None)

    def count(self, field: str) -> int | None:
        if not self.has(field):
            return None
        value = json_reader.count(self.fields[field])
        if value is None:
            raise self.refuse(field, "a whole number from 1 up")
        return value

    def word(self, field: str, words: Mapping[str, Word]) -> Word | None:
        """What one of the words stands for, in any case, with "-" or a blank for "_"."""
        if not self.has(field):
            return None
        value = self.fields[field]
        key = value.strip().lower().replace("-", "_").replace(" ", "_") if isinstance(value, str) else ""
        if key not in words:
            raise self.refuse(field, f"one of {', '.join(words)}")
        return words[key]

    def lines(self, field: str) -> str | None:
        """A text of any length, or a list of its lines."""
        value = self.fields.get(field)
        if value is None:
            return None
        if isinstance(value, list) and all(isinstance(line, str) for line in value):
            value = "\n".join(value)
        if not isinstance(value, str):
            raise self.refuse(field, "a text")
        return json_reader.clean(value) or None

    def forms(self, field: str) -> list[Form]:
        """The objects of a list."""
        value = self.fields.get(field)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.refuse(field, "a list of objects")
        return [form_of(one, f"{self.where}{field}[{index}].") for index, one in enumerate(value)]


def form_of(value: object, where: str = "") -> Form:
    """Raises BadPayload unless the value is a JSON object."""
    if not isinstance(value, dict):
        raise BadPayload(f"{where.rstrip('.') or 'the body'} is not a JSON object")
    return Form(value, where)


def str_of(value: str | int) -> str:
    return json_reader.clean(value).strip() if isinstance(value, str) else str(value)
