"""Runs that a schedule began, for tests: `runs_of("0 2 * * *", days=30)`, some of them late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import takewhile
from random import Random

from cicd_health.alerts.cron import dues_before

END = datetime(2026, 4, 20, 12, tzinfo=UTC)  # a Monday, after clocks were put forward in America and Europe


def runs_of(line: str, *, days: int, zone: str = "UTC", late_minutes: float = 0, seed: int = 1) -> list[datetime]:
    """When they were created, oldest first, up to END. Seven in ten are late, by up to so many minutes."""
    chance = Random(seed)
    dues = takewhile(lambda due: due.at > END - timedelta(days=days), dues_before(line, zone, END))
    late = (timedelta(minutes=chance.uniform(0, late_minutes) * (chance.random() < 0.7)) for _ in iter(int, 1))
    return sorted(due.at + by for due, by in zip(dues, late, strict=False))
