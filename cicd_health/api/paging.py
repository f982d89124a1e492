"""Cursors: where a page ends, as text that clients hand back and need not understand."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from cicd_health.api.words import LARGEST_ID
from cicd_health.store.lists import Place, Row

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """Part of a list; `next` is the cursor of the next part, null at the end."""

    items: list[T]
    next: str | None = None


def encode(place: Place) -> str:
    return base64.urlsafe_b64encode(f"{place[0].isoformat()} {place[1]}".encode()).decode().rstrip("=")


def decode(cursor: str) -> Place:
    """The place a cursor stands for. 400 when it is not one of ours."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        moment, _, id = text.partition(" ")
        place = datetime.fromisoformat(moment), int(id)
        # Ours are in UTC: another zone could lead out of the years that there are.
        if place[0].utcoffset() != timedelta(0) or not 0 <= place[1] <= LARGEST_ID:
            raise ValueError
    except (ValueError, binascii.Error, OverflowError):
        raise HTTPException(400, "This cursor is not one of ours: use `next` of the page before.") from None
    return place


class Wanted:
    """How much of a list, and after which place."""

    def __init__(
        self,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        cursor: Annotated[str | None, Query(max_length=200, description="`next` of the page before.")] = None,
    ) -> None:
        self.limit = limit
        self.after = decode(cursor) if cursor else None

    @property
    def one_more(self) -> int:
        """How many rows to ask for, to see whether a page follows."""
        return self.limit + 1

    def cut(self, rows: Sequence[Row], moment: str) -> tuple[Sequence[Row], str | None]:
        """The rows of this page and its `next`; `moment` is the column that the list is ordered by."""
        if len(rows) <= self.limit:
            return rows, None
        last = rows[self.limit - 1]
        return rows[: self.limit], encode((last[moment], last["id"]))


WantedPage = Annotated[Wanted, Depends()]


class Position:
    """How much of a list that is made anew for each page, and how many of it were on the pages before."""

    def __init__(
        self,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        cursor: Annotated[str | None, Query(max_length=200, description="`next` of the page before.")] = None,
    ) -> None:
        self.limit = limit
        self.before = decode(cursor)[1] if cursor else 0

    def cut(self, everything: Sequence[T]) -> tuple[Sequence[T], str | None]:
        """This page and its `next`."""
        end = self.before + self.limit
        following = encode((datetime.fromtimestamp(0, UTC), end)) if end < len(everything) else None
        return everything[self.before : end], following


Positioned = Annotated[Position, Depends()]
