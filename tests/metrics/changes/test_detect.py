from __future__ import annotations

import random

import pytest

from bench import series
from cicd_health.metrics.changes import detect
from cicd_health.metrics.changes.compare import by_rank, by_share, wandering

NOISE = series.noise(0.1)


def slower(shape: series.Shape, n: int = 200, per_day: float = 20, seed: int = 1) -> list[detect.Found]:
    chance = random.Random(seed)
    at = series.moments(chance, n, per_day)
    return detect.slower(series.seconds(shape(chance, at)), at)


def failing(verdicts: series.Verdicts, n: int = 200, seed: int = 1) -> list[detect.Found]:
    chance = random.Random(seed)
    at = series.moments(chance, n, 20)
    return detect.failing(verdicts(chance, n), at)


def test_a_step_is_found_where_it_is_with_its_levels_and_numbers():
    (found,) = slower(series.steps(NOISE, (120, 1.5)))
    assert abs(found.place - 120) <= 2
    assert found.before == pytest.approx(240, rel=0.05)
    assert found.after == pytest.approx(360, rel=0.05)
    assert (found.n_before, found.n_after) == (found.place, 200 - found.place)
    assert found.confidence > 0.999


def test_a_step_down_is_found_too():
    (found,) = slower(series.steps(NOISE, (120, 0.7)))
    assert found.after < found.before


def test_a_doubled_duration_is_found_within_twenty_runs():
    doubled = series.steps(NOISE, (100, 2.0))
    assert [len(slower(doubled, n=120, seed=seed)) for seed in range(5)] == [1] * 5


def test_a_step_and_its_way_back_are_both_found():
    there, back = slower(series.steps(NOISE, (200, 1.5), (260, 1.0)), n=400)
    assert (abs(there.place - 200) <= 3, abs(back.place - 260) <= 3) == (True, True)
    assert there.n_after == back.n_before == back.place - there.place


@pytest.mark.parametrize(
    "shape",
    [
        series.noise(0.3),
        series.outliers(NOISE, 0.05),
        series.drift(NOISE, 0.1),
        series.by_hour(NOISE, 0.4),
        series.by_weekday(NOISE, 0.2),
        series.sluggish(0.2, 0.8),
        series.two_kinds(NOISE, 3, 0.5),
    ],
    ids=["noise", "outliers", "drift", "day and night", "weekends", "sluggish", "cache"],
)
@pytest.mark.parametrize("per_day", [5, 60])
def test_what_only_looks_like_a_change_is_none(shape: series.Shape, per_day: float):
    assert [found for seed in range(3) for found in slower(shape, 400, per_day, seed)] == []


def test_a_step_smaller_than_a_tenth_or_five_seconds_is_not_told():
    at = series.moments(random.Random(1), 200, 20)
    assert detect.slower([100.0] * 100 + [108.0] * 100, at) == []
    assert detect.slower([10.0] * 100 + [14.0] * 100, at) == []
    assert len(detect.slower([10.0] * 100 + [16.0] * 100, at)) == 1


@pytest.mark.parametrize("n", [0, 1, 19])
def test_a_short_series_has_no_change(n: int):
    at = series.moments(random.Random(1), n, 20)
    assert detect.slower([float(value) for value in range(n)], at) == []
    assert detect.failing([True] * n, at) == []


def test_equal_values_are_no_change():
    at = series.moments(random.Random(1), 100, 20)
    assert detect.slower([60.0] * 100, at) == []


def test_more_failures_are_found():
    (found,) = failing(series.from_on(150, series.by_chance(0.02), series.by_chance(0.5)))
    assert abs(found.place - 150) <= 8
    assert found.before < 0.05 < 0.35 < found.after


def test_a_pipeline_that_stays_broken_is_no_change_of_its_rate():
    at = series.moments(random.Random(1), 100, 20)
    assert detect.failing([False] * 60 + [True] * 40, at) == []


def test_failures_that_come_in_rows_are_no_change():
    assert failing(series.bursts(0.1, 10), 400) == []


def test_the_same_values_give_the_same_answer():
    shape = series.steps(NOISE, (120, 1.3))
    assert slower(shape) == slower(shape)


def test_the_curve_of_ranks_is_that_of_mann_and_whitney():
    # 3 before, 3 after, all smaller: U = 9, 4.5 expected, variance 3 * 3 * 7 / 12.
    assert by_rank([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])[3] == pytest.approx(4.5 / (3 * 3 * 7 / 12) ** 0.5)


def test_a_curve_is_nought_where_nothing_differs():
    assert by_rank([7.0] * 6) == [0.0] * 7
    assert by_share([0.0] * 6) == [0.0] * 7


def test_independent_values_do_not_wander_and_rows_of_like_values_do():
    chance = random.Random(1)
    assert wandering([chance.gauss(0, 1) for _ in range(400)], 50) < 2
    assert wandering([float(n // 20 % 2) - 0.5 for n in range(400)], 50) > 5
