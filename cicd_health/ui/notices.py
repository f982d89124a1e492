"""What is wrong with this installation, as the frame around every page says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from cicd_health import queue
from cicd_health.flow.lookout import Lookout
from cicd_health.model.troubles import Trouble
from cicd_health.ui.format import moment

LOOKOUT = Lookout(queue.trouble)
MILD = frozenset({"database-slow", "migrations-ahead", "clock", "disk", "deliveries"})
SILENT = frozenset({"jobs-starting"})  # it takes a second, at every start
MENDS = timedelta(seconds=30)  # in which the jobs start again by themselves, as they do when the database is back


@dataclass(frozen=True, slots=True)
class Notice:
    """One line: a sentence, and whether it is bad (fail) or only to be known (warn)."""

    text: str
    tone: str


def notices(troubles: Sequence[Trouble], now: datetime, zone: tzinfo) -> list[Notice]:
    """One for each trouble, in the viewer's time."""
    told = [one for one in troubles if one.slug not in SILENT and not _mends(one, now)]
    return [Notice(_sentence(one, now, zone), "warn" if one.slug in MILD else "fail") for one in told]


def _mends(trouble: Trouble, now: datetime) -> bool:
    return trouble.slug == "jobs" and trouble.since is not None and now - trouble.since < MENDS


def _sentence(trouble: Trouble, now: datetime, zone: tzinfo) -> str:
    since = f" (since {moment(trouble.since, now, zone)})" if trouble.since else ""
    return f"{trouble.named}{since}."
