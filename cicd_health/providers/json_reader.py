"""Reading JSON that others wrote: what is missing, null or senseless is None, never an exception."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic_core import from_json

from cicd_health.providers.provider import NotJson

NAME_LENGTH = 500  # what a name may measure: longer ones do not fit an index of PostgreSQL
TEXT_LENGTH = 2000
LARGEST = 2**63 - 1
LARGEST_COUNT = 2**31 - 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Before: a "zero" time, which some systems write for null. After: no clock says that.
FIRST_YEAR, LAST_YEAR = 1971, 2199


def decode_json(body: bytes) -> object:
    """The document in the body. Raises NotJson.

    The quick decoder refuses a lone surrogate, which a title cut in mid-emoji contains: the standard one takes it.
    """
    try:
        return from_json(body, allow_inf_nan=False, cache_strings="keys")
    except ValueError:
        return _decode_slowly(body)


def _decode_slowly(body: bytes) -> object:
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise NotJson(f"the body is not JSON: {str(error)[:200]}") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def mapping(value: object) -> dict[str, Any]:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """The array, or an empty one."""
    return value if isinstance(value, list) else []


def text(value: object, longest: int = NAME_LENGTH) -> str | None:
    """The string, cut at `longest`; None when it is empty or no string."""
    return clean(value).strip()[:longest] or None if isinstance(value, str) else None


def clean(value: str) -> str:
    """The string without NUL and lone surrogates, which no database keeps."""
    if "\x00" in value:
        value = value.replace("\x00", "")
    if value.isascii():
        return value
    return value.encode("utf-8", "replace").decode()


def integer(value: object) -> int | None:
    """A whole number that fits a database; None for anything else, booleans included."""
    if type(value) is float and math.isfinite(value) and value.is_integer():
        value = int(value)
    return value if type(value) is int and abs(value) <= LARGEST else None


def count(value: object) -> int | None:
    """A small number from 1 up, such as a run's attempt."""
    number = integer(value)
    return number if number is not None and 1 <= number <= LARGEST_COUNT else None


def identifier(value: object) -> str | None:
    """An id as text, whether it was written as a number or as a string."""
    number = integer(value)
    return text(value) if number is None else str(number)


def moment(value: object) -> datetime | None:
    """An ISO 8601 time in UTC; a time without a zone is taken as UTC. None for a zero time too."""
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(value)
        if read.tzinfo is not UTC:
            read = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return read if FIRST_YEAR <= read.year <= LAST_YEAR else None


def moment_from_ms(value: object) -> datetime | None:
    """A time in milliseconds since 1970; None for 0 and below."""
    number = integer(value)
    if number is None or number <= 0:
        return None
    try:
        read = EPOCH + timedelta(milliseconds=number)
    except OverflowError:
        return None
    return read if FIRST_YEAR <= read.year <= LAST_YEAR else None


def newest(*moments: datetime | None) -> datetime | None:
    """The last of the moments that are known, or None."""
    return max((one for one in moments if one is not None), default=None)


def first(*values: Any) -> Any:
    """The first value that is not None, or None."""
    return next((value for value in values if value is not None), None)


def without_ref(branch: str | None) -> str | None:
    """The branch's own name: `refs/heads/main` is main; a tag and `refs/pull/7/head` stay as they are."""
    return branch.removeprefix("refs/heads/") or None if branch else None
