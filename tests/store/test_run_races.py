"""Two processes that save parts of one run at the same moment."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from cicd_health import flow, queue, settings
from cicd_health.flow import saving
from cicd_health.store import engine, logs, recount, tallies
from tests.bodies import delivery, github_job, github_run, jenkins_build
from tests.conftest import use
from tests.store import histories

NOW = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)


def test_a_job_and_its_run_that_are_saved_at_the_same_moment_find_each_other(
    database: sa.Engine, monkeypatch: pytest.MonkeyPatch
):
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
        assert recount.check(session) == []


@pytest.fixture
def postgres(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where two transactions may write at the same time."""
    use(postgres_url, monkeypatch)
    yield postgres_url
    engine.engine_for(postgres_url).dispose()
    engine.engine_for.cache_clear()
    settings.get.cache_clear()


def test_webhooks_of_a_run_do_not_wait_for_a_log_of_it_that_is_being_written(postgres: str):
    queue.prepare(postgres)
    flow.start(NOW)
    flow.receive([delivery(jenkins_build(phase="STARTED", status=None, log="Started"), provider="jenkins")], NOW)
    with engine.writing() as session:
        assert logs.lock(session, 1) is not None
        ended = jenkins_build(status="FAILURE", log="Started\nERROR: boom")
        webhook = threading.Thread(target=flow.receive, args=([delivery(ended, provider="jenkins")], NOW))
        webhook.start()
        webhook.join(20)
        assert not webhook.is_alive()
    with engine.reading() as session:
        assert session.execute(sa.text("SELECT outcome FROM runs")).scalar_one() == "failure"


def test_verdicts_that_are_saved_at_the_same_moment_see_each_other(database: sa.Engine):
    """Some fail and some pass, on few commits: what was restored, and what is flaky, takes all of them together."""
    events = histories.history(random.Random(11), runs=24, days=0.5)
    parts = [saving.Parsed(None, tuple(events[n : n + 5])) for n in range(0, len(events), 5)]

    def save(parts: list[saving.Parsed]) -> None:
        for part in parts:
            saving.absorb([part], NOW)

    save(parts[:3])
    with ThreadPoolExecutor(3) as threads:
        saving_all = threads.map(save, [parts[3::3], parts[4::3], parts[5::3]])
        flow.count_anew(NOW)  # takes turns with them
        list(saving_all)
    with engine.reading() as session:
        assert histories.restored(session)
        assert histories.kept_flakes(session)
        assert [str(difference) for difference in recount.check(session)] == []
