"""Cursors: where a page ends, as text that clients hand back and need not understand."""

from __future__ import annotations

import base64
import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from starlette.exceptions import HTTPException

from cicd_health.store.lists import LARGEST_ID, Place

LONGEST = 2_000  # characters; a list that is ordered by name has the name in its cursor
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_YEAR, LAST_YEAR = 1980, 2200


def refuse() -> NoReturn:
    raise HTTPException(400, "This cursor is not one of ours: use `next` of the page before.")


def write(*parts: Any) -> str:
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read(cursor: str, *kinds: type) -> list[Any]:
    """The parts of a cursor, each of its kind. 400 when it is not exactly what `write` makes of them."""
    if len(cursor) > LONGEST:
        refuse()
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        parts = json.loads(text)
        if [type(part) for part in parts] != list(kinds) or write(*parts) != cursor:
            refuse()
    except (ValueError, TypeError, RecursionError):
        refuse()
    return parts


def of_place(place: Place) -> str:
    return write((place[0] - EPOCH) // timedelta(microseconds=1), place[1])


def to_place(cursor: str) -> Place:
    moment, id = read(cursor, int, int)
    return _moment(moment), _id(id)


def of_name(place: tuple[str, int]) -> str:
    return write("name", *place)


def to_name(cursor: str) -> tuple[str, int]:
    order, name, id = read(cursor, str, str, int)
    if order != "name" or "\0" in name:
        refuse()
    return name, _id(id)


def of_rank(order: str, as_of: datetime, rank: tuple[float, ...], identity: str) -> str:
    return write(order, (as_of - EPOCH) // timedelta(microseconds=1), list(rank), identity)


def to_rank(cursor: str, order: str, length: int) -> tuple[datetime, tuple[float, ...], str]:
    """When the first page was made, and the rank and identity of the last row."""
    said, moment, rank, identity = read(cursor, str, int, list, str)
    if said != order or len(rank) != length or not all(map(_is_number, rank)):
        refuse()
    as_of = _moment(moment)
    if not FIRST_YEAR <= as_of.year <= LAST_YEAR:
        refuse()
    return as_of, tuple(rank), identity


def _is_number(part: Any) -> bool:
    """Of the size that a rank may have: Python reads whole numbers that no float can hold."""
    if type(part) is int:
        return abs(part) <= LARGEST_ID
    return type(part) is float and math.isfinite(part)


def _moment(microseconds: int) -> datetime:
    try:
        return EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        refuse()


def _id(id: int) -> int:
    return id if 0 <= id <= LARGEST_ID else refuse()
