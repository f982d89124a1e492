"""When a success rate is too low, and when it is high enough again."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from cicd_health.alerts.rules.regression import Params, check, reach
from tests.alerts.facts import pipeline, story

HOUR = timedelta(hours=1)


def test_too_low_a_rate_fires_and_names_its_numbers():
    verdict = check(story("S" * 16 + "F" * 10), Params(under=80))
    assert verdict.firing
    assert verdict.headline == "succeeded in 61.5 % of the last 26 runs"
    assert verdict.reason == "16 of 26 runs of the last 24 h passed, limit 80 %"
    assert (verdict.failures, verdict.first.number, verdict.last.number) == (10, 17, 26)


def test_exactly_the_limit_is_not_under_it():
    assert not check(story("S" * 16 + "F" * 4), Params(under=80)).firing
    assert check(story("S" * 15 + "F" * 5), Params(under=80)).firing


def test_too_few_runs_say_nothing():
    verdict = check(story("F" * 19), Params(min_runs=20))
    assert not verdict.firing
    assert not verdict.cleared


def test_a_pass_does_not_open_it():
    assert not check(story("F" * 10 + "S" * 10), Params()).firing


def test_it_ends_above_the_limit_by_the_margin():
    held = check(story("F" * 4 + "S" * 16), Params(under=80, margin=5))
    assert not held.firing
    assert not held.cleared
    over = check(story("F" * 3 + "S" * 17), Params(under=80, margin=5))
    assert over.cleared
    assert over.reason == "17 of 20 runs of the last 24 h passed"


def test_a_few_runs_that_all_passed_end_it():
    assert not check(story("SSSS"), Params()).cleared
    assert check(story("SSSSS"), Params()).cleared


def test_runs_that_left_the_window_do_not_count():
    verdict = check(story("F" * 30 + "S" * 25, every=HOUR), Params(hours=24))
    assert verdict.cleared
    assert verdict.reason == "24 of 24 runs of the last 24 h passed"


@pytest.mark.parametrize(("failures", "fires"), [(4, False), (8, True)])
def test_a_fall_against_the_window_before_fires(failures, fires):
    """20 runs in 20 hours, of which 2 failed, and 20 more in the next 20."""
    before = "F" * 2 + "S" * 18
    after = "S" * (20 - failures) + "F" * failures
    verdict = check(story(before + after, every=HOUR), Params(under=0, points=10, hours=20))
    assert verdict.firing is fires


def test_a_fall_names_both_windows():
    verdict = check(story("S" * 18 + "FF" + "S" * 12 + "F" * 8, every=HOUR), Params(under=0, points=10, hours=20))
    assert verdict.reason == "12 of 20 runs of the last 20 h passed, 18 of 20 (90.0 %) in the 20 h before"


def test_without_a_window_before_there_is_no_fall():
    verdict = check(story("S" * 10 + "F" * 10), Params(under=0, points=10))
    assert not verdict.firing
    assert not verdict.cleared


def test_a_fall_is_over_when_the_rate_is_back():
    verdict = check(story("F" * 2 + "S" * 18 + "FFF" + "S" * 17, every=HOUR), Params(under=0, points=10, hours=20))
    assert verdict.cleared


def test_a_pipeline_without_verdicts_says_nothing():
    verdict = check(pipeline(), Params())
    assert not verdict.firing
    assert not verdict.cleared


def test_two_windows_are_read_only_to_compare():
    assert reach(Params(hours=24)).span == 24 * HOUR
    assert reach(Params(hours=24, points=10)).span == 48 * HOUR


def test_a_rule_that_looks_at_nothing_is_refused():
    with pytest.raises(ValidationError, match="under and points are both 0"):
        Params(under=0, points=0)
