"""Buckets to bars, lines and ticks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cicd_health.model.health import Bucket, Distribution
from cicd_health.model.runs import Outcome
from cicd_health.ui import series
from tests.ui import samples

BERLIN = ZoneInfo("Europe/Berlin")
NOTHING = Distribution()
START = datetime(2026, 11, 13, 23, tzinfo=UTC)  # midnight in Berlin


def buckets(number: int, hours: int, spread: Distribution = NOTHING) -> list[Bucket]:
    step = timedelta(hours=hours)
    return [Bucket(START + i * step, START + (i + 1) * step, {}, spread, spread) for i in range(number)]


def words(some: list[Bucket]) -> list[str]:
    days = series.days(some, BERLIN)
    return [days.words[key] for key in days.ticks]


def test_a_week_has_one_tick_per_day():
    assert words(buckets(28, 6)) == ["Sat 14", "Sun 15", "Mon 16", "Tue 17", "Wed 18", "Thu 19", "Fri 20"]


def test_a_day_cut_off_gives_way_to_the_whole_day_beside_it():
    assert words(buckets(29, 6)[3:]) == ["Sun 15", "Mon 16", "Tue 17", "Wed 18", "Thu 19", "Fri 20"]


def test_a_day_has_ticks_of_four_hours():
    assert words(buckets(24, 1)) == ["00:00", "04:00", "08:00", "12:00", "16:00", "20:00"]


def test_wide_buckets_of_a_day_have_ticks_where_they_begin():
    assert words(buckets(8, 3)) == ["00:00", "06:00", "12:00", "18:00"]


def test_a_quarter_has_a_handful_of_dates():
    assert words(buckets(90, 24))[0] == "21 Nov"
    assert len(words(buckets(90, 24))) == 6


def test_no_buckets_have_no_ticks():
    assert series.days([], BERLIN).ticks == []


def test_counts_have_four_or_five_round_ticks():
    assert series.count_axis(67).ticks == [0, 20, 40, 60, 80]
    assert series.count_axis(0).ticks == [0, 1, 2, 3, 4]
    assert series.count_axis(1842).words["1500"] == "1,500"


def test_seconds_have_ticks_on_round_times():
    axis = series.seconds_axis(1409)
    assert [axis.words[str(tick)] for tick in axis.ticks] == ["0", "10m", "20m", "30m"]
    assert series.seconds_axis(20_000).words["7200"] == "2h"
    assert list(series.seconds_axis(85).words.values()) == ["0", "30s", "60s", "90s"]


def test_a_failed_bucket_has_a_foot_and_a_passed_one_has_none():
    failed = Bucket(START, START + timedelta(hours=6), {Outcome.FAILURE: 2, Outcome.SUCCESS: 3}, NOTHING, NOTHING)
    passed = Bucket(START, START + timedelta(hours=6), {Outcome.SUCCESS: 3}, NOTHING, NOTHING)
    shown = series.outcomes(samples.overview(buckets=(failed, passed)), BERLIN).bars
    assert shown[0].foot < 0
    assert shown[0].share == "60.0 %, 3 of 5"
    assert (shown[1].foot, shown[1].gap) == (0, 0)


def test_the_running_bucket_is_kept_apart():
    shown = series.outcomes(samples.overview(), BERLIN)
    last = shown.bars[-1]
    assert shown.now == last.key
    assert (last.passed, last.failed) == (0, 0)
    assert last.now_passed > 0


def test_what_is_over_is_apart_from_what_is_not():
    shown = series.charts(samples.overview(), BERLIN)
    assert shown.outcomes.now == shown.running.bars[0].key
    assert len(shown.outcomes.bars) + 1 == len(samples.buckets(6))
    assert len(shown.durations.points) + len(shown.running.durations.points) == len(samples.buckets(12))
    assert shown.running.durations.dots[0].key == shown.running.durations.points[-1].key


def test_a_bucket_with_few_values_is_a_gap():
    few = Distribution(n=6, mean=60.0, p50=60.0, p95=90.0)
    shown = series.percentiles(buckets(2, 12, few), [few, NOTHING], "success", BERLIN)
    assert [(point.p50, point.p95) for point in shown.points] == [(60.0, None), (None, None)]
    assert shown.points[0].of == "6 successes"
    assert [(dot.key, dot.seconds) for dot in series.dots(shown.points)] == [(shown.points[0].key, 60.0)]


def test_the_width_of_a_bucket_is_said():
    assert series.per(buckets(2, 6)) == "per 6 h"
    assert series.per(buckets(2, 1)) == "per hour"
    assert series.per(buckets(2, 24)) == "per day"
    assert series.per(buckets(2, 168)) == "per week"
    assert series.per([]) == ""
