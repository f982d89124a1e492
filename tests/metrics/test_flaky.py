"""Flaky jobs: every number of them as plain Python finds it in the rows."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.metrics import report
from cicd_health.model.flakes import WINDOW, FlakyState
from cicd_health.model.health import Query
from cicd_health.model.windows import window_ending
from cicd_health.store import engine, flakes
from cicd_health.store.held_runs import ATTEMPT, JOB, RUN
from cicd_health.store.reports import flakes as kept
from tests.factories import NOW, Rows
from tests.store import histories

WEEK = Query(window_ending("7d", NOW))


@pytest.fixture
def session(database: sa.Engine) -> Iterator[Session]:
    with engine.writing() as session:
        yield session


def fill(session: Session, seed: int) -> None:
    """Runs of 16 days, of jobs that fail now and then, nearly always or never, some of them without jobs."""
    rng, rows = random.Random(seed), Rows(session)
    pipelines = [rows.pipeline("a", "x/a"), rows.pipeline("b", "x/b", "jenkins")]
    for _ in range(70):
        pipeline, created_at = rng.choice(pipelines), NOW - timedelta(minutes=rng.randrange(16 * 1440))
        sha, branch = rng.choice([None, *"abcdefghijklmnopq"]), rng.choice(["main", "main", "fix"])
        again = rng.choice([1, 1, 2])
        run = rows.run(pipeline, created_at=created_at, sha=sha, branch=branch, attempt=again)
        with_jobs = rng.random() < 0.75
        for number in range(1, again + 1):
            ended = created_at + timedelta(hours=number, minutes=rng.randrange(50))
            for name, fails in (("calm", 0.1), ("wild", 0.4), ("bad", 0.8)) if with_jobs else (("", 0.3),):
                outcome = rng.choices(["failure", "success", "cancelled"], [fails, 1 - fails, 0.1])[0]
                values: dict[str, Any] = {"attempt": number, "outcome": outcome, "completed_at": ended}
                if name:
                    rows.job(run, name, **values, counted_at=created_at)
                else:
                    rows.attempt(run, **values)
    found = session.connection().execute(sa.select(RUN.c.pipeline_id, RUN.c.sha).where(RUN.c.sha.is_not(None)))
    flakes.keep(session, sorted({(row[0], row[1]) for row in found}))


def expected(session: Session, branch: str | None) -> dict[tuple[int, str], tuple[Any, ...]]:
    """State, commits, verdicts, failed, clean, first and last of each job, counted in the plainest way."""
    runs = {run["id"]: run for run in histories.rows(session, RUN)}
    jobs = histories.rows(session, JOB)
    with_jobs = {one["run_id"] for one in jobs}
    alone = [one for one in histories.rows(session, ATTEMPT) if one["run_id"] not in with_jobs]
    alone = [one | {"name": "", "counted_at": runs[one["run_id"]]["created_at"]} for one in alone]
    verdicts: dict[tuple[int, str], list[tuple[datetime, str | None, bool]]] = {}
    for one in jobs + alone:
        if one["outcome"] in histories.VERDICTS:
            run = runs[one["run_id"]]
            of_job = verdicts.setdefault((run["pipeline_id"], one["name"]), [])
            of_job.append((one["counted_at"], run["sha"], one["outcome"] == "success"))
    flips: dict[tuple[int, str], dict[str, tuple[datetime, datetime]]] = {}
    for (pipeline_id, job, sha), (failed_at, passed_at, run_id) in histories.flakes(session).items():
        if passed_at > NOW - WINDOW and branch in (None, runs[run_id]["branch"]):
            flips.setdefault((pipeline_id, job), {})[sha] = failed_at, passed_at
    found = {}
    for key, by_sha in flips.items():
        since, last = (NOW - WINDOW).replace(hour=0, minute=0), max(passed_at for _, passed_at in by_sha.values())
        recent = [passed for counted_at, _, passed in verdicts[key] if counted_at >= since]
        later = [(sha, passed) for counted_at, sha, passed in verdicts[key] if counted_at > last and sha]
        commits = {sha for sha, _ in later} - by_sha.keys() - {sha for sha, passed in later if not passed}
        failed = recent.count(False)
        if len(commits) >= 5:
            continue
        state = "broken" if failed * 2 > len(recent) else "confirmed" if len(by_sha) >= 3 else "suspected"
        first = min(failed_at for failed_at, _ in by_sha.values())
        found[key] = state, len(by_sha), len(recent), failed, len(commits), first, last
    return found


@pytest.mark.parametrize("branch", [None, "main"])
@pytest.mark.parametrize("look_at", [2, 40], ids=["looked at twice", "looked at once"])
def test_every_number_is_that_of_the_rows(
    session: Session, monkeypatch: pytest.MonkeyPatch, look_at: int, branch: str | None
) -> None:
    monkeypatch.setattr(kept, "LOOK_AT", look_at)
    fill(session, seed=look_at + 1)
    jobs = report.flaky(session, Query(WEEK.window, branch=branch), NOW)
    numbers = {
        (job.pipeline_id, job.job or ""): (
            *(str(job.state), job.commits, job.verdicts, job.failed, job.clean, job.first_at, job.last_at),
        )
        for job in jobs
    }
    assert numbers == expected(session, branch)
    assert len({job.state for job in jobs}) > 1


def test_the_worst_come_first_and_filters_narrow(session: Session) -> None:
    fill(session, seed=3)
    jobs = report.flaky(session, WEEK, NOW)
    assert [job.state for job in jobs] == sorted((job.state for job in jobs), key=list(FlakyState).index)
    of_jenkins = report.flaky(session, Query(WEEK.window, provider="jenkins"), NOW)
    assert of_jenkins == tuple(job for job in jobs if job.provider == "jenkins") != ()
    assert all(job.job == "wild" for job in report.flaky(session, Query(WEEK.window, job="wild"), NOW))
    assert report.flaky(session, WEEK, NOW + 15 * timedelta(days=1)) == ()
    assert all(1 <= len(job.run_ids) <= job.commits and job.last_at <= datetime.now(UTC) for job in jobs)
