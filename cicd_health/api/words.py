"""Parameters of more than one route, with what is allowed in them."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from fastapi import Path
from pydantic import AfterValidator, BeforeValidator, StringConstraints
from starlette.exceptions import HTTPException

LARGEST_ID = 2**63 - 1

Id = Annotated[int, Path(ge=1, le=LARGEST_ID)]
# PostgreSQL cannot even be asked for a text with a NUL in it.
Word = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00]*$")]


def _plus(text: Any) -> Any:
    """An unescaped "+" of a time zone reaches us as a blank."""
    return re.sub(r" (?=\d\d:?\d\d$)", "+", text) if isinstance(text, str) else text


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError("is before the year 1 or after the year 9999 in UTC") from None


Moment = Annotated[datetime, BeforeValidator(_plus), AfterValidator(_in_utc)]
E = TypeVar("E", bound=StrEnum)


def words(name: str, text: str | None, kind: type[E]) -> tuple[E, ...]:
    """The members of a comma list. 422 when one is unknown."""
    said = [word.strip() for word in (text or "").lower().split(",")]
    try:
        return tuple(kind(word) for word in said if word)
    except ValueError:
        raise HTTPException(422, f"{name}: some of {', '.join(kind)}, not {text!r}.") from None


def choices(name: str, text: str | None, known: Collection[str]) -> tuple[str, ...]:
    """The words of a comma list. 422 when one is not known."""
    said = tuple(word.strip() for word in (text or "").lower().split(",") if word.strip())
    if not set(said) <= set(known):
        raise HTTPException(422, f"{name}: some of {', '.join(known)}, not {text!r}.")
    return said
