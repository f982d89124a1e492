"""When a scheduled run that did not come is an incident."""

from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError

from cicd_health.alerts.rules.missed_schedule import RULE, Params, check
from tests.alerts.facts import pipeline, run
from tests.alerts.schedules import END, runs_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NIGHTLY = "0 2 * * *"
DUE = END.replace(hour=2) + DAY  # the first that does not come


def after(began: list[datetime], now: datetime):
    """A pipeline whose schedule began these runs, oldest first."""
    return pipeline(now=now, scheduled=tuple(reversed(began)))


def nightly(now: datetime, days: int = 30):
    return after(runs_of(NIGHTLY, days=days), now)


@pytest.mark.parametrize("params", [Params(), Params(cron=NIGHTLY)], ids=["learned", "given"])
def test_a_run_that_does_not_come_fires_after_the_grace(params):
    assert check(nightly(DUE + 1.4 * HOUR), params).cleared
    verdict = check(nightly(DUE + 1.6 * HOUR), params)
    assert verdict.firing
    assert verdict.headline == "did not run when it was due, 2026-04-21 02:00 UTC"
    assert verdict.reason == "missed 1 time; the last scheduled run began 2026-04-20 02:00 UTC"
    assert verdict.since == DUE


@pytest.mark.parametrize("params", [Params(), Params(cron=NIGHTLY)], ids=["learned", "given"])
def test_the_next_scheduled_run_ends_it(params):
    began = [*runs_of(NIGHTLY, days=30), DUE + 5 * HOUR]
    verdict = check(after(began, DUE + 5 * HOUR), params)
    assert verdict.cleared
    assert verdict.reason == "a scheduled run began 2026-04-21 07:00 UTC"


def test_the_run_that_ends_it_is_named():
    began = runs_of(NIGHTLY, days=30)
    known = run("success", 7, created_at=began[-1])
    facts = pipeline([known], now=began[-1] + HOUR, scheduled=tuple(reversed(began)))
    assert check(facts, Params()).last == known


def test_a_smaller_grace_fires_earlier_for_a_given_line_only():
    given = check(nightly(DUE + HOUR / 2), Params(cron=NIGHTLY, grace_minutes=15))
    assert given.firing
    assert not check(nightly(DUE + HOUR / 2), Params(grace_minutes=15)).firing


def test_an_hour_that_a_run_is_late_is_no_miss():
    began = [*runs_of(NIGHTLY, days=30), DUE + HOUR]
    for params in (Params(), Params(cron=NIGHTLY)):
        assert not check(after(began[:-1], DUE + HOUR), params).firing
        assert check(after(began, DUE + 2 * HOUR), params).cleared


def test_a_given_line_counts_what_was_missed_and_says_since_when():
    verdict = check(nightly(DUE + 3 * DAY), Params(cron=NIGHTLY))
    assert (verdict.failures, verdict.since) == (3, DUE)
    long = check(nightly(DUE + 200 * DAY), Params(cron=NIGHTLY))
    assert long.since == DUE
    assert long.reason.startswith("missed 100 times or more")


def test_a_run_may_begin_seconds_before_it_is_due():
    began = [*runs_of(NIGHTLY, days=30), DUE - timedelta(seconds=3)]
    assert check(after(began, DUE + 5 * HOUR), Params(cron=NIGHTLY)).cleared


def test_a_workflow_switched_off_is_missed_the_first_time_it_should_have_run():
    """GitHub does so after 60 days without a commit, while all its scheduled runs were on time."""
    assert check(nightly(DUE + 2 * HOUR, days=60), Params()).firing


def test_a_schedule_that_was_given_up_opens_nothing():
    assert check(nightly(DUE + 19 * DAY), Params()).firing
    verdict = check(nightly(DUE + 21 * DAY), Params())
    assert not verdict.firing
    assert not verdict.cleared


def test_a_line_that_somebody_gave_is_never_given_up():
    assert check(nightly(DUE + 90 * DAY), Params(cron=NIGHTLY)).firing


def test_a_pipeline_that_no_schedule_began_says_nothing():
    for params in (Params(), Params(cron=NIGHTLY)):
        verdict = check(pipeline([run("success")], now=END), params)
        assert not verdict.firing
        assert not verdict.cleared


def test_seven_runs_are_too_few_to_learn_from():
    assert not check(nightly(DUE + 5 * HOUR, days=7), Params()).firing
    assert check(nightly(DUE + 5 * HOUR, days=8), Params()).firing


def test_a_run_of_the_hour_that_comes_twice_may_come_in_either():
    """Berlin, 2026-10-25: 02:30 is 00:30 UTC and 01:30 UTC."""
    params = Params(cron="30 2 * * *", zone="Europe/Berlin", grace_minutes=15)
    night = datetime.fromisoformat("2026-10-25T00:30+00:00")
    before = [night - 2 * DAY, night - DAY]
    assert not check(after(before, night + HOUR), params).firing
    assert check(after([*before, night], night + 2 * HOUR), params).cleared
    assert check(after([*before, night + HOUR], night + 2 * HOUR), params).cleared
    assert check(after(before, night + 2 * HOUR), params).firing


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"cron": "every night"}, "'every night' is not a cron line"),
        ({"zone": "Mars/Olympus"}, "'Mars/Olympus' is not a time zone"),
        ({"zone": "../etc/passwd"}, "is not a time zone"),
        ({"zone": ""}, "is not a time zone"),
    ],
)
def test_what_cannot_be_read_is_refused(given, words):
    with pytest.raises(ValidationError, match=words):
        Params(**given)


def test_spaces_around_a_line_do_not_matter():
    assert Params(cron="  0  2 * * * ").cron == NIGHTLY


def test_a_given_line_needs_the_newest_run_only():
    assert RULE.reach(Params(cron=NIGHTLY)).scheduled == 1
    assert RULE.reach(Params()).scheduled > 300
