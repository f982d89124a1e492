"""When a cron line is due, by the clock on the wall of a zone. Pure; the only import of croniter.

The wall's clock skips an hour in spring and shows one twice in autumn. What is due in the hour that is skipped is not
due at all: schedulers differ in whether they run it. What is due in the hour that comes twice may run in either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter

FIELDS = 5
AT_RANDOM = re.compile(r"(?i)(?:^|[\s,])r(?![a-z])")  # croniter's R is another time whenever it is asked
ANY_DAY = datetime(2024, 1, 1, tzinfo=UTC)  # from which a line that is ever due must be due again


@dataclass(frozen=True, slots=True)
class Due:
    """The first and the last moment at which the wall's clock shows the time of a line; mostly the same."""

    at: datetime
    by: datetime


def check_line(line: str) -> None:
    """Raises ValueError with a sentence unless it is a cron line that is ever due."""
    if len(line.split()) != FIELDS or AT_RANDOM.search(line) or not croniter.is_valid(line):
        raise ValueError(f"{line!r} is not a cron line: minute, hour, day of month, month, day of week")
    try:
        croniter(line, ANY_DAY).get_next(datetime)
    except ValueError as error:
        raise ValueError(f"{line!r} is never due") from error


def dues_before(line: str, zone: str, end: datetime) -> Iterator[Due]:
    """Newest first: those that have passed at `end`, also by the later of two clocks."""
    wall = end.astimezone(ZoneInfo(zone)).replace(tzinfo=None) + timedelta(minutes=1)
    dues = croniter(line, wall)
    while True:
        due = _due(dues.get_prev(datetime), zone)
        if due is not None and due.by <= end:
            yield due


def first_due_after(line: str, zone: str, start: datetime) -> Due:
    wall = start.astimezone(ZoneInfo(zone)).replace(tzinfo=None) - timedelta(minutes=1)
    dues = croniter(line, wall)
    while True:
        due = _due(dues.get_next(datetime), zone)
        if due is not None and due.at > start:
            return due


def _due(wall: datetime, zone: str) -> Due | None:
    """None where the clock of the zone never shows that time."""
    first, last = (wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1))
    shown = first.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
    return Due(first, last) if shown == wall else None
