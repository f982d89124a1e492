"""The latest runs. New ones wait while the pointer is over the rows: nothing moves under it."""

import reflex as rx

from cicd_health.ui.format import counted
from cicd_health.ui.rows import RunNow
from cicd_health.ui.view import Latest


class LatestState(rx.State):
    shown: rx.Field[Latest] = rx.field(default_factory=Latest)
    now: rx.Field[dict[str, RunNow]] = rx.field(default_factory=dict)  # by the key of the row
    loaded: rx.Field[bool] = rx.field(False)
    waiting: rx.Field[str] = rx.field("")  # "3 new runs", held back
    _held: bool = False
    _newest: tuple[Latest, dict[str, RunNow]] = (Latest(), {})

    def _offer(self, latest: Latest, now: dict[str, RunNow]) -> None:
        """Show these rows; under the pointer only change those that are there already."""
        self._newest = latest, now
        if not self._held or not self.shown.rows:
            self._show_newest()
            return
        rows = {row.key: row for row in latest.rows}
        kept = [rows.get(row.key, row) for row in self.shown.rows]
        new = len(rows.keys() - {row.key for row in kept})
        self._show(Latest(kept, latest.total), {**self.now, **now})
        words = counted(new, "new run") if new else ""
        if words != self.waiting:
            self.waiting = words

    def _show_newest(self) -> None:
        self._show(*self._newest)
        if self.waiting:
            self.waiting = ""
        if not self.loaded:
            self.loaded = True

    def _show(self, latest: Latest, now: dict[str, RunNow]) -> None:
        now = {row.key: now[row.key] for row in latest.rows}
        if self.now != now:
            self.now = now
        if self.shown != latest:
            self.shown = latest

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
