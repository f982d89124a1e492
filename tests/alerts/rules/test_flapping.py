"""When going to and fro between passing and failing is an incident, and when it is calm again."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from cicd_health.alerts.rules.flapping import Params, check, reach
from tests.alerts.facts import pipeline, story

HOUR = timedelta(hours=1)


def test_three_failures_with_passes_between_them_fire():
    verdict = check(story("SSSFSFSF"), Params())
    assert verdict.firing
    assert verdict.headline == "is flapping: 3 of the last 8 runs failed"
    assert verdict.reason == "it turned 5 times between passing and failing in 8 runs, 3 failed"
    assert (verdict.failures, verdict.first.number, verdict.last.number) == (3, 4, 8)


def test_too_few_failures_are_held():
    verdict = check(story("SSSSSSFSF"), Params())
    assert not verdict.firing
    assert not verdict.cleared


def test_a_row_of_failures_does_not_flap():
    assert not check(story("SSSSFFFFFF"), Params()).firing


def test_broken_and_repaired_twice_is_too_little():
    assert not check(story("SSFFFSSFFF"), Params()).firing


def test_failures_outside_the_window_do_not_count():
    assert check(story("FSFSFSFSSF"), Params(runs=10)).firing
    assert not check(story("FSFSSSSFSSF"), Params(runs=6, failures=3)).firing


def test_a_pass_opens_nothing_and_ends_nothing_by_itself():
    verdict = check(story("SSFSFSFS"), Params())
    assert not verdict.firing
    assert not verdict.cleared


def test_enough_passes_in_a_row_end_it():
    almost = check(story("FSFSFSSSS"), Params(passes=5))
    assert not almost.cleared
    over = check(story("FSFSFSSSSS"), Params(passes=5))
    assert over.cleared
    assert (over.reason, over.last.number) == ("the last 5 runs passed", 10)


def test_the_first_failure_after_it_was_calm_does_not_open_it_again():
    assert not check(story("FSFSFSSSSSF"), Params(runs=20, passes=5)).firing


def test_what_was_flapping_and_now_fails_steadily_is_held():
    verdict = check(story("SFSFSFFFFFFFFFFF"), Params())
    assert not verdict.firing
    assert not verdict.cleared


def test_a_window_of_time_forgets_what_is_older():
    params = Params(runs=0, minutes=180)
    assert check(story("SFSFSF", every=timedelta(minutes=20)), params).firing
    assert not check(story("SFSFSF", every=HOUR), params).firing


def test_a_pass_after_a_window_without_failures_ends_it():
    assert check(story("FSFSFS", every=4 * HOUR), Params(runs=0, minutes=180)).cleared


def test_both_windows_limit_together():
    assert not check(story("SFSFSF", every=HOUR), Params(runs=10, minutes=180)).firing


def test_a_pipeline_without_verdicts_says_nothing():
    verdict = check(pipeline(), Params())
    assert not verdict.firing
    assert not verdict.cleared


def test_no_more_is_read_than_the_window_holds():
    assert reach(Params(runs=10)).runs == 10
    assert reach(Params(runs=10)).span is None
    assert reach(Params(runs=0, minutes=30)).span == timedelta(minutes=30)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"runs": 0, "minutes": 0}, "give the window a length"),
        ({"runs": 4}, "runs must be more than failures"),
        ({"failures": 10, "runs": 10}, "runs must be more than failures"),
    ],
)
def test_a_window_in_which_it_can_never_fire_is_refused(given, words):
    with pytest.raises(ValidationError, match=words):
        Params(**given)
