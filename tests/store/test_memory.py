"""What is remembered of readings: for as long as it holds, within its room, whoever else reads at the same time."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cicd_health.flow import saving
from cicd_health.store import engine
from cicd_health.store.reports.days import Days
from cicd_health.store.reports.ledgers import KeptSums
from cicd_health.store.reports.memory import Memory
from cicd_health.store.tallies import ALL
from tests.factories import NOW, attempt

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Contested(Memory):
    """Somebody else is always a moment faster: what was not there at first is there at the second look."""

    def __init__(self) -> None:
        super().__init__(room=1_000_000)
        self.coming: dict[Hashable, Any] = {}

    def get(self, key: Hashable) -> Any:
        found = super().get(key)
        if found is None and key in self.coming:
            self.keep(key, self.coming[key], 1)
        return found


def saved(*days_ago: float) -> None:
    runs = [attempt(external_id=str(days), created_at=NOW - timedelta(days=days)) for days in days_ago]
    saving.absorb([saving.Parsed(None, tuple(runs), quiet=True)], NOW)


def test_a_sum_that_another_thread_read_meanwhile_is_taken(database: sa.Engine) -> None:
    saved(1)
    start = (NOW - DAY).replace(minute=0, second=0, microsecond=0)
    first, second = Memory(1_000_000), Contested()
    for memory in (first, second):
        with engine.reading() as session:
            ledger = KeptSums(session, Days(session, "run", start, start + HOUR), "run", ALL)
            ledger.memory = memory
            assert ledger.total(start, start + HOUR).tally.total == 1
        second.coming = {key: value for key, (value, _) in first._kept.items() if "between" not in str(key)}


@pytest.mark.parametrize("days", [3, 300])
def test_what_a_reading_is_known_by_takes_room_too(database: sa.Engine, days: int) -> None:
    """Its key says of each day of the window which revision was read."""
    saved(*range(days))
    end = (NOW + DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    memory = Memory(1_000_000)
    with engine.reading() as session:
        ledger = KeptSums(session, Days(session, "run", end - days * DAY, end), "run", ALL)
        ledger.memory = memory
        assert ledger.total(end - days * DAY, end).tally.total == days
    [weight] = [weight for key, (_, weight) in memory._kept.items() if "between" in str(key)]
    assert weight > days


@pytest.mark.parametrize("later", [{"sha": "abc1234"}, {"attempt": 2, "outcome": "failure"}], ids=["commit", "attempt"])
def test_what_flakes_are_judged_by_makes_its_day_another_when_it_is_told_later(
    database: sa.Engine, later: dict[str, Any]
) -> None:
    """No sum of the day is other than it was."""
    last: dict[str, Any] = {"external_id": "7", "attempt": 3, "created_at": NOW, "sha": None}

    def told(**run: Any) -> int:
        timeless: dict[str, Any] = {"started_at": None, "completed_at": None, "duration_s": None}
        saving.absorb([saving.Parsed(None, (attempt(**last | timeless | run),), quiet=True)], NOW)
        with engine.reading() as session:
            return Days(session, "run", NOW, NOW + HOUR).revision(NOW.replace(hour=0, minute=0, second=0))

    before = told()
    assert told() == before
    assert told(**later) != before
