"""The latest runs. New ones wait while the pointer is over the rows: nothing moves under it."""

import reflex as rx

from cicd_health.ui.format import counted
from cicd_health.ui.view import Latest


class LatestState(rx.State):
    shown: rx.Field[Latest] = rx.field(default_factory=Latest)
    loaded: rx.Field[bool] = rx.field(False)
    waiting: rx.Field[str] = rx.field("")  # "3 new runs", held back
    _held: bool = False
    _newest: Latest = Latest()

    def _offer(self, latest: Latest) -> None:
        """Show these rows; under the pointer only change those that are there already."""
        self._newest = latest
        if not self._held or not self.shown.rows:
            self._show_newest()
            return
        rows = {row.key: row for row in latest.rows}
        there = {row.key for row in self.shown.rows}
        new = sum(key not in there for key in rows)
        kept = Latest([rows.get(row.key, row) for row in self.shown.rows], latest.total)
        if kept != self.shown:
            self.shown = kept
        words = counted(new, "new run") if new else ""
        if words != self.waiting:
            self.waiting = words

    def _show_newest(self) -> None:
        if self.shown != self._newest:
            self.shown = self._newest
        if self.waiting:
            self.waiting = ""
        if not self.loaded:
            self.loaded = True

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
