"""A backtest says of the past what the live rules did in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from cicd_health import flow
from cicd_health.model.alert_drafts import RuleDraft
from cicd_health.model.alert_scope import Scope
from cicd_health.model.backtest import Fired
from cicd_health.store import engine
from cicd_health.store.tables import IncidentRow
from tests.bodies import NOON, delivery, github_run
from tests.factories import Rows

MINUTE = timedelta(minutes=1)
CONCLUSIONS = st.sampled_from(["success", "success", "failure", "failure", "timed_out", "cancelled", "skipped"])
FLAPPING = {"failures": 2, "runs": 6, "turns": 2, "passes": 2}
DRAFTS = (
    RuleDraft("Two in a row", "failure", params={"count": 2}),
    RuleDraft("Flapping", "flapping", params=FLAPPING),
    RuleDraft("Any branch", "failure", params={"count": 1}, scope=Scope(branches=("m*", "fix"))),
)
# When it began after the one before, how long it took (minutes), how it ended, whether a re-run follows, its branch.
RUN = st.tuples(
    st.sampled_from([1, 30, 240, 1500]),
    st.integers(1, 90),
    CONCLUSIONS,
    st.sampled_from([None, None, None, "success", "failure", "cancelled"]),
    st.sampled_from(["main", "main", "fix", "other"]),
)


@pytest.fixture
def rule_ids(database: sa.Engine) -> dict[str, int]:
    flow.start(NOON)
    return {draft.name: flow.save_rule(draft, NOON) for draft in DRAFTS}


def told(runs: list[tuple[Any, ...]]) -> list[tuple[datetime, dict[str, Any]]]:
    """The end of each attempt and the body that tells it, in the order in which they are sent."""
    bodies, created = [], NOON
    for number, (after, minutes, conclusion, again, branch) in enumerate(runs, start=1):
        created += after * MINUTE
        ends = [(conclusion, 60 * minutes), *([(again, 60 * minutes + 4000)] if again else [])]
        for attempt, (word, seconds) in enumerate(ends, start=1):
            seconds += number  # no two at once
            more: dict[str, Any] = {"conclusion": word, "attempt": attempt, "created": created, "seconds": seconds}
            if attempt > 1:
                more["run_started_at"] = (created + (60 * minutes + 3000) * timedelta(seconds=1)).strftime(
                    "%Y-%m-%dT%H:%M:%SZ"
                )
            at = created + timedelta(seconds=seconds)
            bodies.append((at, github_run(number, branch=branch, **more)))
    return sorted(bodies, key=lambda one: one[0])


def live(rule_id: int) -> list[tuple[Any, ...]]:
    with Session(engine.engine()) as session:
        rows = session.exec(select(IncidentRow).where(IncidentRow.rule_id == rule_id).order_by(col(IncidentRow.id)))
        return sorted(
            (row.opened_at, row.resolved_at, row.failures, row.turn, row.run_id, row.recovered_run_id, row.reason)
            for row in rows
        )


def as_live(one: Fired) -> tuple[Any, ...]:
    turn = one.reopened + 1
    return (one.opened_at, one.resolved_at, one.failures, turn, one.run_id, one.recovered_run_id, one.reason)


def clear() -> None:
    with engine.writing() as session:
        for table in ("incident_steps", "deliveries", "incidents", "steps", "jobs", "attempts", "runs", "tallies"):
            session.execute(sa.text(f"DELETE FROM {table}"))


@hypothesis_settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(runs=st.lists(RUN, min_size=1, max_size=10))
@example(runs=[(1, 3, "success", "cancelled", "fix"), (1, 1, "failure", "failure", "fix")])
def test_the_replay_gives_what_the_engine_gave(rule_ids: dict[str, int], runs: list[tuple[Any, ...]]):
    clear()
    bodies = told(runs)
    for at, body in bodies:
        flow.receive([delivery(body, at=at)], at)
    end = bodies[-1][0] + MINUTE
    for draft in DRAFTS:
        found = flow.backtest(draft, end, days=60)
        got = sorted(map(as_live, found.fired), key=lambda one: one[0])
        assert got == sorted(live(rule_ids[draft.name]), key=lambda one: one[0]), draft.name


def test_a_history_of_two_pipelines_is_summed_up(database: sa.Engine):
    with engine.writing() as session:
        rows = Rows(session)
        ci, nightly = rows.pipeline("ci"), rows.pipeline("nightly", "acme/site")
        for hours, outcome in enumerate(["success", "failure", "failure", "success", "cancelled", "failure"]):
            for pipeline in (ci, nightly):
                rows.run(pipeline, outcome=outcome, created_at=NOON + timedelta(hours=hours))
        rows.run(ci, outcome="failure", branch="fix", created_at=NOON)
    now = NOON + timedelta(hours=8)
    found = flow.backtest(RuleDraft("", "failure"), now, zone="Europe/Berlin", days=2)
    assert (found.pipelines, found.verdicts, found.failed, found.cut) == (2, 10, 6, False)
    assert [(one.repo, one.failures, one.reopened) for one in found.fired] == [("acme/shop", 1, 1), ("acme/site", 1, 1)]
    assert (found.messages, found.median_s, found.by_itself) == (6, None, 0)
    assert [(day.passed, day.failed) for day in found.days] == [(0, 0), (0, 0), (4, 6)]
    assert found.start == now - timedelta(days=2)
    narrow = flow.backtest(RuleDraft("", "failure", scope=Scope(pipelines=("night*",))), now)
    assert (narrow.pipelines, len(narrow.fired)) == (1, 1)
    branch = flow.backtest(RuleDraft("", "failure", scope=Scope(branches=("fix",))), now)
    assert [(one.pipeline, one.branch) for one in branch.fired] == [("ci", "fix")]


def test_more_than_can_be_looked_at_is_cut_at_its_beginning(database: sa.Engine, monkeypatch: pytest.MonkeyPatch):
    with engine.writing() as session:
        rows = Rows(session)
        pipeline = rows.pipeline()
        for hours in range(20):
            rows.run(pipeline, outcome="failure", created_at=NOON + timedelta(hours=hours))
    monkeypatch.setattr("cicd_health.flow.backtesting.MOST_TOLD", 5)
    found = flow.backtest(RuleDraft("", "failure"), NOON + timedelta(hours=30))
    assert found.cut
    assert found.start == NOON + timedelta(hours=14)
    assert found.fired[0].opened_at == NOON + timedelta(minutes=5, seconds=5)  # what was before is known still
    assert found.verdicts == 6


def test_a_stuck_run_and_a_waiting_job_are_found_in_what_was_stored(database: sa.Engine):
    with engine.writing() as session:
        rows = Rows(session)
        pipeline = rows.pipeline()
        for days in range(25):
            rows.run(pipeline, created_at=NOON - timedelta(days=30 - days))
        slow = rows.run(pipeline, created_at=NOON, duration_s=4 * 3600.0)
        rows.job(slow, created_at=NOON, started_at=NOON + timedelta(minutes=40), queue_s=2400.0)
        rows.job(slow, "quick", created_at=NOON, started_at=NOON + timedelta(seconds=3), queue_s=3.0)
        rows.run(pipeline, outcome="running", created_at=NOON + timedelta(hours=5))
        started = {"started_at": NOON + timedelta(hours=3, minutes=25), "queue_s": 1500.0}
        rows.run(pipeline, created_at=NOON + timedelta(hours=3), **started)  # it has no jobs, and waited itself
    now = NOON + timedelta(hours=7)
    stuck = flow.backtest(RuleDraft("", "stuck_run", params={"floor_minutes": 60}), now, days=3)
    assert [(one.told_at, one.resolved_at, one.reopened) for one in stuck.fired] == [
        (NOON + timedelta(hours=1, seconds=6), None, 1)
    ]
    waiting = flow.backtest(RuleDraft("", "queue_time", params={"limit_minutes": 20}), now, days=3)
    assert [(one.told_at, one.resolved_at) for one in waiting.fired] == [
        (NOON + timedelta(minutes=20, seconds=1), NOON + timedelta(hours=3, minutes=25))
    ]
    assert waiting.fired[0].reopened == 1


def test_a_failure_is_new_when_no_branch_of_the_pipeline_had_it(database: sa.Engine):
    with engine.writing() as session:
        rows = Rows(session)
        pipeline = rows.pipeline()
        rows.run(pipeline, outcome="failure", signature="old", branch="fix", created_at=NOON - timedelta(days=3))
        for hours, signature in enumerate(["old", "new", None]):
            outcome = "failure" if signature else "success"
            rows.run(pipeline, outcome=outcome, signature=signature, created_at=NOON + timedelta(hours=hours))
    draft = RuleDraft("", "new_failure", params={"min_runs": 0})
    [only] = flow.backtest(draft, NOON + timedelta(hours=9), days=2).fired
    assert only.told_at == NOON + timedelta(hours=1, minutes=5, seconds=5)
    assert only.resolved_at == NOON + timedelta(hours=2, minutes=5, seconds=5)


def test_a_schedule_that_stopped_is_found_though_nothing_ran(database: sa.Engine):
    with engine.writing() as session:
        rows = Rows(session)
        pipeline = rows.pipeline()
        for days in range(12):
            rows.run(pipeline, event="schedule", created_at=NOON - timedelta(days=18 - days))
    [only] = flow.backtest(RuleDraft("", "missed_schedule"), NOON, days=4).fired
    assert (only.told_at, only.resolved_at) == (NOON - timedelta(days=4), None)
    assert only.opened_at < only.told_at


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"days": 0}, "days: from 1 to 366, not 0."),
        ({"zone": "Mars/Olympus"}, "zone: a time zone such as Europe/Berlin, not 'Mars/Olympus'."),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_sentence(asked: dict[str, Any], says: str):
    with pytest.raises(ValueError, match=says.replace(".", r"\.")):
        flow.backtest(RuleDraft("", "failure"), NOON, **asked)


def test_a_wrong_parameter_is_named():
    with pytest.raises(ValueError, match="count"):
        flow.backtest(RuleDraft("", "failure", params={"count": 0}), NOON)
    with pytest.raises(ValueError, match="kind"):
        flow.backtest(RuleDraft("", "weather"), NOON)
