"""What holds of each rule on the shelf, and what no run without a verdict may change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_health.alerts.rule import Reach, Rule
from cicd_health.alerts.rules import RULES
from cicd_health.model.alerts import Facts, WaitingJob
from cicd_health.model.changes import ChangePoint
from cicd_health.model.runs import Outcome
from tests.alerts.facts import NOON, pipeline, run

NO_VERDICT = [outcome for outcome in Outcome if not outcome.verdict]
MINUTE = timedelta(minutes=1)
each = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
# Small enough that a short history makes them fire.
EAGER: dict[str, dict[str, Any]] = {
    "new_failure": {"min_runs": 2},
    "flapping": {"failures": 2, "turns": 2, "runs": 6, "passes": 3},
    "regression": {"under": 70, "points": 20, "min_runs": 5, "hours": 2},
    "slow_build": {"limit_minutes": 1, "runs": 5, "min_runs": 3},
    "duration_regression": {"seconds": 1, "percent": 1},
    "stuck_run": {"min_runs": 5, "floor_minutes": 1},
    "missed_schedule": {"cron": "*/20 * * * *", "grace_minutes": 1},
}
names = st.sampled_from(["success", "success", "failure", "timed_out", "cancelled", "skipped", "superseded", "running"])
minutes = st.integers(1, 90)


@st.composite
def histories(draw: st.DrawFn) -> Facts:
    """A pipeline of up to 25 runs, ten minutes apart, and what waits and runs in it."""
    outcomes = draw(st.lists(names, min_size=draw(st.sampled_from([0, 12])), max_size=25))
    attempts = [
        run(outcome, n, duration_s=draw(st.integers(1, 200)), signature=draw(st.sampled_from(["a", None])))
        for n, outcome in enumerate(outcomes, start=1)
    ]
    now = NOON + (10 * len(outcomes) + 5) * MINUTE
    ages = draw(st.lists(minutes, max_size=3)), draw(st.lists(minutes, max_size=3)), draw(st.lists(minutes, max_size=3))
    before, after = draw(st.tuples(st.integers(1, 200), st.integers(1, 200)))
    change = ChangePoint(3, "duration", None, None, 105, NOON + 50 * MINUTE, before, after, 10, 10, 0.99)
    return pipeline(
        attempts[::-1],
        now=now,
        running=tuple(run("running", 90, started_at=now - age * MINUTE) for age in ages[0]),
        waiting=tuple(WaitingJob(1, "build", now - age * MINUTE) for age in ages[1]),
        scheduled=tuple(now - age * MINUTE for age in sorted(ages[2])),
        changes=(change,) if draw(st.booleans()) else (),
    )


@each
@given(known=histories())
def test_a_rule_never_fires_and_ends_at_once(rule: Rule, known: Facts):
    verdict = rule.check(known, rule.Params(**EAGER.get(rule.slug, {})))
    assert not (verdict.firing and verdict.cleared)
    if verdict.firing:
        assert verdict.headline
        assert verdict.reason
        assert verdict.failures > 0
        assert verdict.first or verdict.since
    if verdict.cleared:
        assert verdict.reason


@each
@given(known=histories(), outcome=st.sampled_from(NO_VERDICT), place=st.integers(0, 25))
def test_a_run_without_a_verdict_changes_nothing_wherever_it_stands(
    rule: Rule, known: Facts, outcome: Outcome, place: int
):
    params = rule.Params(**EAGER.get(rule.slug, {}))
    at = known.attempts[place].created_at if place < len(known.attempts) else NOON
    odd = run(outcome, 999, created_at=at, duration_s=9999.0, signature="new")
    among = (*known.attempts[:place], odd, *known.attempts[place:])
    assert rule.check(replace(known, attempts=among), params) == rule.check(known, params)


@each
@given(known=histories())
def test_a_rule_looks_no_further_than_its_reach(rule: Rule, known: Facts):
    """Several rules are asked about the same facts: what one of them reads must not change what another says."""
    params = rule.Params(**EAGER.get(rule.slug, {}))
    assert rule.check(_within(rule.reach(params), known), params) == rule.check(known, params)


def _within(reach: Reach, known: Facts) -> Facts:
    """What would have been read for this rule alone."""
    start = known.now - reach.span if reach.span else None
    attempts = [run for run in known.verdicts if start is None or run.created_at > start]
    return replace(
        known,
        attempts=tuple(attempts[: reach.runs]),
        running=known.running if reach.running else (),
        waiting=known.waiting if reach.waiting else (),
        scheduled=known.scheduled[: reach.scheduled],
        changes=known.changes if reach.changes else (),
    )


@each
def test_facts_that_hold_nothing_open_nothing(rule: Rule):
    assert not rule.check(pipeline(), rule.Params()).firing


@each
def test_every_parameter_makes_a_field_of_a_form(rule: Rule):
    for name, field in rule.Params.model_json_schema()["properties"].items():
        assert field["type"] in ("integer", "number", "boolean", "string"), name
        assert "default" in field, name
        assert field["description"], name
        if field["type"] in ("integer", "number"):
            assert field["unit"], name
            assert {"minimum", "exclusiveMinimum"} & field.keys(), name
            assert {"maximum", "exclusiveMaximum"} & field.keys(), name


@each
def test_a_rule_says_in_a_sentence_what_it_is_for(rule: Rule):
    assert rule.about.endswith(".")
    assert rule.label


def test_a_rule_says_in_a_few_words_what_it_looks_for():
    said = {slug: rule.words(rule.Params(**EAGER.get(slug, {}))) for slug, rule in RULES.items()}
    assert said == {
        "failure": "1 failure in a row",
        "new_failure": "a failure not seen for 30 days",
        "flapping": "2 failures in 6 runs, 2 turns",
        "regression": "under 70 % or 20 points below before of 5 runs or more in 2 h",
        "slow_build": "p95 of the last 5 successes over 1 min",
        "duration_regression": "up 1 % and 1 s, sure to 95 %",
        "stuck_run": "3 times its p95, over 1 min",
        "queue_time": "1 job waiting over 15 min",
        "missed_schedule": "cron */20 * * * * UTC, 1 min late",
    }


def test_rules_stand_in_the_order_of_the_form():
    assert list(RULES) == [
        "failure",
        "new_failure",
        "flapping",
        "regression",
        "slow_build",
        "duration_regression",
        "stuck_run",
        "queue_time",
        "missed_schedule",
    ]


def test_rules_that_wait_for_time_are_asked_by_the_clock():
    assert {slug: rule.clock for slug, rule in RULES.items() if rule.clock} == {
        "stuck_run": "unfinished",
        "queue_time": "unfinished",
        "missed_schedule": "scheduled",
    }


@pytest.mark.parametrize("slug", [slug for slug, rule in RULES.items() if rule.opens_on_failure])
@given(known=histories())
def test_a_rule_that_opens_on_a_failure_does_not_fire_on_a_pass(slug: str, known: Facts):
    rule = RULES[slug]
    passed = run("success", 99, created_at=known.now, completed_at=known.now)
    after = replace(known, attempts=(passed, *known.attempts))
    assert not rule.check(after, rule.Params(**EAGER.get(slug, {}))).firing
