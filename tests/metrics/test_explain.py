"""What stands behind each number: on random histories, the runs listed for it are the runs it counts."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.metrics import METRICS, duration, report
from cicd_health.metrics.metric import Metric, explain
from cicd_health.metrics.report.numbers import summarise
from cicd_health.model.explain import Explanation, LeftOut
from cicd_health.model.health import Query, Restore
from cicd_health.model.runs import FAILED, VERDICTS, Outcome
from cicd_health.model.tally import Tally
from cicd_health.model.windows import Window, window_ending
from cicd_health.store import engine, lists, recount
from cicd_health.store.lists import RunFilter
from cicd_health.store.reports import rows as counted
from cicd_health.store.tables import PipelineRow, RunRow
from tests.factories import NOW, Rows, contribution

WEEK = Query(window_ending("7d", NOW))
OF_ALL_RUNS = {metric.slug for metric in METRICS} - {
    "time_to_restore_s",
    "failure_streak",
    "flaky",
    "slowest_job_s",
    "last_outcome",
}
ENDED = ("success", "success", "success", "failure", "timed_out", "cancelled", "superseded", "skipped", "running")


@pytest.fixture
def session(database: sa.Engine) -> Iterator[Session]:
    with engine.writing() as session:
        yield session


@pytest.fixture
def rows(session: Session) -> Rows:
    return Rows(session)


def history(rows: Rows, seed: int) -> list[RunRow]:
    """250 runs of four pipelines in two sources within 30 days, with what an upkeep would have kept of them."""
    rng = random.Random(seed)
    shop, folder = rows.repo(rows.source(), "acme/shop"), rows.repo(rows.source("jenkins"), "payments")
    pipelines = [rows.pipeline(name, repo) for repo in (shop, folder) for name in ("ci", "nightly")]
    runs = []
    for second in rng.sample(range(30 * 86400), 250):
        outcome, pipeline = rng.choice(ENDED), rng.choice(pipelines)
        again = outcome != "running" and rng.random() < 0.2
        runs.append(
            rows.run(
                pipeline,
                outcome=outcome,
                provider="github" if pipeline.repo_id == shop.id else "jenkins",
                branch=rng.choice(["main", "main", "dev"]),
                event=rng.choice(["push", "schedule"]),
                actor=rng.choice(["wren", "jay"]),
                created_at=NOW - timedelta(seconds=second),
                duration_s=None if outcome == "running" or rng.random() < 0.1 else float(rng.randrange(9000)),
                queue_s=rng.choice([None, 1.5, 60.0]),
                spent_s=rng.choice([None, 10.0, 20.5]),
                rerun_s=rng.choice([None, 3.25]) if again else None,
                **({"attempt": 2, "first_outcome": rng.choice(["failure", "cancelled", None])} if again else {}),
            )
        )
    for run, restored_s in restored([run for run in runs if run.branch == "main"]):
        run.restored_s = restored_s
    rows.session.flush()
    return runs


def restored(runs: list[RunRow]) -> list[tuple[RunRow, float]]:
    """The runs that ended a breakage of their pipeline, and how long it had lasted; not where that is negative."""
    found = []
    for _, of_pipeline in groupby(sorted(runs, key=lambda r: (r.pipeline_id, r.created_at)), lambda r: r.pipeline_id):
        broken_at = None
        for run in of_pipeline:
            ended_at = run.completed_at or run.created_at
            if run.outcome in FAILED:
                broken_at = broken_at or ended_at
            elif run.outcome == "success":
                if broken_at is not None and ended_at >= broken_at:
                    found.append((run, (ended_at - broken_at).total_seconds()))
                broken_at = None
    return found


def listed(session: Session, explanation: Explanation) -> list[int]:
    """The ids of the runs that the list shows for it."""
    query = explanation.query
    wanted = RunFilter(
        provider=query.provider,
        repo=query.repo,
        pipeline=None if query.pipeline_id is None else str(query.pipeline_id),
        branch=query.branch,
        event=query.event,
        actor=query.actor,
        job=query.job,
        start=query.window.start,
        end=query.window.end,
        counted=explanation.counted,
    )
    return [row["id"] for row in lists.runs(session, wanted, 1000)]


def questions(rng: random.Random, pipeline: PipelineRow) -> Iterator[Query]:
    narrowings: list[dict[str, Any]] = [{}, {"provider": "jenkins"}, {"repo": "acme/shop"}, {"branch": "main"}]
    narrowings += [{"branch": "dev"}, {"pipeline_id": pipeline.id}, {"durations": "verdicts"}]
    narrowings += [{"event": "push"}, {"actor": "jay", "branch": "main"}]
    for narrowing in narrowings:
        start = NOW - timedelta(seconds=rng.randrange(35 * 86400))
        yield Query(Window("custom", start, start + timedelta(seconds=rng.randrange(1, 25 * 86400))), **narrowing)


@pytest.mark.parametrize("many", [False, True], ids=["counted one by one", "from kept tallies"])
def test_the_runs_listed_for_a_number_are_those_it_counts(
    session: Session, rows: Rows, monkeypatch: pytest.MonkeyPatch, many: bool
) -> None:
    runs = history(rows, seed=5)
    recount.rebuild(session)
    if many:
        monkeypatch.setattr(counted, "MANY", -1)
    pipeline = session.get_one(PipelineRow, runs[0].pipeline_id)
    for query in questions(random.Random(6), pipeline):
        summary = report.summary(session, query, NOW)
        for one in report.explanations(session, query, NOW, summary):
            if one.slug == "flaky":
                continue
            behind = one.m if one.unit == "rate" else one.n
            assert len(listed(session, one)) == behind, (one.slug, query)
            if one.unit == "rate":
                assert one.value == (one.n / one.m if one.m else None)
            if one.slug in OF_ALL_RUNS:
                assert behind + sum(left.count for left in one.left_out) == summary.total, one.slug
        value = {one.slug: one.value for one in report.explanations(session, query, NOW)}
        assert value["success_rate"] == summary.success_rate
        assert value["time_to_restore_s"] == summary.restore.median
        assert value["spent_s"] == (summary.spent_s if summary.spent_n else None)


def plain_longest(runs: list[RunRow], query: Query) -> int:
    best = 0
    inside = [
        run for run in runs if query.window.start <= run.created_at < query.window.end and run.outcome in VERDICTS
    ]
    of_branch = [run for run in inside if (run.branch == query.branch if query.branch else run.default_branch)]
    in_order = sorted(of_branch, key=lambda run: (run.pipeline_id, run.created_at))
    for _, same in groupby(in_order, lambda run: (run.pipeline_id, run.outcome in FAILED)):
        streak = list(same)
        best = max(best, len(streak) if streak[0].outcome in FAILED else 0)
    return best


def test_the_longest_streak_is_what_plain_python_finds(session: Session, rows: Rows) -> None:
    runs = history(rows, seed=15)
    rng = random.Random(16)
    for branch in (None, "main", "dev", None, None, None):
        start = NOW - timedelta(seconds=rng.randrange(35 * 86400))
        window = Window("custom", start, start + timedelta(seconds=rng.randrange(1, 30 * 86400)))
        query = Query(window, branch=branch)
        streak = report.explain(session, query, "failure_streak", NOW)
        assert streak.n == plain_longest(runs, query)
        ids = listed(session, streak)
        shown = [run for run in runs if run.id in ids]
        assert all(run.outcome in FAILED for run in shown)
        assert len({run.pipeline_id for run in shown}) == (1 if streak.n else 0)


def test_the_numbers_by_example(session: Session, rows: Rows) -> None:
    ci = rows.pipeline()
    for minutes, outcome in (
        (50, "success"),
        (40, "failure"),
        (30, "timed_out"),
        (20, "cancelled"),
        (10, "superseded"),
    ):
        rows.run(ci, outcome=outcome, created_at=NOW - timedelta(minutes=minutes))
    rows.run(ci, created_at=NOW - timedelta(minutes=5), attempt=2, first_outcome="failure", spent_s=90.0, rerun_s=40.0)
    waiting = rows.run(ci, outcome="queued", created_at=NOW - timedelta(minutes=4), queue_s=None)
    rows.job(waiting, status="queued", started_at=None)
    by_slug = {one.slug: one for one in report.explanations(session, WEEK, NOW)}
    rate = by_slug["success_rate"]
    assert (rate.value, rate.n, rate.m) == (0.5, 2, 4)
    assert rate.left_out == (
        LeftOut("cancelled", 1, "ended by someone before it had a verdict"),
        LeftOut("superseded", 1, "cancelled while a newer run of the branch was there"),
        LeftOut("queued", 1, "has not started yet"),
    )
    assert (by_slug["rescue_rate"].n, by_slug["rescue_rate"].m) == (1, 3)
    assert by_slug["duration_s"].remarks == ("Nearest rank, exact: from 2 values.",)
    assert by_slug["failure_streak"].value == 2
    assert (by_slug["spent_s"].value, by_slug["rerun_s"].value, by_slug["rerun_s"].n) == (90.0, 40.0, 1)
    assert {part.name: part.value for part in by_slug["queue_s"].parts}["oldest wait"] == 240.0
    assert (by_slug["last_outcome"].n, by_slug["last_outcome"].m) == (1, 1)


def test_a_metric_that_says_no_more_than_its_number_is_explained_as_counting_every_run() -> None:
    tally = Tally.of(*(contribution(outcome=outcome) for outcome in ("success", "timed_out", "cancelled")))
    summary = summarise(WEEK, WEEK.window, tally, Restore(), {})
    metric = Metric(
        slug="timeouts",
        label="Timeouts",
        unit="count",
        better="lower",
        formula="timed_out",
        source="Of a run, the last attempt counts.",
        compute=lambda summary: summary.counts.get(Outcome.TIMED_OUT),
    )
    one = explain(metric, summary, WEEK)
    assert (one.value, one.n, one.m, one.left_out, one.counted, one.query) == (1, 3, 3, (), "", WEEK)


def test_percentiles_from_a_histogram_say_how_far_they_may_be_off() -> None:
    tally = Tally.of(*(contribution() for _ in range(1234)))
    summary = summarise(WEEK, WEEK.window, tally, Restore(), {})
    remarks = explain(duration.METRIC, summary, WEEK).remarks
    assert remarks == ("Nearest rank, within 0.5 %: from a histogram of 1,234 values.",)


def test_a_count_of_jobs_lists_no_runs_of_its_own(session: Session, rows: Rows) -> None:
    rows.job(rows.run(rows.pipeline()), "build")
    one = report.explain(session, replace(WEEK, subject="job"), "success_rate", NOW)
    assert (one.n, one.m, one.counted) == (1, 1, "")


def test_an_unknown_number_cannot_be_explained(session: Session) -> None:
    with pytest.raises(KeyError):
        report.explain(session, WEEK, "beauty", NOW)
