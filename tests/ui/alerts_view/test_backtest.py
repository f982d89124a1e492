"""A backtest drawn: bars, days, incidents on their time, and the numbers beside them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_health.model.alert_scope import Scope
from cicd_health.model.backtest import Backtest, Fired, TestedDay
from cicd_health.ui.alerts_view import backtest
from tests.ui.alerts_view.rows import NOW, ZONE

DAYS = tuple(TestedDay(date(2026, 10, 22) + timedelta(days=n), passed=n, failed=n % 2) for n in range(30))
START = NOW - timedelta(days=29)


def fired(after: timedelta, lasts: timedelta | None) -> Fired:
    told = START + after
    return Fired(
        1, "ci", "kestrel/api", "github", "main", told, told, told + lasts if lasts else None, 2, "it failed", 9
    )


def backtest_of(*some: Fired, **more) -> Backtest:
    failed, passed = sum(day.failed for day in DAYS), sum(day.passed for day in DAYS)
    values = {"pipelines": 3, "verdicts": failed + passed, "failed": failed, "messages": 7, "median_s": 95 * 60.0}
    return Backtest(START, NOW, some, DAYS, by_itself=1, seconds=0.31, **(values | more))


def test_the_numbers_are_those_of_the_backtest():
    closed, still = fired(timedelta(days=3), timedelta(hours=2)), fired(timedelta(days=28), None)
    shown = backtest.view(backtest_of(closed, still), Scope(repos=("kestrel/*",)), NOW, ZONE)
    assert shown.sub == "kestrel/* · 450 verdicts of 3 pipelines"
    assert (shown.failed, shown.passed) == ("15", "435")
    assert [(stat.value, stat.label) for stat in shown.stats] == [
        ("2", "incidents"),
        ("7", "messages to each channel"),
        ("1h 35m", "median to recover, 1 closed"),
        ("1", "over within 10 min by themselves"),
    ]
    assert shown.ends == "the last is open still"
    assert [row.lasted for row in shown.rows] == ["open still", "2h 00m"]


def test_incidents_lie_under_the_days_they_began_on():
    shown = backtest.view(
        backtest_of(fired(timedelta(days=3), timedelta(days=1)), fired(timedelta(days=28), None)), Scope(), NOW, ZONE
    )
    first, last = shown.spans
    assert 100 * 3 / 30 < first.left < 100 * 4 / 30  # the fourth day drawn, 25 October
    assert first.width == pytest.approx(100 / 30, abs=0.01)
    assert last.open
    assert last.left + last.width <= 100


def test_incidents_at_the_same_time_lie_below_each_other_and_those_after_them_above_again():
    one, day = timedelta(days=1), timedelta(days=2)
    spans = backtest.view(
        backtest_of(fired(one, day), fired(2 * one, day), fired(6 * one, one), fired(9 * one, None)), Scope(), NOW, ZONE
    ).spans
    assert [span.top for span in spans] == [0, backtest.LANE, 0, 0]


def test_a_short_incident_is_wide_enough_to_be_seen():
    [span] = backtest.view(backtest_of(fired(timedelta(days=3), timedelta(seconds=5))), Scope(), NOW, ZONE).spans
    assert span.width == backtest.NARROWEST


def test_every_third_day_is_named_and_a_month_where_it_begins():
    words = [tick.word for tick in backtest.view(backtest_of(), Scope(), NOW, ZONE).days]
    assert words == ["22 Oct", "25", "28", "31", "3 Nov", "6", "9", "12", "15", "18"]


def test_there_is_a_bar_for_each_day_with_runs_and_a_foot_under_each_that_failed():
    shown = backtest.view(backtest_of(), Scope(), NOW, ZONE)
    assert shown.ok.count("M") == 29  # on the first day nothing passed
    assert shown.fail.count("M") == shown.feet.count("M") == 15
    assert len(shown.hovers) == 30
    assert shown.hovers[1] == "Fri 23 Oct: 1 passed, 1 failed"


def test_a_window_without_runs_says_so():
    empty = Backtest(START, NOW, (), (), 0, 0, 0, 0, None, 0, 0.0)
    shown = backtest.view(empty, Scope(), NOW, ZONE)
    assert shown.nothing
    assert shown.stats[2].value == "–"


@given(st.integers(0, 10**7))
def test_an_axis_holds_every_value_in_a_few_round_steps(most: int):
    top, step = backtest.scale(most)
    assert top >= most
    assert top % step == 0
    assert 1 <= top // step <= 5
    assert str(step).rstrip("0") in {"1", "2", "5"}
