"""Lists in pages: how much of one, and what follows.

A page goes on after a row, never after a number of rows: what arrives or leaves in between neither repeats nor hides
any other row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel

from cicd_health.api import cursors
from cicd_health.store.lists import Named, Place, Row

T = TypeVar("T")
Limit = Annotated[int, Query(ge=1, le=500, description="How many at most.")]
Cursor = Annotated[str | None, Query(description="`next` of the page before.")]


class Page(BaseModel, Generic[T]):
    """Part of a list; `next` is the cursor of the next part, null at the end."""

    items: list[T]
    next: str | None = None


encode = cursors.of_place


class Wanted:
    """How much of a list that is ordered by time, newest first, and after which place."""

    def __init__(self, limit: Limit = 50, cursor: Cursor = None) -> None:
        self.limit = limit
        self.after: Place | None = cursors.to_place(cursor) if cursor else None

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


class WantedNamed:
    """How much of a list that is ordered by time, newest first, or by name."""

    def __init__(
        self,
        limit: Limit = 50,
        cursor: Cursor = None,
        sort: Annotated[
            Literal["-created_at", "name"], Query(description="The latest to appear first, or by name.")
        ] = "-created_at",
    ) -> None:
        self.limit = limit
        self.by_name = sort == "name"
        self.after: Place | Named | None = None
        if cursor:
            self.after = cursors.to_name(cursor) if self.by_name else cursors.to_place(cursor)

    @property
    def one_more(self) -> int:
        """How many rows to ask for, to see whether a page follows."""
        return self.limit + 1

    def cut(self, rows: Sequence[Row]) -> tuple[Sequence[Row], str | None]:
        """The rows of this page and its `next`."""
        if len(rows) <= self.limit:
            return rows, None
        last = rows[self.limit - 1]
        if self.by_name:
            return rows[: self.limit], cursors.of_name((last["name"], last["id"]))
        return rows[: self.limit], encode((last["created_at"], last["id"]))


NamedPage = Annotated[WantedNamed, Depends()]


class Ranked:
    """How much of a list that is worked out anew for each page and put in order by numbers.

    The cursor holds the moment of the first page, so that all pages are of the same window, and the last row's rank.
    """

    def __init__(self, limit: Limit = 50, cursor: Cursor = None) -> None:
        self.limit = limit
        self._cursor = cursor

    def as_of(self, now: datetime, order: str, length: int) -> datetime:
        """The moment of the first page. 400 for a cursor of another list or order; ranks have `length` numbers."""
        return cursors.to_rank(self._cursor, order, length)[0] if self._cursor else now

    def cut(
        self, rows: Sequence[T], order: str, as_of: datetime, place: Callable[[T], tuple[tuple[float, ...], str]]
    ) -> tuple[list[T], str | None]:
        """This page, lowest rank first, and its `next`. `place` gives a row's rank, and what tells it from others."""
        placed = sorted(((*_placed(place(row)), row) for row in rows), key=lambda one: one[:2])
        if self._cursor and placed:
            _, rank, identity = cursors.to_rank(self._cursor, order, len(placed[0][0]))
            placed = [one for one in placed if one[:2] > (rank, identity)]
        page = placed[: self.limit]
        following = cursors.of_rank(order, as_of, *page[-1][:2]) if len(placed) > self.limit else None
        return [row for *_, row in page], following


def _placed(place: tuple[tuple[float, ...], str]) -> tuple[tuple[float, ...], str]:
    rank, identity = place
    return rank, hashlib.sha256(identity.encode(errors="replace")).hexdigest()[:16]


RankedPage = Annotated[Ranked, Depends()]
