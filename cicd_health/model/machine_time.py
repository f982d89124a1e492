"""What a run cost: the time of its jobs, over all its attempts. Rows are plain dicts of column values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from cicd_health.model.tally import microseconds

Values = dict[str, Any]
CARRIED_S = 5  # a job that started longer before its attempt ran in an earlier one


def machine_time(attempts: Mapping[int, Values], jobs: Iterable[Values]) -> tuple[float | None, float | None]:
    """Seconds of all attempts, and of those that a later attempt replaced; None where nothing was measured.

    An attempt takes the time of all its jobs together, without measured jobs its own. A job that was carried over
    from an earlier attempt counts there. Jobs may be here before their attempt is.
    """
    by_attempt: dict[int, list[Values]] = {number: [] for number in attempts}
    for job in jobs:
        by_attempt.setdefault(job["attempt"], []).append(job)
    spent = {number: _spent_us(attempts.get(number), of_it) for number, of_it in by_attempt.items()}
    last = max(attempts)
    measured = [us for us in spent.values() if us is not None]
    replaced = [us for number, us in spent.items() if us is not None and number < last]
    return _seconds(measured), _seconds(replaced)


def is_reused(job: Values, attempt: Values) -> bool:
    """A job that "re-run failed jobs" carried over keeps the times of the attempt it ran in."""
    if attempt["attempt"] == 1 or not job["started_at"] or not attempt["started_at"]:
        return False
    return (attempt["started_at"] - job["started_at"]).total_seconds() > CARRIED_S


def _spent_us(attempt: Values | None, jobs: Iterable[Values]) -> int | None:
    own = [
        microseconds(job["duration_s"])
        for job in jobs
        if job["duration_s"] is not None and (attempt is None or not is_reused(job, attempt))
    ]
    if own:
        return sum(own)
    measured = attempt["duration_s"] if attempt else None
    return None if measured is None else microseconds(measured)


def _seconds(microseconds: Collection[int]) -> float | None:
    return sum(microseconds) / 1e6 if microseconds else None
