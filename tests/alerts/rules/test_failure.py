"""When the failure rule opens an incident, and when it ends one."""

import pytest
from pydantic import ValidationError

from cicd_health.alerts.rules.failure import Params, check
from tests.alerts.facts import facts

NO_VERDICT = [
    "cancelled",
    "superseded",
    "skipped",
    "neutral",
    "stale",
    "action_required",
    "queued",
    "waiting",
    "running",
]


@pytest.mark.parametrize("outcome", ["failure", "timed_out", "startup_failure", "unstable"])
def test_one_failure_is_enough_by_default(outcome):
    assert check(facts(outcome, "success"), Params()).firing


def test_a_first_ever_failure_fires():
    assert check(facts("failure"), Params()).firing


def test_fewer_failures_than_asked_for_neither_open_nor_close():
    verdict = check(facts("failure", "failure", "success"), Params(count=3))
    assert not verdict.firing
    assert not verdict.cleared


def test_as_many_failures_as_asked_for_fire():
    verdict = check(facts("failure", "failure", "failure", "success"), Params(count=3))
    assert verdict.firing
    assert verdict.failures == 3
    assert verdict.reason == "the last 3 runs failed"


def test_failures_are_counted_back_to_the_last_success_and_no_further():
    verdict = check(facts("failure", "timed_out", "success", "failure"), Params())
    assert verdict.failures == 2
    assert (verdict.first.number, verdict.last.number) == (3, 4)


def test_the_next_success_clears_whatever_was_asked_for():
    verdict = check(facts("success", "failure", "failure"), Params(count=2))
    assert verdict.cleared
    assert not verdict.firing
    assert verdict.last.number == 3


@pytest.mark.parametrize("outcome", NO_VERDICT)
def test_what_is_no_verdict_does_not_close(outcome):
    assert check(facts(outcome, "failure", "success"), Params()).firing


@pytest.mark.parametrize("outcome", NO_VERDICT)
def test_what_is_no_verdict_does_not_open(outcome):
    verdict = check(facts(outcome, "success"), Params())
    assert not verdict.firing


@pytest.mark.parametrize("outcome", NO_VERDICT)
def test_what_is_no_verdict_does_not_interrupt_a_row_of_failures(outcome):
    assert check(facts("failure", outcome, "failure", "success"), Params(count=2)).failures == 2


def test_no_run_at_all_says_nothing():
    verdict = check(facts(), Params())
    assert not verdict.firing
    assert not verdict.cleared


@pytest.mark.parametrize("count", [0, 51])
def test_the_count_has_limits(count):
    with pytest.raises(ValidationError):
        Params(count=count)
