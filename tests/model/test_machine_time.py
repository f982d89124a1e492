"""What a run cost, over all its attempts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cicd_health.model.machine_time import machine_time
from tests.factories import NOW


def attempt(number: int, duration_s: float | None = 100.0, after_s: float = 0) -> dict[str, Any]:
    return {"attempt": number, "duration_s": duration_s, "started_at": NOW + timedelta(seconds=after_s)}


def job(number: int, duration_s: float | None = 40.0, after_s: float = 0) -> dict[str, Any]:
    return attempt(number, duration_s, after_s)


def test_the_time_of_all_its_jobs_counts_not_how_long_it_took() -> None:
    assert machine_time({1: attempt(1)}, [job(1), job(1, 70.0), job(1, None)]) == (110.0, None)


def test_without_measured_jobs_an_attempt_takes_its_own_time() -> None:
    assert machine_time({1: attempt(1)}, []) == (100.0, None)
    assert machine_time({1: attempt(1)}, [job(1, None)]) == (100.0, None)
    assert machine_time({1: attempt(1, None)}, []) == (None, None)


def test_what_a_later_attempt_replaced_is_told_apart() -> None:
    attempts = {1: attempt(1), 2: attempt(2, after_s=500), 3: attempt(3, None, after_s=900)}
    assert machine_time(attempts, [job(1, 40.0), job(2, 30.0, after_s=500)]) == (70.0, 70.0)


def test_a_job_that_was_carried_over_counts_where_it_ran() -> None:
    attempts = {1: attempt(1), 2: attempt(2, 60.0, after_s=500)}
    jobs = [job(1, 40.0), job(2, 40.0), job(2, 25.0, after_s=496)]
    assert machine_time(attempts, jobs) == (65.0, 40.0)
    assert machine_time(attempts, jobs[:2]) == (100.0, 40.0)  # nothing ran in the second: its own time


def test_jobs_may_come_before_their_attempt() -> None:
    assert machine_time({1: attempt(1)}, [job(1, 40.0), job(2, 30.0)]) == (70.0, None)
