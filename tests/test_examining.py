"""Runs in the database → the changes that pages show."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from cicd_health import flow
from cicd_health.flow import examining
from cicd_health.model.changes import Blame, ChangePoint
from cicd_health.store import changes, engine
from cicd_health.store.reports import series_of
from cicd_health.store.tables import JobRow, PipelineRow, RunRow, StepRow
from tests.factories import NOW, Rows

RUNS, SLOW_FROM = 60, 40
AGO = timedelta(days=3650)


def hours_ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def add_runs(session: Session, pipeline: PipelineRow, numbers: range) -> None:
    """One an hour; from number 40 on, `npm ci` takes two minutes more."""
    runs, jobs = [], []
    for n in numbers:
        seconds = (360.0 if n >= SLOW_FROM else 240.0) + n * 7 % 5
        at = hours_ago(RUNS - n)
        same = {"repo_id": pipeline.repo_id, "pipeline_id": pipeline.id, "attempt": 1, "status": "completed"}
        same |= {"outcome": "success", "created_at": at, "duration_s": seconds}
        run = RunRow(
            **same, provider="github", external_id=f"r{n}", attempts=1, default_branch=True, updated_at=at
        )  # fmt: skip
        runs.append(run)
        jobs.append(JobRow(**same, external_id=f"j{n}", run_external_id=f"r{n}", rank=2, name="build", counted_at=at))
    session.add_all(runs)
    session.flush()
    for run, job in zip(runs, jobs, strict=True):
        job.run_id = run.id
    session.add_all(jobs)
    session.flush()
    steps = (("npm ci", jobs, lambda s: s - 200), ("test", jobs, lambda _: 150.0))
    for number, (name, of, seconds_of) in enumerate(steps, 1):
        same = {"number": number, "name": name, "status": "completed", "outcome": "success"}
        session.add_all(StepRow(job_id=job.id, duration_s=seconds_of(job.duration_s), **same) for job in of)


@pytest.fixture
def pipeline(database: sa.Engine) -> PipelineRow:
    with engine.writing() as session:
        made = Rows(session).pipeline()
        add_runs(session, made, range(RUNS))
        return made


def kept(pipeline: PipelineRow) -> list[ChangePoint]:
    with engine.reading() as session:
        return changes.of_pipelines(session, [pipeline.id], NOW - AGO)


def due(now: datetime) -> list[int]:
    with engine.reading() as session:
        return series_of.due(session, now - examining.RECENT, now - examining.PAUSE, 20)


def test_a_slower_step_is_found_in_the_pipeline_its_job_and_itself_and_blamed(pipeline: PipelineRow):
    assert flow.examine_due(NOW) == 1
    found = {(one.of, one.job, one.step): one for one in kept(pipeline)}
    assert set(found) == {("duration", None, None), ("duration", "build", None), ("duration", "build", "npm ci")}
    whole = found["duration", None, None]
    assert (whole.at, whole.n_before, whole.n_after, whole.worse) == (hours_ago(RUNS - SLOW_FROM), 40, 20, True)
    assert whole.blame == found["duration", "build", None].blame == Blame("build", "npm ci", 42.0, 162.0)
    assert found["duration", "build", "npm ci"].blame is None


def test_a_pipeline_is_looked_at_again_only_when_runs_came_and_some_minutes_passed(database: sa.Engine):
    with engine.writing() as session:
        rows = Rows(session)
        pipeline = rows.pipeline()
        rows.run(pipeline, updated_at=NOW)
    assert due(NOW) == [pipeline.id]
    flow.examine_due(NOW)
    assert due(NOW + timedelta(hours=1)) == []
    with engine.writing() as session:
        Rows(session).run(pipeline, created_at=NOW, updated_at=NOW + timedelta(minutes=1))
    assert due(NOW + timedelta(minutes=4)) == []
    assert due(NOW + timedelta(minutes=6)) == [pipeline.id]
    assert due(NOW + timedelta(days=6)) == [pipeline.id]  # nobody was there to look meanwhile
    flow.examine_due(NOW + timedelta(minutes=6))
    with engine.writing() as session:  # history that comes in later
        Rows(session).run(pipeline, created_at=hours_ago(900), updated_at=NOW + timedelta(minutes=7))
    assert due(NOW + timedelta(minutes=12)) == [pipeline.id]


def test_a_pipeline_without_verdicts_is_never_due(database: sa.Engine):
    with engine.writing() as session:
        rows = Rows(session)
        pipeline = rows.pipeline()
        rows.run(pipeline, outcome="running")
        rows.run(pipeline, branch="topic")
    assert due(NOW) == []


def test_what_is_found_takes_the_place_of_what_was_known_unless_somebody_looked_later(pipeline: PipelineRow):
    flow.examine_due(NOW)
    with engine.writing() as session:
        session.connection().execute(sa.update(RunRow).values(duration_s=240.0))
    flow.examine(pipeline.id, NOW + timedelta(minutes=6))
    assert {change.job for change in kept(pipeline)} == {"build"}
    with engine.writing() as session:
        assert not changes.replace(session, pipeline.id, [], NOW + timedelta(minutes=5))
    assert len(kept(pipeline)) == 2


def test_changes_are_told_newest_first_and_since_a_moment(database: sa.Engine):
    def change(hours: float, pipeline_id: int, run_id: int) -> ChangePoint:
        return ChangePoint(pipeline_id, "failure_rate", "e2e", None, run_id, hours_ago(hours), 0.1, 0.5, 20, 30, 0.99)

    with engine.writing() as session:
        rows = Rows(session)
        pipeline = rows.pipeline()
        run_id = rows.run(pipeline).id
        three = [change(hours, pipeline.id, run_id) for hours in (30, 10, 20)]
        assert changes.replace(session, pipeline.id, three, NOW)
        told = changes.of_pipelines(session, None, hours_ago(25))
    assert told == [three[1], three[2]]
