"""What is learned from the scheduled runs of a pipeline: a run on time is never missed, one that does not come is."""

from datetime import UTC, datetime, timedelta

import pytest

from cicd_health.alerts.cadence import expected_next
from tests.alerts.schedules import runs_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GRACE = timedelta(minutes=90)
SCHEDULES = [
    ("0 2 * * *", "UTC"),
    ("0 2 * * 1-5", "UTC"),
    ("0 * * * *", "UTC"),
    ("0 9-17 * * 1-5", "UTC"),
    ("0 9-17 * * 1-5", "Asia/Tokyo"),
    ("*/30 8-18 * * 1-5", "UTC"),
    ("*/15 * * * 1-5", "UTC"),
    ("0 22-23,0-6 * * *", "UTC"),
    ("0 */6 * * *", "UTC"),
    ("0 8,20 * * 1-5", "UTC"),
    ("0 2 * * *", "Europe/Berlin"),
    ("30 2 * * 1-5", "America/New_York"),
    ("0 3 * * 1,3,5", "UTC"),
    ("0 4 * * 6,0", "UTC"),
    ("0 3 * * 1", "UTC"),
    ("0 3 */3 * *", "UTC"),
    ("0 3 1,15 * *", "UTC"),
    ("0 3 1 * *", "UTC"),
]
named = pytest.mark.parametrize(("line", "zone"), SCHEDULES, ids=lambda given: given)


def history(line: str, zone: str, late_minutes: float) -> list[datetime]:
    dense, rare = line.startswith("*/"), line.split()[2] != "*"
    return runs_of(line, days=12 if dense else 420 if rare else 60, zone=zone, late_minutes=late_minutes)


@named
@pytest.mark.parametrize("late_minutes", [0, 60])
def test_a_run_that_comes_as_the_schedule_says_is_never_missed(line, zone, late_minutes):
    began = history(line, zone, late_minutes)
    places = range(8, len(began), max(1, len(began) // 150))
    expected = [(expected_next(tuple(began[max(0, n - 400) : n]), zone), began[n]) for n in places]
    assert [came for one, came in expected if one and came > one.by + GRACE] == []


@named
def test_the_first_run_that_does_not_come_is_missed_before_long(line, zone):
    """Within a day and a half of where the schedule said; what follows the months may take five days."""
    began = history(line, zone, 0)
    n = len(began) - 1
    expected = expected_next(tuple(began[max(0, n - 400) : n]), zone)
    assert expected is not None
    assert expected.by - began[n] <= (5 * DAY if line.split()[2] != "*" else 36 * HOUR)


def expected_by(began: list[datetime]) -> datetime:
    expected = expected_next(tuple(began), "UTC")
    assert expected is not None
    return expected.by


def test_after_friday_monday_is_expected():
    began = runs_of("0 2 * * 1-5", days=17)
    friday = [moment for moment in began if moment < datetime(2026, 4, 18, tzinfo=UTC)]
    assert expected_by(friday) == datetime(2026, 4, 20, 2, tzinfo=UTC)


def test_after_monday_tuesday_is_expected():
    assert expected_by(runs_of("0 2 * * 1-5", days=17)) == datetime(2026, 4, 21, 2, tzinfo=UTC)


def test_a_week_of_which_nothing_is_known_has_a_weekend():
    began = [moment for moment in runs_of("*/15 * * * *", days=6) if moment < datetime(2026, 4, 18, tzinfo=UTC)]
    assert began[-1] == datetime(2026, 4, 17, 23, 45, tzinfo=UTC)
    assert expected_by(began) >= datetime(2026, 4, 20, tzinfo=UTC)


def test_less_than_a_day_of_an_hourly_schedule_says_nothing():
    """It may be one of office hours."""
    assert expected_next(tuple(runs_of("0 * * * *", days=1)[:9]), "UTC") is None


def test_a_schedule_that_became_rarer_is_missed_no_second_time():
    hourly = runs_of("0 * * * *", days=20)
    rarer = [hourly[-1] + DAY]
    assert expected_by([*hourly, *rarer]) >= rarer[-1] + DAY


def test_after_an_outage_it_is_not_missed_at_once():
    daily = [moment for n, moment in enumerate(runs_of("0 2 * * *", days=40)) if not 30 <= n < 36]
    for n in range(31, len(daily)):
        assert expected_by(daily[:n]) + GRACE >= daily[n]


def test_too_little_is_known_from_two_runs():
    assert expected_next(tuple(runs_of("0 2 * * *", days=2)), "UTC") is None
    assert expected_next((), "UTC") is None
