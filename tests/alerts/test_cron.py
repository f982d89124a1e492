"""When a cron line is due, also where the clock on the wall jumps."""

from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile

import pytest

from cicd_health.alerts.cron import Due, check_line, dues_before, first_due_after

BERLIN = "Europe/Berlin"  # put forward 2026-03-29 at 02:00, back 2026-10-25 at 03:00


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def newest(line: str, zone: str, end: str, n: int = 1) -> list[datetime]:
    return [due.at for due in islice(dues_before(line, zone, at(end)), n)]


def test_dues_are_listed_newest_first():
    assert newest("0 2 * * *", "UTC", "2026-03-02 12:00", 2) == [at("2026-03-02 02:00"), at("2026-03-01 02:00")]


def test_a_due_that_is_now_has_passed():
    assert newest("0 2 * * *", "UTC", "2026-03-02 02:00") == [at("2026-03-02 02:00")]
    assert newest("0 2 * * *", "UTC", "2026-03-02 01:59") == [at("2026-03-01 02:00")]


def test_the_next_one_is_after_the_moment_given():
    assert first_due_after("0 2 * * *", "UTC", at("2026-03-02 02:00")).at == at("2026-03-03 02:00")
    assert first_due_after("0 2 * * *", "UTC", at("2026-03-02 01:59")).at == at("2026-03-02 02:00")


def test_weekdays_are_those_of_the_zone():
    """Monday 01:00 in Tokyo is Sunday 16:00 UTC."""
    assert newest("0 1 * * 1", "Asia/Tokyo", "2026-03-02 00:00") == [at("2026-03-01 16:00")]


def test_summer_time_moves_what_is_due():
    assert newest("0 6 * * *", BERLIN, "2026-03-28 12:00") == [at("2026-03-28 05:00")]
    assert newest("0 6 * * *", BERLIN, "2026-03-29 12:00") == [at("2026-03-29 04:00")]


def test_what_is_due_in_the_hour_that_is_skipped_is_not_due():
    assert newest("30 2 * * *", BERLIN, "2026-03-29 12:00") == [at("2026-03-28 01:30")]
    assert first_due_after("30 2 * * *", BERLIN, at("2026-03-28 12:00")).at == at("2026-03-30 00:30")


def test_what_is_due_in_the_hour_that_comes_twice_is_due_once_in_either():
    twice = Due(at("2026-10-25 00:30"), at("2026-10-25 01:30"))
    assert next(dues_before("30 2 * * *", BERLIN, at("2026-10-25 12:00"))) == twice
    assert newest("30 2 * * *", BERLIN, "2026-10-25 01:00") == [at("2026-10-24 00:30")]


def test_an_hourly_line_is_due_every_hour_of_a_day():
    day = at("2026-06-02 00:00")
    dues = takewhile(lambda due: due.at > day - timedelta(days=1), dues_before("0 * * * *", BERLIN, day))
    assert len(list(dues)) == 24


@pytest.mark.parametrize(
    "line", ["", "0 2 * *", "0 2 * * * *", "61 2 * * *", "H 2 * * *", "R R * * *", "r(0-5) 2 * * *", "@daily", "never"]
)
def test_what_is_no_cron_line_is_refused(line):
    with pytest.raises(ValueError, match="is not a cron line"):
        check_line(line)


def test_a_line_that_is_never_due_is_refused():
    with pytest.raises(ValueError, match="is never due"):
        check_line("0 0 30 2 *")


@pytest.mark.parametrize(
    "line", ["*/5 * * * *", "0 2 * * mon-fri", "0 0 29 2 *", "15,45 9-17 1,15 * *", "0 2 * mar,apr fri"]
)
def test_usual_lines_are_taken(line):
    check_line(line)
