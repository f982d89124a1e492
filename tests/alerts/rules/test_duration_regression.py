"""When a change point of the durations is an incident, and when its durations are back."""

from datetime import timedelta

import pytest

from cicd_health.alerts.rules.duration_regression import RULE, Params, check
from cicd_health.model.changes import Blame, ChangePoint
from tests.alerts.facts import NOON, pipeline, run

DAY = timedelta(days=1)


def moved(**given) -> ChangePoint:
    """From 4 to 6 minutes, at noon."""
    usual = {"of": "duration", "job": None, "step": None, "run_id": 111, "at": NOON, "before": 240.0, "after": 360.0}
    sides = {"pipeline_id": 3, "n_before": 40, "n_after": 12, "confidence": 0.99}
    blame = Blame("build", "npm ci", 30.0, 150.0)
    return ChangePoint(**usual | sides | {"blame": blame} | given)


def lasting(seconds: float, *changes: ChangePoint, after: timedelta = DAY, runs: int = 12):
    attempts = [run("success", n, duration_s=seconds) for n in range(10 + runs, 10, -1)]
    return pipeline(attempts, now=NOON + after, changes=changes)


def test_a_change_to_longer_runs_fires_and_names_what_grew():
    verdict = check(lasting(360, moved()), Params())
    assert verdict.firing
    assert verdict.headline == "takes 6m 00s instead of 4m 00s (+50 %): job `build`, step `npm ci`"
    assert verdict.reason == (
        "slower since 2026-03-02 12:00 UTC, job `build`, step `npm ci` 2m 30s instead of 30s, 99.0 % sure"
    )
    assert verdict.since == NOON
    assert verdict.failures == 12
    assert verdict.last.number == 22


def test_without_somebody_to_blame_it_names_nobody():
    verdict = check(lasting(360, moved(blame=None)), Params())
    assert verdict.headline == "takes 6m 00s instead of 4m 00s (+50 %)"
    assert verdict.reason == "slower since 2026-03-02 12:00 UTC, 99.0 % sure"


@pytest.mark.parametrize(
    "other",
    [
        {"of": "failure_rate", "before": 0.1, "after": 400.0},
        {"job": "build"},
        {"before": 360.0, "after": 240.0},
    ],
    ids=["of the failure rate", "of one job", "to shorter runs"],
)
def test_other_changes_are_not_meant(other):
    assert check(lasting(360, moved(**other)), Params()).cleared


@pytest.mark.parametrize(
    ("change", "params"),
    [
        (moved(after=295.0), Params()),
        (moved(), Params(percent=60)),
        (moved(confidence=0.9), Params()),
    ],
    ids=["too few seconds", "too few per cent", "not sure"],
)
def test_a_change_that_is_too_small_or_unsure_is_held(change, params):
    verdict = check(lasting(360, change), params)
    assert not verdict.firing
    assert not verdict.cleared


def test_an_old_change_opens_nothing_and_ends_nothing():
    assert check(lasting(360, moved(), after=14 * DAY), Params(days=14)).firing
    verdict = check(lasting(360, moved(), after=15 * DAY), Params(days=14))
    assert not verdict.firing
    assert not verdict.cleared


def test_it_ends_when_durations_are_back():
    held = check(lasting(290, moved()), Params())
    assert not held.firing
    assert not held.cleared
    over = check(lasting(265, moved()), Params())
    assert over.cleared
    assert over.reason == "the median is 4m 25s, and was 4m 00s before"


def test_it_ends_when_the_change_is_no_longer_known():
    assert check(lasting(360), Params()).cleared


def test_few_runs_since_the_change_are_held():
    verdict = check(lasting(360, moved(at=NOON + timedelta(minutes=10 * 19))), Params())
    assert not verdict.firing
    assert not verdict.cleared


def test_of_two_changes_the_newer_counts():
    earlier = moved(at=NOON - 30 * DAY, before=100.0, after=240.0)
    assert check(lasting(360, moved(), earlier), Params()).since == NOON


def test_a_small_step_on_top_of_a_large_one_ends_nothing():
    step = moved(at=NOON + timedelta(minutes=30), before=360.0, after=400.0)
    verdict = check(lasting(360, step, moved()), Params())
    assert verdict.firing
    assert verdict.since == NOON


def test_a_change_from_nothing_is_told_without_a_share():
    verdict = check(lasting(360, moved(before=0.0, blame=None)), Params())
    assert verdict.headline == "takes 6m 00s instead of 0s (from nothing)"


def test_changes_are_asked_for():
    assert RULE.reach(Params()).changes
