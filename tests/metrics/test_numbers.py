"""Percentiles, empty cases and time to restore, by example."""

from __future__ import annotations

import pytest

from cicd_health.metrics.metric import distribution, nearest_rank, share
from cicd_health.metrics.time_to_restore import restore
from cicd_health.model.health import Distribution, Restore
from cicd_health.model.incidents import Turn, breakages
from cicd_health.model.tally import Seconds, Values
from cicd_health.model.windows import Window
from tests.factories import at

WEEK = Window("7d", at("2026-03-05 00:00"), at("2026-03-12 00:00"))


@pytest.mark.parametrize(
    ("percent", "n", "rank"), [(50, 1, 1), (50, 4, 2), (50, 5, 3), (95, 20, 19), (95, 21, 20), (90, 10, 9), (95, 3, 3)]
)
def test_the_nearest_rank_is_the_ceiling_of_p_times_n(percent: int, n: int, rank: int) -> None:
    assert nearest_rank(percent, n) == rank


def test_a_distribution_by_example() -> None:
    values = Values([15.0, 20.0, 35.0, 40.0, 50.0], unmeasured=2)
    assert distribution(values) == Distribution(5, 160.0, 32.0, 35.0, 50.0, 50.0, 50.0, 2, True)


def test_nothing_measured_is_none_never_zero() -> None:
    assert distribution(Values()) == Distribution(exact=True)
    assert distribution(Seconds(unmeasured=3)) == Distribution(unmeasured=3, exact=False)
    assert share(0, 0) is None


def turn(kind: str, created: str, ended: str | None = None, pipeline_id: int = 1) -> Turn:
    return Turn(pipeline_id, kind == "passed", at(created), at(ended or created))


def test_restoring_runs_from_the_end_of_the_first_failure_to_the_end_of_the_next_success() -> None:
    turns = [
        turn("failed", "2026-03-06 10:00", "2026-03-06 10:05"),
        turn("failed", "2026-03-06 11:00"),
        turn("passed", "2026-03-06 12:00", "2026-03-06 12:10"),
    ]
    seconds = 2 * 3600 + 5 * 60
    assert restore(breakages(turns), WEEK) == Restore(1, seconds, seconds, 0, None)


def test_the_median_is_of_closed_incidents_and_open_ones_are_told_apart() -> None:
    turns = [
        turn("failed", "2026-03-06 10:00"),
        turn("passed", "2026-03-06 10:10"),
        turn("failed", "2026-03-06 11:00"),
        turn("passed", "2026-03-06 12:00"),
        turn("failed", "2026-03-06 13:00"),
        turn("passed", "2026-03-06 13:20"),
        turn("failed", "2026-03-07 09:00"),
        turn("failed", "2026-03-07 08:00", pipeline_id=2),
    ]
    assert restore(breakages(turns), WEEK) == Restore(3, 1200.0, 1800.0, 2, at("2026-03-07 08:00"))


def test_an_incident_belongs_to_the_window_of_its_recovery() -> None:
    turns = [turn("failed", "2026-03-04 23:00"), turn("passed", "2026-03-05 01:00")]
    assert restore(breakages(turns), WEEK).n == 1
    assert restore(breakages(turns), WEEK.previous()) == Restore(0, None, None, 1, at("2026-03-04 23:00"))


def test_without_incidents_there_is_no_time_to_restore() -> None:
    assert restore(breakages([turn("passed", "2026-03-06 10:00")]), WEEK) == Restore()


def test_a_recovery_known_before_its_failure_is_left_out() -> None:
    turns = [turn("failed", "2026-03-06 10:00", "2026-03-06 11:00"), turn("passed", "2026-03-06 10:01")]
    assert restore(breakages(turns), WEEK) == Restore()
