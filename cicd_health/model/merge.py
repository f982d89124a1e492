"""How events of one thing become its state, whatever order they come in and however often.

GitHub and Jenkins repeat themselves, and their events overtake each other. Each event therefore has a
place in its thing's life, `order`; what the furthest event says holds, and an earlier one only fills gaps.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Order = tuple[int, datetime, str, str]
BEGINNING = datetime.min.replace(tzinfo=UTC)
Values = dict[str, Any]


def order(values: Mapping[str, Any]) -> Order:
    """The place of an event in the life of its attempt or job: rank, then time, then its words.

    The words break ties, so that two events of the same second end the same in either order.
    """
    return (
        values["rank"],
        values["updated_at"] or BEGINNING,
        values["raw_status"] or "",
        values["raw_conclusion"] or "",
    )


def fold(state: Values, event: Mapping[str, Any], *, wins: bool) -> None:
    """Write an event's values into the state: all that it knows when it wins, else only what was missing."""
    for name, value in event.items():
        if value is not None and (wins or state.get(name) is None):
            state[name] = value


def earliest(*moments: datetime | None) -> datetime | None:
    """The first of the moments that are known, or None."""
    return min((moment for moment in moments if moment is not None), default=None)


def merge(state: Values, event: Mapping[str, Any]) -> bool:
    """Merge one attempt's or job's event into its stored values; True when the event is the furthest so far.

    An end is frozen at the first completed event: providers touch `updated_at` long afterwards.
    """
    started, completed = state.get("started_at"), state.get("completed_at")
    wins = order(event) >= order(state)
    fold(state, event, wins=wins)
    state["started_at"] = earliest(started, event["started_at"])
    state["completed_at"] = earliest(completed, event["completed_at"])
    return wins
