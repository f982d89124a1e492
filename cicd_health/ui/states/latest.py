"""The latest runs of the overview."""

import reflex as rx

from cicd_health.ui.rows import RunNow, RunRow
from cicd_health.ui.states.following import assign
from cicd_health.ui.states.held import HeldRows
from cicd_health.ui.view import Latest


class LatestState(HeldRows, rx.State):
    rows: rx.Field[list[RunRow]] = rx.field(default_factory=list)
    now: rx.Field[dict[str, RunNow]] = rx.field(default_factory=dict)
    total: rx.Field[str] = rx.field("")
    _noun: str = "new run"

    def _take(self, latest: Latest, now: dict[str, RunNow]) -> None:
        assign(self, total=latest.total)
        self._offer(latest.rows, now)
