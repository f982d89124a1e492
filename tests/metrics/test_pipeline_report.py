"""The report of one pipeline: by example, and against plain Python on random histories."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.metrics.metric import nearest_rank
from cicd_health.metrics.report.heat import heat
from cicd_health.metrics.report.pipeline import pipeline as report_of
from cicd_health.metrics.report.slow_jobs import last_runs, slow_jobs, slow_steps
from cicd_health.model.buckets import edges
from cicd_health.model.health import Query
from cicd_health.model.pipeline_report import HeatCell, SlowJob
from cicd_health.model.runs import FAILED, VERDICTS
from cicd_health.model.windows import Window, window_ending
from cicd_health.store import engine, recount
from cicd_health.store.reports import failures
from cicd_health.store.reports import jobs as kept_jobs
from cicd_health.store.tables import JobRow, LogRow, RunRow, StepRow
from tests.factories import NOW, Rows, at

WEEK = window_ending("7d", NOW)
OUTCOMES = ["success"] * 6 + ["failure", "timed_out", "cancelled", "running"]


@pytest.fixture
def session(database: sa.Engine) -> Iterator[Session]:
    with engine.writing() as session:
        yield session


@pytest.fixture
def rows(session: Session) -> Rows:
    return Rows(session)


def p50(values: list[float]) -> float | None:
    return sorted(values)[nearest_rank(50, len(values)) - 1] if values else None


def seconds(rng: random.Random) -> float | None:
    return None if rng.random() < 0.1 else round(rng.lognormvariate(4, 1), 3)


def job_history(rows: Rows, rng: random.Random) -> list[tuple[RunRow, JobRow]]:
    """Jobs of two pipelines in two windows, some of them twice in a run."""
    ours, other = rows.pipeline(), rows.pipeline("other", "acme/other")
    found = []
    for _ in range(120):
        created_at = NOW - timedelta(seconds=rng.randrange(15 * 86400))
        pipeline = rng.choice([ours, ours, other])
        run = rows.run(pipeline, created_at=created_at, branch=rng.choice(["main", "dev"]))
        for _ in range(rng.randrange(4)):
            outcome = rng.choice(OUTCOMES)
            measured: dict = {} if outcome == "running" else {"duration_s": seconds(rng), "queue_s": seconds(rng)}
            late = created_at + timedelta(hours=rng.randrange(40))
            found.append(
                (run, rows.job(run, rng.choice("abc"), outcome=outcome, created_at=late, attempt=1, **measured))
            )
    return found


def test_jobs_are_what_plain_python_counts(session: Session, rows: Rows) -> None:
    history = job_history(rows, random.Random(5))
    pipeline_id = history[0][0].pipeline_id
    bounds = edges(WEEK, timedelta(hours=12), "Europe/Berlin")
    query = Query(WEEK, pipeline_id=pipeline_id)
    for asked in (query, replace(query, branch="dev"), replace(query, durations="verdicts")):
        ours = [(r, j) for r, j in history if r.pipeline_id == pipeline_id and asked.branch in (None, r.branch)]
        shown = slow_jobs(session, asked, bounds, last_runs(session, asked).critical)
        assert {job.name for job in shown} == {j.name for _, j in ours if within(j, WEEK.start, WEEK.end)}
        for job in shown:
            check_job(asked, job, [(r, j) for r, j in ours if j.name == job.name], bounds)


def within(job: JobRow, start: datetime, end: datetime) -> bool:
    return job.counted_at is not None and start <= job.counted_at < end


def check_job(query: Query, shown: SlowJob, ours: list[tuple[RunRow, JobRow]], bounds: list[datetime]) -> None:
    counted = VERDICTS if query.durations == "verdicts" else {"success"}
    now = [(run, job) for run, job in ours if within(job, WEEK.start, WEEK.end)]

    def measured(start: datetime, end: datetime) -> list[float]:
        jobs = [job for _, job in ours if within(job, start, end) and job.outcome in counted]
        return [job.duration_s for job in jobs if job.duration_s is not None]

    durations, before = measured(WEEK.start, WEEK.end), measured(WEEK.previous().start, WEEK.start)
    queues = [job.queue_s for _, job in now if job.queue_s is not None]
    assert shown.runs == len({run.id for run, _ in now})
    assert shown.verdicts == sum(job.outcome in VERDICTS for _, job in now)
    assert shown.failed == sum(job.outcome in FAILED for _, job in now)
    assert (shown.duration.n, shown.duration.p50) == (len(durations), p50(durations))
    assert shown.duration.sum == pytest.approx(sum(durations))
    assert shown.duration.unmeasured == sum(job.outcome in counted and job.duration_s is None for _, job in now)
    assert (shown.before.n, shown.before.p50) == (len(before), p50(before))
    assert (shown.queue.n, shown.queue.p50) == (len(queues), p50(queues))
    assert shown.trend == tuple(p50(measured(*span)) for span in pairwise([*bounds[:-1], WEEK.end]))


def run_with(rows: Rows, pipeline, jobs: dict[str, tuple[float, float]], **values) -> RunRow:
    """A run whose jobs started and ended so many seconds after it was created."""
    run = rows.run(pipeline, **values)
    for name, (start, end) in jobs.items():
        times = {"started_at": run.created_at + timedelta(seconds=start), "duration_s": end - start}
        job = rows.job(run, name, attempt=run.attempt, completed_at=run.created_at + timedelta(seconds=end), **times)
        for number, part in enumerate((0.25, 0.75), 1):
            step: dict = {"name": f"{name} {number}", "status": "completed", "outcome": "success"}
            rows.session.add(StepRow(job_id=job.id, number=number, duration_s=(end - start) * part, **step))
    rows.session.flush()
    return run


def test_a_share_of_the_critical_path_is_the_time_that_runs_waited_for_a_job(session: Session, rows: Rows) -> None:
    pipeline = rows.pipeline()
    run_with(rows, pipeline, {"build": (0, 60), "lint": (0, 10), "deploy": (60, 100)})
    run_with(rows, pipeline, {"build": (0, 60), "lint": (0, 100)}, outcome="failure")
    run_with(rows, pipeline, {"build": (0, 999)}, outcome="cancelled")
    # a re-run in which "build" was taken over from the first attempt
    run_with(
        rows, pipeline, {"build": (0, 60), "deploy": (3600, 3640)}, attempt=2, started_at=NOW - timedelta(minutes=1)
    )
    run_with(rows, rows.pipeline("other", "acme/other"), {"build": (0, 60)})
    query = Query(WEEK, pipeline_id=pipeline.id)
    last = last_runs(session, query)
    assert (last.critical.runs, last.critical.total_s) == (3, 240)
    shown = {
        job.name: job.critical_share
        for job in slow_jobs(session, query, edges(WEEK, timedelta(days=1), "UTC"), last.critical)
    }
    assert shown == {"lint": 100 / 240, "deploy": 80 / 240, "build": 60 / 240}
    assert list(shown) == ["lint", "deploy", "build"]
    steps = {step.name: step for step in slow_steps(session, query, last)}
    assert list(steps)[:2] == ["lint 2", "deploy 2"]
    assert (steps["deploy 2"].share, steps["deploy 2"].critical_share) == (0.75, 60 / 240)
    assert (steps["build 1"].share, steps["build 1"].critical_share) == (0.25, 15 / 240)  # on the path of one run
    assert (steps["build 1"].job, steps["build 1"].runs, steps["build 1"].duration.p50) == ("build", 2, 15.0)


def test_steps_stand_beside_those_of_the_window_before(session: Session, rows: Rows) -> None:
    pipeline = rows.pipeline()
    run_with(rows, pipeline, {"build": (0, 40)}, created_at=WEEK.start - timedelta(seconds=1))
    run_with(rows, pipeline, {"build": (0, 80)}, created_at=WEEK.start)
    query = Query(WEEK, pipeline_id=pipeline.id)
    (first, second) = slow_steps(session, query, last_runs(session, query))
    assert (first.name, first.duration.p50, first.before.p50) == ("build 2", 60.0, 30.0)
    assert (second.name, second.duration.p50, second.before.p50) == ("build 1", 20.0, 10.0)


def test_a_pipeline_of_many_jobs_is_looked_at_in_fewer_runs_but_whole_ones(
    session: Session, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = rows.pipeline()
    for hours in range(4):
        run_with(rows, pipeline, {"a": (0, 5), "b": (5, 9)}, created_at=NOW - timedelta(hours=hours))
    query = Query(WEEK, pipeline_id=pipeline.id)
    monkeypatch.setattr(kept_jobs, "JOBS", 5)
    assert last_runs(session, query).critical.runs == 2
    monkeypatch.setattr(kept_jobs, "RUNS", 1)
    assert last_runs(session, query).critical.runs == 1


def test_the_heat_map_is_what_plain_python_counts(session: Session, rows: Rows) -> None:
    pipeline, other = rows.pipeline(), rows.pipeline("other", "acme/other")
    rng = random.Random(6)
    end = at("2026-04-08 10:42")  # clocks change on 29 March in Berlin, on 5 April, by half an hour, on Lord Howe
    window = Window("30d", end - timedelta(days=30), end)
    runs = []
    for _ in range(150):
        created_at = end - timedelta(seconds=rng.randrange(31 * 86400))
        values: dict = {"outcome": rng.choice(OUTCOMES), "branch": rng.choice(["main", "dev"])}
        values |= {} if values["outcome"] == "running" else {"duration_s": seconds(rng)}
        runs.append(rows.run(rng.choice([pipeline, pipeline, other]), created_at=created_at, **values))
    recount.rebuild(session)
    for tz in ("Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"):
        for branch in (None, "dev"):
            query = Query(window, pipeline_id=pipeline.id, branch=branch, tz=tz)
            ours = [run for run in runs if run.pipeline_id == pipeline.id and branch in (None, run.branch)]
            cells: dict[tuple[int, int], list[RunRow]] = {}
            for run in ours:
                local = run.created_at.astimezone(ZoneInfo(tz))
                if run.created_at >= window.start:
                    cells.setdefault((local.weekday(), local.hour), []).append(run)
            shown = heat(session, query, pipeline.id)
            assert [(cell.weekday, cell.hour) for cell in shown] == sorted(cells)
            for cell in shown:
                check_cell(cell, cells[cell.weekday, cell.hour])


def check_cell(shown: HeatCell, runs: list[RunRow]) -> None:
    assert shown.runs == len(runs)
    assert shown.verdicts == sum(run.outcome in VERDICTS for run in runs)
    assert shown.failed == sum(run.outcome in FAILED for run in runs)
    middle = p50([run.duration_s for run in runs if run.outcome == "success" and run.duration_s is not None])
    assert shown.p50_s == (None if middle is None else pytest.approx(middle, rel=0.005))


def test_failures_are_grouped_by_what_failed_and_new_is_what_never_was_before(session: Session, rows: Rows) -> None:
    pipeline, other = rows.pipeline(), rows.pipeline("other", "acme/other")

    def failed(signature: str | None, hours: float, of=pipeline, **values) -> RunRow:
        created_at = NOW - timedelta(hours=hours)
        usual: dict = {"outcome": "failure", "failed_job": "test", "excerpt": f"E  {signature} {hours}\n  \n"}
        return rows.run(of, created_at=created_at, signature=signature, **(usual | values))

    failed("old", 24 * 8)
    old = [failed("old", hours) for hours in (30, 20, 10)]
    fresh = failed("fresh", 5, branch="dev")
    failed("fresh", 24 * 20, other)
    failed(None, 4)
    marked = failed("marked", 3, excerpt="line 4\nE  the cause\n…\nline 9")
    job = rows.job(marked, "test")
    log: dict = {"state": "kept", "attempt": 1, "created_at": NOW, "failing": "[4, 5, 9]", "cause": 5}
    session.add(LogRow(key=f"job:{job.id}", run_id=marked.id, job_id=job.id, **log))
    session.flush()
    query = Query(WEEK, pipeline_id=pipeline.id)
    found = failures.groups(session, query)
    assert [(one.signature, one.runs, one.new, one.last_run_id) for one in found] == [
        ("old", 3, False, old[-1].id),
        ("marked", 1, True, marked.id),
        ("fresh", 1, True, fresh.id),
    ]
    assert [one.line for one in found] == ["E  old 10", "E  the cause", "E  fresh 5"]
    assert (found[0].first_at, found[0].last_at) == (old[0].created_at, old[-1].created_at)
    assert found[0].job == "test"
    assert [one.signature for one in failures.groups(session, replace(query, branch="dev"))] == ["fresh"]


@pytest.mark.parametrize(
    ("number", "line"), [(3, "three"), (4, "four"), (9, "nine"), (10, "ten"), (5, None), (11, None)]
)
def test_a_line_is_found_in_an_excerpt_by_its_number(number: int, line: str | None) -> None:
    assert failures.line_at("three\n four\n…\nnine\nten", [3, 4, 9, 10, 11], number) == line


def test_the_report_is_of_one_pipeline_only(session: Session, rows: Rows) -> None:
    pipeline, other = rows.pipeline("ci", "acme/shop"), rows.pipeline("other", "acme/other")
    idle = rows.pipeline("idle", "acme/idle")
    run_with(rows, pipeline, {"build": (0, 60)}, duration_s=60.0)
    rows.run(pipeline, outcome="failure", branch="dev", created_at=NOW - timedelta(minutes=5))
    rows.run(pipeline, created_at=WEEK.start - timedelta(days=1), duration_s=50.0)
    rows.run(other, branch="elsewhere")
    rows.run(idle, created_at=NOW - timedelta(days=40))
    recount.rebuild(session)
    found = report_of(session, Query(WEEK, pipeline_id=pipeline.id), NOW)
    assert found is not None
    assert (found.name, found.repo, found.provider, found.default_branch) == ("ci", "acme/shop", "github", "main")
    assert (found.summary.successes, found.summary.verdicts, found.previous.total) == (1, 2, 1)
    assert found.summary.last_outcome_by_pipeline == {"acme/shop » ci": "failure"}
    assert found.health is not None
    assert (found.health.pipeline_id, found.health.last_outcome) == (pipeline.id, "success")
    assert sum(sum(bucket.counts.values()) for bucket in found.buckets) == 2
    assert sum(sum(bucket.counts.values()) for bucket in found.wide_buckets) == 2
    assert sum(cell.runs for cell in found.heat) == 2
    assert ([job.name for job in found.jobs], found.jobs[0].critical_share, found.looked_at) == (["build"], 1.0, 1)
    assert len(found.jobs[0].trend) == len(found.wide_buckets)
    assert [line.pipeline for line in found.latest] == ["ci"] * 3
    assert found.branches == ("main", "dev")
    on_dev = report_of(session, Query(WEEK, pipeline_id=pipeline.id, branch="dev"), NOW)
    assert on_dev is not None
    assert (on_dev.summary.total, on_dev.jobs, len(on_dev.latest), on_dev.branches) == (1, (), 1, ("main", "dev"))
    assert report_of(session, Query(WEEK, pipeline_id=10**9), NOW) is None
    assert report_of(session, Query(WEEK), NOW) is None
    quiet = report_of(session, Query(WEEK, pipeline_id=idle.id), NOW)
    assert quiet is not None
    assert quiet.health is not None
    assert quiet.health.last_outcome == "success"
    assert (quiet.summary.total, quiet.heat, quiet.jobs, quiet.steps, quiet.failures) == (0, (), (), (), ())
