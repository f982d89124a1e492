"""What a rule is told of a pipeline: as much as it asks for, and by the indexes made for that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model.alerts import Facts, Reach
from cicd_health.model.changes import ChangePoint
from cicd_health.model.runs import Outcome
from cicd_health.store import changes, engine, facts
from cicd_health.store.tables import PipelineRow
from tests.factories import NOW, Rows


@pytest.fixture
def session(database: sa.Engine) -> Iterator[Session]:
    with engine.writing() as session:
        yield session


@pytest.fixture
def rows(session: Session) -> Rows:
    return Rows(session)


@pytest.fixture
def pipeline(rows: Rows) -> PipelineRow:
    return rows.pipeline()


def told(session: Session, pipeline: PipelineRow, branch: str | None = None, **reach: Any) -> Facts:
    assert pipeline.id is not None
    return facts.facts(session, pipeline.id, Reach(**(reach or {"runs": 50})), NOW, branch)


def outcomes(session: Session, pipeline: PipelineRow) -> list[str]:
    return [str(run.outcome) for run in told(session, pipeline).attempts]


def minutes(number: float) -> datetime:
    return NOW + timedelta(minutes=number)


def test_runs_come_newest_first_with_what_a_message_needs(session, rows, pipeline):
    rows.run(pipeline, created_at=minutes(0))
    rows.run(pipeline, outcome="failure", created_at=minutes(1), failed_job="test", actor="jane", excerpt="E  boom")
    of_it = told(session, pipeline)
    assert (of_it.name, of_it.provider, of_it.now) == ("acme/shop » ci", "github", NOW)
    assert [run.outcome for run in of_it.attempts] == [Outcome.FAILURE, Outcome.SUCCESS]
    newest = of_it.attempts[0]
    assert (newest.failed_job, newest.actor, newest.excerpt, newest.branch) == ("test", "jane", "E  boom", "main")
    assert (newest.duration_s, newest.queue_s, newest.started_at) == (300, 5, minutes(1) + timedelta(seconds=5))


def test_no_more_runs_than_asked_for_and_none_before_the_span(session, rows, pipeline):
    for n in range(4):
        rows.run(pipeline, created_at=minutes(-10 * n))
    assert [run.created_at for run in told(session, pipeline, runs=2).attempts] == [minutes(0), minutes(-10)]
    assert len(told(session, pipeline, runs=9, span=timedelta(minutes=25)).attempts) == 3
    assert told(session, pipeline, running=True).attempts == ()


def test_a_branch_has_its_own_runs_and_the_default_branch_those_that_count_as_it(session, rows, pipeline):
    rows.run(pipeline, outcome="failure", branch="feature")
    rows.run(pipeline, branch=None)
    rows.run(rows.pipeline("other", repo="acme/other"), outcome="failure")
    assert outcomes(session, pipeline) == ["success"]
    assert [run.outcome for run in told(session, pipeline, "feature").attempts] == ["failure"]
    assert told(session, pipeline, "main").attempts == ()


@pytest.mark.parametrize("outcome", ["cancelled", "skipped", "superseded", "neutral", "running", "queued"])
def test_runs_without_a_verdict_are_left_out(session, rows, pipeline, outcome):
    rows.run(pipeline, created_at=minutes(0))
    rows.run(pipeline, outcome=outcome, created_at=minutes(1))
    assert outcomes(session, pipeline) == ["success"]


@pytest.mark.parametrize("now", ["running", "cancelled"])
def test_a_rerun_that_has_no_verdict_leaves_the_earlier_one(session, rows, pipeline, now):
    rows.run(pipeline, created_at=minutes(0))
    again = rows.run(pipeline, outcome=now, attempt=3, created_at=minutes(1))
    rows.attempt(again, attempt=1, status="completed", outcome="failure", completed_at=minutes(2))
    rows.attempt(again, attempt=2, status="completed", outcome="cancelled", completed_at=minutes(3))
    rows.attempt(again, attempt=3)
    assert outcomes(session, pipeline) == ["failure", "success"]
    assert told(session, pipeline).attempts[0].completed_at == minutes(2)
    assert [run.outcome for run in told(session, pipeline, "main").attempts] == ["failure", "success"]
    assert len(told(session, pipeline, runs=1).attempts) == 1


def test_what_runs_and_what_waits_for_a_runner(session, rows, pipeline):
    running = rows.run(pipeline, outcome="running", created_at=minutes(-30))
    queued = rows.run(pipeline, outcome="queued", created_at=minutes(-20))
    rows.run(pipeline, outcome="running", branch="feature", created_at=minutes(-10))
    rows.run(pipeline, outcome="running", created_at=NOW - timedelta(days=40))
    for run, name, ago in ((running, "test", 5), (queued, "build", 20)):
        rows.job(run, name, outcome="queued", created_at=minutes(-ago), started_at=None)
    rows.job(running, "lint", outcome="success")
    of_it = told(session, pipeline, running=True, waiting=True)
    assert [run.run_id for run in of_it.running] == [running.id]
    assert [(job.job, job.since, job.run_id) for job in of_it.waiting] == [
        ("build", minutes(-20), queued.id),
        ("test", minutes(-5), running.id),
    ]
    assert len(told(session, pipeline, "feature", running=True).running) == 1


def test_a_queued_run_without_any_job_waits_itself(session, rows, pipeline):
    run = rows.run(pipeline, outcome="queued", created_at=minutes(-9), started_at=None)
    rows.run(pipeline, outcome="running", created_at=minutes(-8))
    rows.run(pipeline, outcome="queued", created_at=minutes(-7), started_at=None, quiet=True)  # history
    [waiting] = told(session, pipeline, waiting=True).waiting
    assert (waiting.job, waiting.since, waiting.run_id) == ("", minutes(-9), run.id)


def test_when_a_schedule_began_runs(session, rows, pipeline):
    for n, event in enumerate(["schedule", "push", "timer", "schedule"]):
        rows.run(pipeline, event=event, created_at=minutes(-n))
    assert told(session, pipeline, scheduled=2).scheduled == (minutes(0), minutes(-2))


def test_the_newest_failure_knows_when_it_was_seen_before(session, rows, pipeline):
    rows.run(pipeline, outcome="failure", signature="other", created_at=minutes(-40))
    rows.run(pipeline, outcome="failure", signature="same", created_at=minutes(-30), branch="feature")
    rows.run(pipeline, outcome="failure", signature="same", created_at=minutes(-5))
    rows.run(pipeline, created_at=minutes(-1))
    passed, newest, first = told(session, pipeline, runs=9, signatures=True).attempts
    assert (passed.signature_seen_at, newest.signature_seen_at) == (None, minutes(-30))
    assert (first.signature, first.signature_seen_at) == ("other", None)


def test_changes_of_level_are_told_when_asked_for(session, rows, pipeline):
    run = rows.run(pipeline)
    values = {"job": None, "step": None, "before": 60.0, "after": 120.0, "n_before": 20, "n_after": 20}
    change = ChangePoint(pipeline.id, "duration", run_id=run.id, at=NOW, confidence=0.9, **values)
    changes.replace(session, pipeline.id, [change], NOW)
    assert told(session, pipeline, changes=True).changes == (change,)
    assert told(session, pipeline, runs=5).changes == ()


def test_an_unknown_pipeline_is_an_error(session):
    with pytest.raises(LookupError):
        facts.facts(session, 12345, Reach(runs=1), NOW)


@pytest.mark.parametrize(
    ("statement", "branch", "index"),
    [
        (facts._spoken, None, "ix_runs_verdicts ix_runs_again"),
        (facts._spoken, "main", "ix_runs_pipeline_branch"),
        (facts._running, None, "ix_runs_unfinished"),
        (facts._unfinished, None, "ix_runs_unfinished"),
        (facts._scheduled, None, "ix_runs_scheduled"),
    ],
)
def test_each_question_has_its_index(sqlite_url, statement, branch, index):
    asked = {"pipeline": 1, "since": NOW, "recent": NOW, "most": 5} | ({"branch": branch} if branch else {})
    bind = engine.create_engine(sqlite_url)
    sent: list[tuple[str, Any]] = []
    with bind.connect() as connection:
        sa.event.listen(bind, "before_cursor_execute", lambda *told: sent.append((told[2], told[3])))
        connection.execute(statement(of_branch=branch is not None), asked)
        sql, parameters = sent[-1]
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters).all()
    bind.dispose()
    assert [name for name in index.split() if name not in str(plan)] == []
