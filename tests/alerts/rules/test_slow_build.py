"""When runs take longer than somebody's limit."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from cicd_health.alerts.rules.slow_build import Params, check
from tests.alerts.facts import pipeline, run

MINUTE = 60.0


def lasting(*minutes: float, outcome: str = "success"):
    """Runs that took so long, oldest first."""
    runs = [run(outcome, n, duration_s=60 * length) for n, length in enumerate(minutes, start=1)]
    return pipeline(runs[::-1])


def test_a_p95_above_the_limit_fires_and_names_its_numbers():
    verdict = check(lasting(*[10] * 18, 24.17, 30), Params(limit_minutes=20))
    assert verdict.firing
    assert verdict.headline == "is slow: p95 is 24m 10s, limit 20 min"
    assert verdict.reason == "2 of the last 20 successful runs took longer than 20 min"
    assert (verdict.failures, verdict.first.number, verdict.last.number) == (2, 19, 20)


def test_one_slow_run_of_twenty_does_not_move_the_p95():
    assert check(lasting(*[10] * 19, 500), Params(limit_minutes=20)).cleared


def test_the_mean_is_moved_by_one():
    assert check(lasting(*[10] * 19, 500), Params(limit_minutes=20, measure="mean")).firing


def test_it_ends_at_nine_tenths_of_the_limit():
    held = check(lasting(*[18.5] * 20), Params(limit_minutes=20))
    assert not held.firing
    assert not held.cleared
    over = check(lasting(*[18] * 20), Params(limit_minutes=20))
    assert over.cleared
    assert over.reason == "p95 is 18m 00s, limit 20 min"


def test_too_few_runs_say_nothing():
    verdict = check(lasting(*[60] * 19), Params(limit_minutes=20))
    assert not verdict.firing
    assert not verdict.cleared


def test_only_successes_count():
    failures = lasting(*[60] * 30, outcome="failure").attempts
    assert not check(pipeline(failures), Params(limit_minutes=20)).firing
    mixed = (*failures[:15], *lasting(*[10] * 20).attempts)
    assert check(pipeline(mixed), Params(limit_minutes=20)).cleared


def test_runs_that_were_not_measured_do_not_count():
    unmeasured = [run("success", n, duration_s=None) for n in range(5, 0, -1)]
    assert check(pipeline([*unmeasured, *lasting(*[30] * 20).attempts]), Params(limit_minutes=20)).firing


def test_only_the_newest_runs_count():
    assert check(lasting(*[60] * 20, *[10] * 20), Params(limit_minutes=20)).cleared


def test_runs_may_be_too_old():
    slow = lasting(*[60] * 20)
    later = pipeline(slow.attempts, now=slow.now + timedelta(hours=30))
    assert check(later, Params(limit_minutes=20)).firing
    assert not check(later, Params(limit_minutes=20, hours=24)).firing


def test_more_runs_needed_than_looked_at_are_refused():
    with pytest.raises(ValidationError, match=r"min_runs \(20\) must not be more than runs \(10\)"):
        Params(runs=10)
