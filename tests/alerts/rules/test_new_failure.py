"""When a failure is one that this pipeline did not have before."""

from datetime import timedelta

from cicd_health.alerts.rules.new_failure import RULE, Params, check
from tests.alerts.facts import facts, pipeline, run

LONG = ["success"] * 20
DAY = timedelta(days=1)


def failing(days_ago: int | None, before: int = 20):
    """A run that failed, after so many that passed; a failure like it was seen so long before."""
    newest = run("failure", before + 1, signature="ab12")
    seen_at = None if days_ago is None else newest.created_at - days_ago * DAY
    newest = run("failure", before + 1, signature="ab12", signature_seen_at=seen_at)
    return pipeline([newest, *(run("success", n) for n in range(before, 0, -1))])


def test_a_failure_never_seen_before_fires():
    verdict = check(failing(None), Params())
    assert verdict.firing
    assert verdict.headline == "failed in a new way"
    assert verdict.reason == "this failure was not seen in this pipeline before"
    assert verdict.failures == 1
    assert verdict.first.number == verdict.last.number == 21


def test_a_failure_that_was_long_gone_fires():
    verdict = check(failing(45), Params(days=30))
    assert verdict.firing
    assert verdict.reason == "this failure was not seen in this pipeline for 45 d"


def test_a_known_failure_is_held():
    verdict = check(failing(30), Params(days=30))
    assert not verdict.firing
    assert not verdict.cleared


def test_in_a_young_pipeline_every_failure_is_new_and_none_is_told():
    assert not check(failing(None, before=19), Params()).firing
    assert check(failing(None, before=19), Params(min_runs=19)).firing


def test_a_failure_whose_lines_are_not_known_yet_is_held():
    verdict = check(facts("failure", *LONG), Params())
    assert not verdict.firing
    assert not verdict.cleared


def test_the_next_success_ends_it():
    verdict = check(facts("success", "failure", *LONG), Params())
    assert verdict.cleared
    assert verdict.last.number == 22


def test_a_cancelled_run_after_it_changes_nothing():
    newer = run("cancelled", 22)
    known = failing(None)
    assert check(pipeline([newer, *known.attempts]), Params()) == check(known, Params())


def test_signatures_are_asked_for():
    assert RULE.reach(Params(min_runs=20)).signatures
    assert RULE.reach(Params(min_runs=20)).runs == 21
