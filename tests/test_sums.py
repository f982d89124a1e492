"""Counting anew, checking and deleting, through the flow and the commands."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from cicd_health import cli, flow, jobs, settings
from cicd_health.store import engine, kept_sums, recount
from cicd_health.store.held_runs import JOB, RUN
from cicd_health.store.tables import LogChunkRow, LogRow
from tests.factories import NOW, Rows, attempt
from tests.store import histories

YEAR = timedelta(days=365)


def fill(runs: int = 20, seed: int = 1) -> None:
    with engine.writing() as session:
        histories.save(session, histories.history(random.Random(seed), runs))


def count(table: str) -> int:
    with engine.reading() as session:
        return session.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()


def differences() -> list[str]:
    return [str(difference) for difference in flow.check_sums()]


def restored() -> dict[int, float]:
    with engine.reading() as session:
        rows = session.connection().execute(sa.select(RUN.c.id, RUN.c.restored_s).where(RUN.c.restored_s.is_not(None)))
        return {row.id: row.restored_s for row in rows}


def test_sums_of_an_earlier_edition_are_counted_by_a_job_that_the_start_queues(database: sa.Engine):
    flow.start(NOW)
    with engine.writing() as session:
        assert not kept_sums.outdated(session)  # nothing was there to count
    fill()
    with engine.writing() as session:
        session.execute(sa.text("DELETE FROM kept_sums"))
        session.execute(sa.text("DELETE FROM tallies"))
        session.execute(sa.text("UPDATE runs SET spent_s = NULL, rerun_s = NULL, restored_s = NULL"))
    flow.start(NOW)
    flow.start(NOW)
    queued = sa.text("SELECT count(*) FROM workflow_status WHERE workflow_uuid LIKE 'count_anew-%'")
    if database.dialect.name == "postgresql":
        queued = sa.text("SELECT count(*) FROM dbos.workflow_status WHERE workflow_uuid LIKE 'count_anew-%'")
    with engine.reading() as session:
        assert session.execute(queued).scalar_one() == 1
    jobs.count_anew(NOW)
    assert differences() == []
    with engine.reading() as session:
        assert not kept_sums.outdated(session)


def test_the_commands_count_anew_and_tell_what_differs(database: sa.Engine):
    fill()
    checked = CliRunner().invoke(cli.app, ["check-tallies"])
    assert (checked.exit_code, checked.stdout) == (0, "")
    with engine.writing() as session:
        session.execute(sa.text("UPDATE runs SET spent_s = 7 WHERE id = 1"))
    checked = CliRunner().invoke(cli.app, ["check-tallies"])
    assert checked.exit_code == 1
    assert "runs 1 spent_s, rerun_s: kept (7.0, " in checked.stdout
    assert "differences." in checked.stderr
    rebuilt = CliRunner().invoke(cli.app, ["rebuild-tallies"])
    assert rebuilt.exit_code == 0
    assert rebuilt.stdout.endswith("4 days counted anew.\n")
    assert CliRunner().invoke(cli.app, ["check-tallies"]).exit_code == 0


@pytest.mark.parametrize("hours", [20, 45])
def test_deleting_old_runs_leaves_sums_that_are_those_of_the_rest(database: sa.Engine, hours: int):
    fill(runs=45, seed=3)
    known = restored()
    flow.prune(NOW - timedelta(hours=hours) + timedelta(days=settings.get().run_retention_days))
    with engine.reading() as session:
        oldest = session.connection().execute(sa.select(sa.func.min(RUN.c.created_at))).scalar_one()
    assert oldest >= NOW - timedelta(hours=hours)
    left = restored()
    assert left == {run_id: known[run_id] for run_id in left}
    assert differences() == []
    with engine.writing() as session:
        recount.rebuild(session)
    assert restored() == left
    fill(runs=10, seed=4)
    assert differences() == []


def test_with_a_run_goes_all_that_belongs_to_it(database: sa.Engine):
    with engine.writing() as session:
        rows = Rows(session)
        pipeline = rows.pipeline()
        run = rows.run(pipeline, created_at=NOW - 3 * YEAR, outcome="failure")
        rows.attempt(run)
        job = rows.job(run)
        rows.incident(pipeline, run_id=run.id, last_run_id=run.id, recovered_run_id=run.id)
        early = {name: getattr(job, name) for name in ("repo_id", "attempt", "rank", "name", "status", "outcome")}
        early |= {"run_external_id": "x", "external_id": "early", "completed_at": NOW - 3 * YEAR, "log_state": "none"}
        session.connection().execute(sa.insert(JOB).values(early))
        log = LogRow(key=f"job:{job.id}", run_id=run.id, job_id=job.id, attempt=1, state="kept", created_at=NOW)
        session.add(log)
        session.flush()
        session.add(LogChunkRow(log_id=log.id, seq=0, first_line=1, lines=1, size=1, body=b"x"))
        recount.rebuild(session)
    assert flow.prune(NOW) == 2
    tables = ("runs", "attempts", "jobs", "logs", "log_chunks", "tallies")
    assert {table: count(table) for table in tables} == dict.fromkeys(tables, 0)
    with engine.reading() as session:
        pointing = session.execute(sa.text("SELECT run_id, last_run_id, recovered_run_id FROM incidents")).one()
    assert tuple(pointing) == (None, None, None)


def test_many_old_runs_go_in_small_steps(database: sa.Engine):
    with engine.writing() as session:
        histories.save(session, [attempt(created_at=NOW - 3 * YEAR, completed_at=NOW - 3 * YEAR) for _ in range(510)])
    assert flow.prune(NOW) == 510
    assert (count("runs"), count("tallies")) == (0, 0)
