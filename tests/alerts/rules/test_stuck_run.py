"""When a run takes far longer than the pipeline's own."""

from datetime import timedelta

from cicd_health.alerts.rules.stuck_run import Params, check
from tests.alerts.facts import NOON, pipeline, run

USUAL_S = 15 * 60.0  # so that three times the p95 is 45 minutes


def minutes(number):
    return timedelta(minutes=number)


def running(*ages: float, runs: int = 20, usual_s: float = USUAL_S):
    """Runs that started so many minutes ago, in a pipeline whose successes all take as long."""
    passed = [run("success", n, duration_s=usual_s) for n in range(runs, 0, -1)]
    now = NOON + timedelta(days=1)
    unfinished = [
        run("running", 100 + n, created_at=now - minutes(age + 1), started_at=now - minutes(age), completed_at=None)
        for n, age in enumerate(ages)
    ]
    return pipeline(passed, now=now, running=tuple(unfinished))


def test_a_run_of_many_times_its_p95_fires():
    facts = running(46)
    verdict = check(facts, Params())
    assert verdict.firing
    assert verdict.headline == "is stuck for 46m 00s"
    assert verdict.reason == "run #100 has been running for 46m 00s, p95 is 15m 00s"
    assert verdict.failures == 1
    assert verdict.first == verdict.last == facts.running[0]
    assert verdict.since == facts.running[0].started_at


def test_every_stuck_run_counts_and_the_longest_is_named():
    verdict = check(running(46, 130, 10), Params())
    assert verdict.headline == "has 2 runs stuck, the longest for 2h 10m"
    assert verdict.failures == 2
    assert (verdict.first.number, verdict.last.number) == (101, 100)


def test_a_run_near_the_limit_is_held():
    verdict = check(running(43), Params())
    assert not verdict.firing
    assert not verdict.cleared


def test_it_ends_when_no_run_is_near_the_limit():
    assert check(running(40), Params()).cleared
    assert check(running(), Params()).cleared


def test_a_fast_pipeline_has_a_floor():
    assert not check(running(25, usual_s=20), Params(floor_minutes=30)).firing
    assert check(running(31, usual_s=20), Params(floor_minutes=30)).firing


def test_a_pipeline_with_few_successes_says_nothing_while_it_runs():
    verdict = check(running(500, runs=19), Params())
    assert not verdict.firing
    assert not verdict.cleared


def test_failures_do_not_say_what_is_usual():
    known = running(500, runs=20)
    failures = pipeline([run("failure", 1, duration_s=USUAL_S)] * 20, now=known.now, running=known.running)
    assert not check(failures, Params()).firing


def test_a_run_that_was_lost_sight_of_says_nothing():
    assert check(running(36 * 24 * 60), Params()).cleared


def test_a_run_without_a_start_says_nothing():
    known = running(500)
    queued = pipeline(known.attempts, now=known.now, running=(run("running", 9, started_at=None),))
    assert check(queued, Params()).cleared
