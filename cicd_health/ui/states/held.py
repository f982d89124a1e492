"""Rows that do not move under the pointer: new ones wait, and are announced, until it has left."""

from __future__ import annotations

from typing import Any

import reflex as rx

from cicd_health.ui.format import counted


class HeldRows(rx.State, mixin=True):
    """A state with `rows`, each with a `key`, and what changes often of them in `now`, by that key."""

    rows: rx.Field[list[Any]] = rx.field(default_factory=list)
    now: rx.Field[dict[str, Any]] = rx.field(default_factory=dict)
    loaded: rx.Field[bool] = rx.field(False)
    waiting: rx.Field[str] = rx.field("")  # "3 new runs", held back
    _held: bool = False
    _newest: tuple[list[Any], dict[str, Any]] = ([], {})
    _noun: str = "new row"
    _plural: str = ""

    def _offer(self, rows: list[Any], now: dict[str, Any]) -> None:
        """Show these rows; under the pointer only change those that are there already."""
        self._newest = rows, now
        if not self._held or not self.rows:
            self._show_newest()
            return
        fresh = {row.key: row for row in rows}
        kept = [fresh.get(row.key, row) for row in self.rows]
        new = len(fresh.keys() - {row.key for row in kept})
        self._show(kept, {**self.now, **now})
        words = counted(new, self._noun, self._plural or None) if new else ""
        if words != self.waiting:
            self.waiting = words

    def _begin(self) -> None:
        """Another question was asked: its rows replace these wherever the pointer is."""
        self._held = False

    def _show_newest(self) -> None:
        self._show(*self._newest)
        if self.waiting:
            self.waiting = ""
        if not self.loaded:
            self.loaded = True

    def _show(self, rows: list[Any], now: dict[str, Any]) -> None:
        now = {row.key: now[row.key] for row in rows if row.key in now}
        if self.now != now:
            self.now = now
        if self.rows != rows:
            self.rows = rows

    @rx.event
    async def hold(self):
        self._held = True

    @rx.event
    async def release(self):
        self._held = False
        if self.loaded:
            self._show_newest()

    @rx.event
    async def join(self):
        self._show_newest()
