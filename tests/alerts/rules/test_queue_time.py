"""When jobs wait long for a runner."""

from datetime import timedelta

from cicd_health.alerts.rules.queue_time import Params, check
from cicd_health.model.alerts import WaitingJob
from tests.alerts.facts import NOON, pipeline


def waiting(*ages: float):
    """Jobs that wait since so many minutes."""
    jobs = [WaitingJob(n, f"build {n}", NOON - timedelta(minutes=age)) for n, age in enumerate(ages)]
    return pipeline(now=NOON, waiting=tuple(jobs))


def test_a_job_that_waits_too_long_fires():
    verdict = check(waiting(16), Params(limit_minutes=15))
    assert verdict.firing
    assert verdict.headline == "waits for a runner: 1 job, the longest for 16m 00s"
    assert verdict.reason == "1 job waits longer than 15 min, `build 0` for 16m 00s"
    assert verdict.since == NOON - timedelta(minutes=16)


def test_the_longest_wait_is_named_wherever_it_stands():
    verdict = check(waiting(16, 40, 2), Params(limit_minutes=15))
    assert verdict.failures == 2
    assert verdict.reason == "2 jobs wait longer than 15 min, `build 1` for 40m 00s"


def test_a_run_without_jobs_waits_as_a_run():
    facts = pipeline(now=NOON, waiting=(WaitingJob(1, "", NOON - timedelta(minutes=20)),))
    assert check(facts, Params(limit_minutes=15)).reason == "1 job waits longer than 15 min, a run for 20m 00s"


def test_fewer_jobs_than_asked_for_are_held():
    verdict = check(waiting(16, 40), Params(limit_minutes=15, jobs=3))
    assert not verdict.firing
    assert not verdict.cleared


def test_it_ends_when_none_waits_longer_than_half_of_the_limit():
    held = check(waiting(8), Params(limit_minutes=15))
    assert not held.firing
    assert not held.cleared
    assert check(waiting(7), Params(limit_minutes=15)).cleared
    assert check(waiting(), Params(limit_minutes=15)).cleared


def test_a_job_that_was_lost_sight_of_says_nothing():
    assert check(waiting(36 * 24 * 60), Params()).cleared
