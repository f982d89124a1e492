"""The charts of a pipeline's page: gaps, the running bucket, and where a series changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from cicd_health.model.health import Bucket, Distribution
from cicd_health.model.runs import Outcome
from cicd_health.ui import series
from cicd_health.ui.pipeline_view import trends
from tests.ui.pipeline_samples import change, report
from tests.ui.samples import DAY, NOW

BERLIN = ZoneInfo("Europe/Berlin")


def buckets(*counts: tuple[int, int]) -> list[Bucket]:
    """Days of so many passed and failed runs; the last is not over."""
    none = Distribution()
    start = NOW.replace(hour=0, minute=0) - (len(counts) - 1) * DAY
    days = [
        Bucket(
            start + i * DAY,
            start + (i + 1) * DAY,
            {Outcome.SUCCESS: passed, Outcome.FAILURE: failed, Outcome.CANCELLED: 2},
            none,
            none,
        )
        for i, (passed, failed) in enumerate(counts)
    ]
    return [*days[:-1], replace(days[-1], running=True)]


def test_a_bucket_without_verdicts_is_a_gap_and_says_so():
    first, gap, last = trends.rates(buckets((19, 1), (0, 0), (5, 0)), BERLIN).points
    assert (first.percent, first.rate, first.of, first.left_out) == (95.0, "95.0 %", "19 of 20", "2 left out")
    assert (gap.percent, gap.rate, gap.of) == (None, "–", "0 of 0")
    assert last.percent == 100.0


def test_a_point_between_gaps_has_a_dot_as_no_line_reaches_it():
    shown = trends.rates(buckets((1, 0), (0, 0), (1, 1), (0, 0), (9, 1), (9, 1)), BERLIN)
    assert [dot.percent for dot in shown.dots] == [100.0, 50.0, 90.0]


def test_the_running_bucket_is_marked():
    days = buckets((1, 0), (1, 0))
    assert trends.rates(days, BERLIN).now == series.key(days[-1])
    assert trends.rates(days[:-1], BERLIN).now == ""


@pytest.mark.parametrize(
    ("passed", "floor", "ticks"),
    [(99, 90, [90, 92, 94, 96, 98, 100]), (85, 80, [80, 85, 90, 95, 100]), (5, 0, [0, 25, 50, 75, 100])],
)
def test_the_axis_begins_below_the_lowest_rate(passed: int, floor: int, ticks: list[int]):
    shown = trends.rates(buckets((passed, 100 - passed), (1, 0)), BERLIN)
    assert (shown.floor, shown.axis.ticks) == (floor, ticks)


def test_without_a_verdict_the_chart_says_so():
    assert trends.rates(buckets((0, 0), (0, 0)), BERLIN).nothing == "No run passed or failed"


def test_a_change_is_marked_in_its_bucket_with_when_and_what():
    days = buckets(*[(5, 0)] * 7)
    [mark] = trends.marks([change(at=NOW - 2 * DAY)], days, NOW, BERLIN).changes
    assert (mark.key, mark.until) == (series.key(days[4]), series.key(days[6]))
    assert mark.words == "▲ Wed 10:42 · +36 %"
    assert (mark.side, mark.ink, mark.wash) == ("insideTopRight", "var(--warn)", "var(--warn-soft)")


def test_a_change_for_the_better_has_no_wash():
    [mark] = trends.marks([change(before=1409, after=1036)], buckets(*[(5, 0)] * 7), NOW, BERLIN).changes
    assert mark.words.startswith("▼ ")
    assert mark.wash == "transparent"


def test_changes_outside_the_chart_and_beyond_the_newest_two_are_not_drawn():
    days = buckets(*[(5, 0)] * 7)
    old = change(at=NOW - 30 * DAY)
    inside = [change(at=NOW - i * DAY) for i in (1, 2, 3)]
    drawn = trends.marks([*inside, old], days, NOW, BERLIN).changes
    assert [mark.key for mark in drawn] == [series.key(days[5]), series.key(days[4])]
    assert trends.marks([old], days, NOW, BERLIN).changes == []


def test_a_rate_shows_its_change_as_a_rate_of_passing():
    worse = change(of="failure_rate", before=0.04, after=0.2, at=NOW - timedelta(hours=2))
    shown = trends.trends(report(changes=(worse, change(job="unit"))), BERLIN)
    assert [mark.words for mark in shown.rate_marks.changes] == ["▲ 08:42 · 96.0 % → 80.0 %"]
    assert shown.duration_marks.changes == []  # that of a job is not the pipeline's
