"""A rule told the past moment by moment has the incidents that it would have had."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from cicd_health.alerts import RULES
from cicd_health.alerts.backtest import Replay, replay
from cicd_health.model.alerts import Facts, RunFact, WaitingJob
from cicd_health.model.changes import ChangePoint
from cicd_health.model.moments import Moment, Place
from cicd_health.model.runs import Outcome
from tests.alerts.facts import NOON

HERE: Place = (3, None)
HOUR = timedelta(hours=1)
KNOWN = Facts(pipeline_id=3, pipeline="CI", repo="acme/api", provider="github")


def run(number: int, outcome: str, began: datetime, took: timedelta = timedelta(minutes=5), **given: Any) -> RunFact:
    over = began + took
    usual: dict[str, Any] = {
        "created_at": began,
        "started_at": began,
        "completed_at": over,
        "duration_s": took.total_seconds(),
    }
    return RunFact(run_id=number, number=number, outcome=Outcome(outcome), **usual | given)


def ended(*runs: RunFact) -> list[Moment]:
    return [Moment(one.ended_at, HERE, "ended", one) for one in runs]


def hourly(outcomes: str, begin: datetime = NOON, every: timedelta = HOUR) -> list[Moment]:
    """One run after another: p passes, f fails."""
    words = {"p": "success", "f": "failure"}
    return ended(*(run(n, words[letter], begin + n * every) for n, letter in enumerate(outcomes)))


def tried(
    kind: str, moments: Iterable[Moment], *, end: datetime, start: datetime = NOON, known: Facts = KNOWN, **params: Any
) -> Replay:
    rule = RULES[kind]
    places = [HERE] if known != KNOWN else []
    return replay(rule, rule.Params(**params), moments, lambda _: known, start, end, ZoneInfo("UTC"), places)


def test_each_row_of_failures_is_an_incident_until_the_next_success():
    found = tried("failure", hourly("pffp" + "p" * 30 + "fp"), end=NOON + timedelta(days=3))
    first, second = found.fired
    assert (first.opened_at, first.resolved_at) == (
        NOON + 1 * HOUR + timedelta(minutes=5),
        NOON + 3 * HOUR + timedelta(minutes=5),
    )
    assert (first.failures, first.run_id, first.recovered_run_id) == (2, 1, 3)
    assert (second.run_id, second.reopened, found.messages) == (34, 0, 4)


def test_the_same_trouble_within_a_day_reopens_its_incident():
    found = tried("failure", hourly("fpfp"), end=NOON + timedelta(days=3))
    [only] = found.fired
    assert (only.opened_at, only.reopened) == (NOON + timedelta(minutes=5), 1)
    assert only.resolved_at == NOON + 3 * HOUR + timedelta(minutes=5)
    assert found.messages == 4


def test_what_was_known_before_the_start_counts_but_is_not_told():
    before = tuple(run(100 + n, "failure", NOON - (n + 30) * HOUR) for n in range(2))
    moments = ended(run(1, "failure", NOON - HOUR), run(2, "failure", NOON + HOUR))
    found = tried("failure", moments, end=NOON + 5 * HOUR, known=replace(KNOWN, attempts=before), count=4)
    [only] = found.fired
    assert only.told_at == NOON + HOUR + timedelta(minutes=5)
    assert (only.opened_at, only.failures, only.resolved_at) == (before[1].ended_at, 4, None)


def test_what_ends_after_the_window_is_not_known():
    assert tried("failure", hourly("pf"), end=NOON + HOUR).fired == ()


def test_a_rerun_speaks_in_the_place_of_its_run():
    first = run(1, "failure", NOON)
    later = run(2, "failure", NOON + HOUR)
    again = replace(first, outcome=Outcome.SUCCESS, completed_at=NOON + 2 * HOUR)
    [only] = tried("failure", ended(first, later, again), end=NOON + 5 * HOUR).fired
    assert (only.resolved_at, only.failures) == (None, 1)  # the newer run is red still


def test_runs_that_overtake_each_other_are_judged_by_what_was_known():
    slow = run(1, "success", NOON, took=3 * HOUR)
    [only] = tried("failure", ended(run(2, "failure", NOON + HOUR), slow), end=NOON + 5 * HOUR).fired
    assert only.resolved_at is None  # the success is of an older run


def test_a_stuck_run_is_found_in_the_second_in_which_it_became_one():
    usual = tuple(run(100 - n, "success", NOON - (30 + n) * HOUR, timedelta(minutes=20)) for n in range(30))
    stuck = run(1, "success", NOON + HOUR, 5 * HOUR)
    going = replace(stuck, outcome=Outcome.RUNNING, completed_at=None, duration_s=None)
    moments = [Moment(stuck.created_at, HERE, "began", going), *ended(stuck)]
    known = replace(KNOWN, attempts=usual)
    found = tried(
        "stuck_run", moments, end=NOON + timedelta(days=1), known=known, times=3, floor_minutes=30, min_runs=20
    )
    [only] = found.fired
    assert only.told_at == NOON + 2 * HOUR + timedelta(seconds=1)
    assert only.resolved_at == stuck.ended_at


def test_a_run_that_is_stuck_to_this_day_is_an_open_incident():
    usual = tuple(run(100 - n, "success", NOON - (30 + n) * HOUR, timedelta(minutes=20)) for n in range(30))
    going = run(1, "running", NOON - 40 * HOUR, completed_at=None, duration_s=None)
    known = replace(KNOWN, attempts=usual, running=(going,))
    [only] = tried("stuck_run", [], end=NOON + HOUR, known=known).fired
    assert (only.told_at, only.resolved_at) == (NOON, None)


def test_jobs_that_wait_long_are_an_incident_until_a_runner_takes_them():
    waits = WaitingJob(1, "build", NOON + HOUR)
    moments = [Moment(NOON + HOUR, HERE, "waiting", job=waits), Moment(NOON + 2 * HOUR, HERE, "taken", job=waits)]
    [only] = tried("queue_time", moments, end=NOON + 5 * HOUR, limit_minutes=15).fired
    assert only.opened_at == NOON + HOUR
    assert only.told_at == NOON + HOUR + timedelta(minutes=15, seconds=1)
    assert only.resolved_at == NOON + 2 * HOUR


def test_a_missed_schedule_is_noticed_after_its_grace_and_over_with_the_next_run():
    days = [0, 1, 2, 4, 5]  # the third is missing
    moments = [Moment(NOON + timedelta(days=day, minutes=1), HERE, "scheduled") for day in days]
    found = tried(
        "missed_schedule", moments, end=NOON + timedelta(days=5, hours=1), cron="0 12 * * *", grace_minutes=60
    )
    [only] = found.fired
    missed = NOON + timedelta(days=3)
    assert only.opened_at == missed
    assert missed + HOUR <= only.told_at <= missed + HOUR + timedelta(minutes=2)
    assert only.resolved_at == NOON + timedelta(days=4, minutes=1)


def test_a_learned_schedule_that_stopped_is_noticed_although_nothing_follows():
    moments = [Moment(NOON + n * HOUR, HERE, "scheduled") for n in range(30)]
    [only] = tried("missed_schedule", moments, end=NOON + timedelta(days=40)).fired
    assert NOON + 30 * HOUR < only.told_at < NOON + 36 * HOUR
    assert only.resolved_at is None


def test_a_change_of_level_is_known_once_enough_runs_followed_it():
    level = [run(n, "success", NOON + n * HOUR, timedelta(minutes=5 if n < 40 else 15)) for n in range(80)]
    change = ChangePoint(3, "duration", None, None, 40, level[40].created_at, 300.0, 900.0, 40, 40, 0.999)
    found = tried(
        "duration_regression", ended(*level), end=NOON + timedelta(days=9), known=replace(KNOWN, changes=(change,))
    )
    [only] = found.fired
    assert level[45].ended_at <= only.told_at <= level[60].ended_at


def test_days_are_those_of_the_zone_and_empty_ones_are_there():
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 3, 27, 23, tzinfo=berlin)  # the clocks change on the 29th
    moments = ended(run(1, "failure", start), run(2, "success", start + timedelta(hours=50)))
    rule = RULES["failure"]
    end = start + timedelta(days=3)
    days = replay(rule, rule.Params(), moments, lambda _: KNOWN, start, end, berlin).days
    assert [(day.day, day.passed, day.failed) for day in days] == [
        (date(2026, 3, 27), 0, 1),
        (date(2026, 3, 28), 0, 0),
        (date(2026, 3, 29), 0, 0),
        (date(2026, 3, 30), 1, 0),
    ]


@given(st.text("pf", max_size=60), st.integers(1, 4))
def test_incidents_of_the_failure_rule_are_the_rows_of_failures(outcomes: str, count: int):
    found = tried("failure", hourly(outcomes), end=NOON + timedelta(days=9), count=count)
    rows = [row for row in outcomes.split("p") if len(row) >= count]
    last_is_open = bool(rows) and outcomes.endswith("f" * count)
    assert sum(1 + one.reopened for one in found.fired) == len(rows)
    assert found.messages == 2 * len(rows) - last_is_open
    assert sum(one.resolved_at is None for one in found.fired) == last_is_open
    assert sum(day.failed for day in found.days) == outcomes.count("f")
