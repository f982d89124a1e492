"""Two processes that save parts of one run at the same moment."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from cicd_health import flow, queue, settings
from cicd_health.store import engine, tallies
from tests.bodies import delivery, github_job, github_run

NOW = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)


def test_a_job_and_its_run_that_are_saved_at_the_same_moment_find_each_other(
    database: sa.Engine, monkeypatch: pytest.MonkeyPatch
):
    queue.prepare(settings.get().database_url)
    flow.start(NOW)
    flow.receive([delivery(github_run(1))], NOW)  # source, repository and pipeline are there
    job_saved, go_on = threading.Event(), threading.Event()
    change = tallies.change

    def slow_change(session, removed, added):
        change(session, removed, added)
        if threading.current_thread().name == "job":
            job_saved.set()
            assert go_on.wait(20)

    monkeypatch.setattr(tallies, "change", slow_change)
    job = threading.Thread(target=flow.receive, args=([delivery(github_job(91, 900))], NOW), name="job")
    run = threading.Thread(target=flow.receive, args=([delivery(github_run(900))], NOW), name="run")
    job.start()
    assert job_saved.wait(20)
    run.start()
    run.join(1)  # long enough to have read, where nothing makes it wait
    go_on.set()
    job.join(20)
    run.join(20)
    with engine.reading() as session:
        rows = session.execute(sa.text("SELECT run_id IS NULL FROM jobs")).scalars().all()
        assert [bool(row) for row in rows] == [False]
        assert tallies.check(session) == []
