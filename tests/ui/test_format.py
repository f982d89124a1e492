"""Numbers to text, as the design has them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cicd_health.model.health import Distribution
from cicd_health.ui import format as text
from cicd_health.ui.format import Delta

NOW = datetime(2026, 11, 20, 9, 42, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "–"),
        (0, "0s"),
        (0.3, "<1s"),
        (45.4, "45s"),
        (59.6, "1m 00s"),
        (444, "7m 24s"),
        (3599.7, "1h 00m"),
        (3960, "1h 06m"),
        (31 * 3600 + 36 * 60, "31h 36m"),
        (76 * 3600, "3d 04h"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds, said):
    assert text.duration(seconds) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "–"), (0.0, "0.0 %"), (1.0, "100.0 %"), (630 / 669, "94.2 %"), (0.99999, "99.9 %"), (0.00001, "0.1 %")],
)
def test_a_rate_has_one_decimal_and_never_rounds_to_all_or_none(value, said):
    assert text.rate(value) == said


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (timedelta(seconds=2), "just now"),
        (timedelta(seconds=18), "18 s ago"),
        (timedelta(minutes=9, seconds=50), "9 min ago"),
        (timedelta(hours=31), "31 h ago"),
        (timedelta(days=5, hours=3), "5 d ago"),
    ],
)
def test_an_age_has_one_unit(before, said):
    assert text.age(NOW - before, NOW) == said


def test_no_moment_has_no_age():
    assert text.age(None, NOW) == "–"


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (timedelta(minutes=48), "09:54"),
        (timedelta(days=3), "Tue 10:42"),
        (timedelta(days=9), "Wed 11 Nov"),
        (timedelta(hours=12), "Thu 22:42"),
    ],
)
def test_a_moment_says_as_much_as_it_must_in_the_viewers_zone(before, said):
    assert text.moment(NOW - before, NOW, BERLIN) == said


@pytest.mark.parametrize(
    ("zone", "said"),
    [("UTC", "UTC"), ("Europe/Berlin", "UTC+1"), ("America/New_York", "UTC-5"), ("Asia/Kolkata", "UTC+5:30")],
)
def test_a_zone_is_named_by_its_offset(zone, said):
    assert text.offset(NOW, ZoneInfo(zone)) == said


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("p95 was 15m 37s, p50 7m 29s", "p95 was 15m\u00a037s, p50 7m\u00a029s"),
        ("91.5 % first time, oldest 17 min", "91.5\u00a0% first time, oldest 17\u00a0min"),
        ("37 left out, 12 superseded", "37 left out, 12 superseded"),
        ("5 successes", "5 successes"),
    ],
)
def test_a_number_and_its_unit_stay_on_one_line(words, kept):
    assert text.unbroken(words) == kept


def test_an_exact_moment_names_day_and_second():
    assert text.exact(NOW, BERLIN) == "20 Nov 2026, 10:42:00"


@pytest.mark.parametrize(
    ("start", "hours", "said"),
    [
        (datetime(2026, 11, 17, 11, tzinfo=UTC), 6, "Tue 17 Nov, 12:00 to 18:00"),
        (datetime(2026, 11, 17, 17, tzinfo=UTC), 6, "Tue 17 Nov, 18:00 to 00:00"),
        (datetime(2026, 11, 17, 17, tzinfo=UTC), 12, "Tue 17 Nov 18:00 to Wed 18 Nov 06:00"),
        (datetime(2026, 11, 16, 23, tzinfo=UTC), 24, "Tue 17 Nov"),
        (datetime(2026, 11, 16, 23, tzinfo=UTC), 72, "Tue 17 Nov to Thu 19 Nov"),
    ],
)
def test_a_bucket_is_named_by_its_hours_or_its_days(start, hours, said):
    assert text.stretch(start, start + timedelta(hours=hours), BERLIN) == said


def test_a_rate_that_moved_within_chance_is_grey():
    assert text.rate_delta(0.942, 669, 0.930, 650) == Delta("1.2 pt", "up", "quiet")


def test_a_rate_that_fell_beyond_chance_is_worse():
    assert text.rate_delta(0.80, 669, 0.94, 650) == Delta("14.0 pt", "down", "bad")


def test_a_failure_rate_that_fell_is_better():
    assert text.rate_delta(0.06, 669, 0.20, 650, more_is_better=False) == Delta("14.0 pt", "down", "good")


def test_few_verdicts_are_not_judged():
    assert text.rate_delta(0.0, 4, 1.0, 4).tone == "quiet"


def test_a_rate_without_one_before_has_no_delta():
    assert text.rate_delta(0.9, 10, None, 0) == Delta("–", "", "quiet")


def test_a_rate_that_did_not_move_has_no_arrow():
    assert text.rate_delta(0.9, 100, 0.9, 100) == Delta("0 pt", "", "quiet")


def test_a_duration_is_worse_from_twenty_per_cent_and_a_minute():
    assert text.duration_delta(1409, 1036) == Delta("36 %", "up", "bad")


def test_a_duration_under_a_minute_longer_is_grey():
    assert text.duration_delta(100, 50) == Delta("100 %", "up", "quiet")


def test_a_duration_under_twenty_per_cent_shorter_is_grey():
    assert text.duration_delta(850, 1000) == Delta("15 %", "down", "quiet")


def test_a_shorter_duration_is_better():
    assert text.duration_delta(600, 1000) == Delta("40 %", "down", "good")


def test_a_rate_is_red_under_85_per_cent_with_five_verdicts():
    assert text.rate_tone(5 / 7, 7) == "bad"
    assert text.rate_tone(0.0, 4) == "quiet"
    assert text.rate_tone(0.86, 100) == ""


def test_a_p95_of_few_values_is_not_shown():
    assert text.p95(Distribution(n=19, p95=300.0)) is None
    assert text.p95(Distribution(n=20, p95=300.0)) == 300.0
    assert text.p50(Distribution(n=4, p50=300.0)) is None


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://github.com/a/b", "https://github.com/a/b"),
        ("HTTP://ci.example/job/1/", "HTTP://ci.example/job/1/"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//evil.example", ""),
        (None, ""),
    ],
)
def test_only_addresses_of_the_web_become_links(url, link):
    assert text.web_address(url) == link
