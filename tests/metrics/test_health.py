"""The state of a pipeline: the worst rule that holds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cicd_health.metrics.health import Signs, diagnose, slower
from cicd_health.metrics.words import seconds_in_words
from cicd_health.model.changes import Blame, ChangePoint
from cicd_health.model.flakes import Flake
from cicd_health.model.health import Distribution, HealthState
from cicd_health.model.runs import Outcome
from tests.factories import NOW

AGO = NOW - timedelta(minutes=47)
FLAKE = Flake(1, "e2e", 11, AGO)


def lasting(p95: float, n: int = 20) -> Distribution:
    return Distribution(n=n, p95=p95)


def state(**signs: Any) -> HealthState:
    return diagnose(Signs(NOW, **({"verdicts": 50} | signs))).state


def test_a_pipeline_whose_last_verdict_failed_is_broken_with_its_cause() -> None:
    signs = Signs(NOW, Outcome.FAILURE, 4, AGO, failed_job="unit-tests", failed_step="pytest", flake=FLAKE, verdicts=50)
    diagnosis = diagnose(signs)
    assert diagnosis.state is HealthState.BROKEN
    assert diagnosis.why == ("4 in a row did not pass", "job `unit-tests`, step `pytest`")
    assert diagnosis.since == AGO


def test_unstable_is_its_own_state() -> None:
    assert state(last=Outcome.UNSTABLE, in_a_row=2) is HealthState.UNSTABLE


@pytest.mark.parametrize("outcome", [Outcome.TIMED_OUT, Outcome.STARTUP_FAILURE])
def test_other_failures_are_broken_too(outcome: Outcome) -> None:
    assert state(last=outcome, in_a_row=1) is HealthState.BROKEN


def test_a_queue_is_too_long_after_five_minutes() -> None:
    assert state(waiting=1, oldest_waiting_at=NOW - timedelta(minutes=5)) is HealthState.HEALTHY
    assert state(waiting=1, oldest_waiting_at=NOW - timedelta(minutes=5, seconds=1)) is HealthState.QUEUE


def test_a_pipeline_used_to_queues_gets_five_times_its_p95() -> None:
    waiting = {"waiting": 3, "queue": lasting(200), "flake": FLAKE}
    assert state(oldest_waiting_at=NOW - timedelta(seconds=1000), **waiting) is HealthState.FLAKY
    assert state(oldest_waiting_at=NOW - timedelta(seconds=1001), **waiting) is HealthState.QUEUE


def test_flaky_says_on_how_many_commits() -> None:
    diagnosis = diagnose(Signs(NOW, flake=FLAKE, verdicts=50))
    assert diagnosis.state is HealthState.FLAKY
    assert diagnosis.why == ("11 commits in 14 days failed, then passed", "job `e2e`")


@pytest.mark.parametrize(
    ("before", "now", "answer"),
    [
        (lasting(300), lasting(360), True),
        (lasting(300), lasting(359), False),  # under 60 s more
        (lasting(600), lasting(700), False),  # under 20 % more
        (lasting(300, n=19), lasting(600), False),
        (lasting(300), lasting(600, n=19), False),
        (Distribution(), Distribution(), False),
    ],
)
def test_slower_takes_a_fifth_and_a_minute_and_enough_runs(before: Distribution, now: Distribution, answer) -> None:
    assert slower(now, before) is answer


def test_slower_says_from_what_to_what() -> None:
    diagnosis = diagnose(Signs(NOW, duration=lasting(1409), duration_before=lasting(1036), verdicts=50))
    assert diagnosis.why == ("p95 17m 16s → 23m 29s",)


def test_since_when_it_is_slower_is_told_once() -> None:
    blame = Blame("assemble", "gradle", 781.0, 1190.0)
    change = ChangePoint(1, "duration", None, None, 7, AGO, 907.0, 1314.0, 259, 30, 0.99, blame)
    diagnosis = diagnose(Signs(NOW, change=change, verdicts=50))
    assert (diagnosis.why, diagnosis.since) == (("p50 15m 07s → 21m 54s", "job `assemble`, step `gradle`"), AGO)


def test_fewer_than_five_verdicts_say_nothing() -> None:
    assert state(verdicts=4) is HealthState.FEW
    assert state(verdicts=5) is HealthState.HEALTHY
    assert state(verdicts=1, last=Outcome.FAILURE) is HealthState.BROKEN


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "–"), (45, "45s"), (59.6, "1m 00s"), (444, "7m 24s"), (3960, "1h 06m")]
)
def test_seconds_in_words(seconds: float | None, text: str) -> None:
    assert seconds_in_words(seconds) == text
