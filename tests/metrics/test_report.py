"""Each definition of the numbers by example, on rows in a database; and against plain Python on random histories."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from statistics import fmean

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from cicd_health.flow import saving
from cicd_health.metrics import METRICS, report
from cicd_health.metrics.metric import nearest_rank
from cicd_health.model.health import Distribution, Query, Restore
from cicd_health.model.runs import FAILED, VERDICTS, Outcome
from cicd_health.model.windows import Window, window_ending
from cicd_health.store import engine, recount
from cicd_health.store.reports import rows as counted
from cicd_health.store.tables import AttemptRow, RunRow
from tests.factories import NOW, Rows, at, attempt

WEEK = window_ending("7d", NOW)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def session(database: sa.Engine) -> Iterator[Session]:
    with engine.writing() as session:
        yield session


@pytest.fixture
def rows(session: Session) -> Rows:
    return Rows(session)


def ago(**parts: float):
    return NOW - timedelta(**parts)


def test_an_empty_window_has_no_rates_and_no_durations(session: Session, rows: Rows) -> None:
    rows.run(rows.pipeline(), created_at=ago(days=40))
    summary = report.summary(session, Query(WEEK), NOW)
    assert (summary.total, summary.verdicts, summary.success_rate, summary.failure_rate) == (0, 0, None, None)
    assert summary.first_attempt_success_rate is None
    assert summary.duration == Distribution()
    assert summary.restore == Restore()
    told = {metric.slug: value for metric in METRICS if (value := metric.compute(summary)) is not None}
    assert told == {"throughput_per_day": 0.0, "last_outcome": 1.0}


def test_the_success_rate_leaves_out_everything_that_is_no_verdict(session: Session, rows: Rows) -> None:
    pipeline = rows.pipeline()
    for outcome in Outcome:
        rows.run(pipeline, outcome=outcome)
    rows.run(pipeline)
    summary = report.summary(session, Query(WEEK), NOW)
    assert summary.counts == {outcome: 1 for outcome in Outcome} | {Outcome.SUCCESS: 2}
    assert (summary.total, summary.successes, summary.verdicts) == (16, 2, 6)
    assert summary.success_rate == pytest.approx(2 / 6)
    assert summary.failure_rate == pytest.approx(4 / 6)


def test_the_headline_is_the_last_attempt_and_the_first_stands_beside_it(session: Session, rows: Rows) -> None:
    pipeline = rows.pipeline()
    rows.run(pipeline)
    rows.run(pipeline, outcome="success", attempt=2, first_outcome="failure")
    rows.run(pipeline, outcome="success", attempt=2, first_outcome=None)  # its first attempt was never seen
    rows.run(pipeline, outcome="failure", attempt=2, first_outcome="cancelled")
    summary = report.summary(session, Query(WEEK), NOW)
    assert (summary.successes, summary.verdicts) == (3, 4)
    assert (summary.first_successes, summary.first_verdicts, summary.first_attempt_success_rate) == (1, 2, 0.5)
    assert summary.rescued == 1


def test_durations_are_of_successes_unless_all_verdicts_are_asked_for(session: Session, rows: Rows) -> None:
    pipeline = rows.pipeline()
    for duration_s in (10.0, 30.0, 20.0):
        rows.run(pipeline, duration_s=duration_s)
    rows.run(pipeline, outcome="failure", duration_s=100.0)
    rows.run(pipeline, outcome="cancelled", duration_s=1000.0)
    rows.run(pipeline, duration_s=None, completed_at=ago(minutes=5))
    successes = report.summary(session, Query(WEEK), NOW).duration
    assert successes == Distribution(3, 60.0, 20.0, 20.0, 30.0, 30.0, 30.0, 1, True)
    verdicts = report.summary(session, Query(WEEK, durations="verdicts"), NOW).duration
    assert (verdicts.n, verdicts.sum, verdicts.max) == (4, 160.0, 100.0)


def test_windows_are_half_open(session: Session, rows: Rows) -> None:
    pipeline = rows.pipeline()
    rows.run(pipeline, created_at=WEEK.start)
    rows.run(pipeline, created_at=WEEK.end)
    rows.run(pipeline, created_at=WEEK.start - timedelta(seconds=1))
    assert report.summary(session, Query(WEEK), NOW).total == 1
    assert report.summary(session, Query(WEEK), NOW, previous=True).total == 1


def test_throughput_counts_every_run_per_day(session: Session, rows: Rows) -> None:
    pipeline = rows.pipeline()
    for outcome in ("success", "cancelled", "skipped", "running"):
        rows.run(pipeline, outcome=outcome)
    assert report.summary(session, Query(WEEK), NOW).throughput_per_day == pytest.approx(4 / 7)


def test_time_to_restore_is_of_the_default_branch(session: Session, rows: Rows) -> None:
    pipeline = rows.pipeline()
    rows.run(pipeline, created_at=ago(hours=9))
    rows.run(pipeline, outcome="failure", created_at=ago(hours=8), duration_s=60.0)
    rows.run(pipeline, outcome="failure", created_at=ago(hours=7))
    rows.run(pipeline, created_at=ago(hours=6, minutes=30), branch="dev")  # heals nothing
    rows.run(pipeline, outcome="cancelled", created_at=ago(hours=6, minutes=20))
    rows.run(pipeline, created_at=ago(hours=6), duration_s=120.0)
    rows.run(pipeline, outcome="failure", created_at=ago(hours=1), duration_s=0.0)
    recount.rebuild(session)
    restore = report.summary(session, Query(WEEK), NOW).restore
    assert restore == Restore(1, 7260.0, 7260.0, 1, ago(hours=1) + timedelta(seconds=5))


def test_a_pipeline_that_broke_long_before_the_window_recovers_in_it(session: Session, rows: Rows) -> None:
    pipeline, other = rows.pipeline(), rows.pipeline("other", "acme/other")
    rows.run(pipeline, created_at=ago(days=20))
    rows.run(pipeline, outcome="failure", created_at=ago(days=10), duration_s=300.0)
    rows.run(pipeline, outcome="failure", created_at=ago(days=9))
    rows.run(pipeline, created_at=ago(days=1), duration_s=300.0)
    rows.run(other, outcome="failure", created_at=ago(days=30), duration_s=0.0)
    recount.rebuild(session)
    restore = report.summary(session, Query(WEEK), NOW).restore
    assert (restore.n, restore.median, restore.open) == (1, 9 * 86400.0, 1)
    assert restore.oldest_open_at == ago(days=30) + timedelta(seconds=5)


def test_the_last_verdict_of_each_pipeline_is_told_whatever_came_after_it(session: Session, rows: Rows) -> None:
    ci = rows.pipeline("ci", "acme/shop")
    rows.run(ci, outcome="failure", created_at=ago(hours=2))
    rows.run(ci, outcome="cancelled", created_at=ago(hours=1))
    rows.run(ci, outcome="running", created_at=ago(minutes=1))
    rows.run(rows.pipeline("nightly", "", provider="jenkins"), created_at=ago(days=60))
    rows.pipeline("never", "acme/never")
    summary = report.summary(session, Query(WEEK), NOW)
    assert summary.last_outcome_by_pipeline == {"acme/shop » ci": "failure", "nightly": "success"}


def test_pipelines_of_one_name_at_two_providers_are_both_told(session: Session, rows: Rows) -> None:
    github, gitlab = rows.pipeline("ci", "acme/shop"), rows.pipeline("ci", "acme/shop", provider="gitlab")
    rows.run(github, outcome="failure")
    rows.run(gitlab)
    assert report.summary(session, Query(WEEK), NOW).last_outcome_by_pipeline == {
        f"acme/shop » ci (github {github.id})": "failure",
        f"acme/shop » ci (gitlab {gitlab.id})": "success",
    }


@pytest.fixture
def mixed(session: Session, rows: Rows) -> dict[str, int]:
    """Two sources, two pipelines of one repository, two branches, a job each."""
    github, jenkins = rows.source("github"), rows.source("jenkins")
    shop, folder = rows.repo(github, "acme/shop"), rows.repo(jenkins, "payments")
    ci, lint = rows.pipeline("ci", shop), rows.pipeline("lint", shop)
    nightly = rows.pipeline("nightly", folder)
    for pipeline, branch, outcome, job in (
        (ci, "main", "success", "build"),
        (ci, "main", "failure", "test"),
        (ci, "dev", "success", "test"),
        (lint, "main", "success", "build"),
    ):
        rows.job(rows.run(pipeline, branch=branch, outcome=outcome), job)
    rows.job(rows.run(nightly, provider="jenkins", branch=None, outcome="unstable"), "test")
    rows.job(rows.run(nightly, provider="jenkins", branch=None, created_at=ago(days=2)), "test")
    return {"ci": ci.id, "lint": lint.id, "nightly": nightly.id}


@pytest.mark.parametrize(
    ("narrow", "total", "successes"),
    [
        ({}, 6, 4),
        ({"provider": "jenkins"}, 2, 1),
        ({"repo": "acme/shop"}, 4, 3),
        ({"branch": "main"}, 3, 2),
        ({"repo": "acme/shop", "branch": "dev"}, 1, 1),
        ({"job": "test"}, 4, 2),
        ({"subject": "job", "job": "test"}, 4, 2),
        ({"subject": "job", "branch": "main"}, 3, 2),
        ({"subject": "job", "provider": "github"}, 4, 3),
        ({"repo": "nobody/nothing"}, 0, 0),
    ],
)
def test_filters_narrow_what_is_counted(session: Session, mixed: dict, narrow: dict, total: int, successes) -> None:
    summary = report.summary(session, Query(WEEK, **narrow), NOW)
    assert (summary.total, summary.successes) == (total, successes)


def test_groups_are_keyed_as_the_api_shows_them(session: Session, mixed: dict[str, int]) -> None:
    def totals(group_by: report.GroupBy, **narrow: object) -> list[tuple[dict, int]]:
        found = report.groups(session, Query(WEEK, **narrow), group_by)  # type: ignore[arg-type]
        return [(key, summary.total) for key, summary in found]

    assert totals("pipeline") == [
        ({"key": mixed["ci"], "name": "ci", "repo": "acme/shop"}, 3),
        ({"key": mixed["lint"], "name": "lint", "repo": "acme/shop"}, 1),
        ({"key": mixed["nightly"], "name": "nightly", "repo": "payments"}, 2),
    ]
    assert totals("repo") == [({"key": "acme/shop"}, 4), ({"key": "payments"}, 2)]
    assert totals("branch") == [({"key": "main"}, 3), ({"key": None}, 2), ({"key": "dev"}, 1)]
    assert totals("branch", subject="job") == totals("branch")
    assert totals("job") == [({"key": "test"}, 4), ({"key": "build"}, 2)]
    days = totals("day")
    assert days[-1] == ({"key": "2026-03-12"}, 5)
    assert ({"key": "2026-03-10"}, 1) in days
    assert len(days) == 8
    hours = totals("hour")
    assert ({"key": "2026-03-12T09:00:00Z"}, 5) in hours
    with pytest.raises(ValueError, match="weekday"):
        totals("weekday")  # type: ignore[arg-type]


def test_days_are_those_of_the_viewer(session: Session, rows: Rows) -> None:
    pipeline = rows.pipeline()
    rows.run(pipeline, created_at=at("2026-03-10 23:30"))
    found = report.groups(session, Query(WEEK, tz="Europe/Berlin"), "day")
    assert [key["key"] for key, summary in found if summary.total] == ["2026-03-11"]


def test_a_series_has_its_empty_buckets_and_flags_the_running_one(session: Session, rows: Rows) -> None:
    pipeline = rows.pipeline()
    rows.run(pipeline, created_at=at("2026-03-12 10:30"), duration_s=50.0)
    rows.run(pipeline, created_at=at("2026-03-11 11:30"), outcome="failure")
    buckets = report.series(session, Query(window_ending("24h", NOW)), HOUR, NOW)
    assert len(buckets) == 25
    assert buckets[0].start == window_ending("24h", NOW).start
    assert [bucket.running for bucket in buckets] == [False] * 24 + [True]
    assert buckets[-1].counts == {Outcome.SUCCESS: 1}
    assert (buckets[-1].duration.p50, buckets[-1].end) == (50.0, at("2026-03-12 11:00"))
    assert sum(sum(bucket.counts.values()) for bucket in buckets) == 2
    assert buckets[5].counts == {}
    assert buckets[5].duration == Distribution()


def history(rows: Rows, seed: int, runs: int) -> list[RunRow]:
    """Runs at distinct moments, of three pipelines, with everything that can vary."""
    rng = random.Random(seed)
    pipelines = [rows.pipeline(name, f"acme/{name}") for name in ("a", "b", "c")]
    moments = rng.sample(range(30 * 86400), runs)
    found = []
    for moment in moments:
        outcome = rng.choice(["success"] * 6 + ["failure", "timed_out", "unstable", "cancelled", "running"])
        values: dict = {"branch": rng.choice(["main", "main", "dev"])}
        if outcome != "running" and rng.random() < 0.2:
            values |= {"attempt": 2, "first_outcome": rng.choice(["failure", "cancelled", None])}
        duration_s = None if outcome == "running" or rng.random() < 0.1 else round(rng.lognormvariate(5, 1), 3)
        queue_s = None if rng.random() < 0.2 else float(rng.randrange(300))
        run = rows.run(
            rng.choice(pipelines),
            outcome=outcome,
            created_at=NOW - timedelta(seconds=moment),
            duration_s=duration_s,
            queue_s=queue_s,
            **values,
        )
        for number in range(1, run.attempts + 1):
            rows.attempt(run, attempt=number, duration_s=rng.choice([None, float(rng.randrange(9000))]))
        found.append(run)
    return found


def plain_distribution(values: list[float]) -> tuple:
    if not values:
        return 0, None, None, None
    ordered = sorted(values)
    p50, p95 = (ordered[nearest_rank(percent, len(ordered)) - 1] for percent in (50, 95))
    return len(values), pytest.approx(fmean(values)), p50, p95


def plain_restore(runs: list[RunRow], window: Window) -> tuple[list[float], int]:
    """Seconds of each recovery in the window, and how many pipelines are broken at its end."""
    closed, lasting = [], 0
    verdicts = [run for run in runs if run.default_branch and run.outcome in VERDICTS and run.created_at < window.end]
    for _, of_pipeline in groupby(
        sorted(verdicts, key=lambda r: (r.pipeline_id, r.created_at)), lambda r: r.pipeline_id
    ):
        failed = None
        for run in of_pipeline:
            ended = run.completed_at or run.created_at
            if run.outcome in FAILED:
                failed = failed or ended
            elif failed:
                if run.created_at >= window.start and ended >= failed:
                    closed.append((ended - failed).total_seconds())
                failed = None
        lasting += failed is not None
    return sorted(closed), lasting


def plain_spent(session: Session, run_ids: list[int | None], *, last: bool) -> float:
    """Machine time of the last attempts of these runs, or of those before."""
    attempts = session.exec(select(AttemptRow)).all()
    highest = Counter(attempt.run_id for attempt in attempts)
    of_runs = [a for a in attempts if a.run_id in run_ids and (a.attempt == highest[a.run_id]) is last]
    return sum(attempt.duration_s or 0 for attempt in of_runs)


@pytest.mark.parametrize("many", [False, True], ids=["counted one by one", "from kept tallies"])
def test_the_summary_is_what_plain_python_counts(
    session: Session, rows: Rows, monkeypatch: pytest.MonkeyPatch, many: bool
) -> None:
    runs = history(rows, seed=11, runs=300)
    recount.rebuild(session)
    if many:
        monkeypatch.setattr(counted, "MANY", -1)
    rng = random.Random(12)
    for _ in range(12):
        start = NOW - timedelta(seconds=rng.randrange(40 * 86400))
        window = Window("custom", start, start + timedelta(seconds=rng.randrange(1, 20 * 86400)))
        summary = report.summary(session, Query(window), NOW)
        inside = [run for run in runs if window.start <= run.created_at < window.end]
        verdicts = [run for run in inside if run.outcome in VERDICTS]
        passed = [run for run in verdicts if run.outcome == "success"]
        assert summary.counts == Counter(Outcome(run.outcome) for run in inside)
        assert (summary.total, summary.verdicts, summary.successes) == (len(inside), len(verdicts), len(passed))
        assert summary.success_rate == (len(passed) / len(verdicts) if verdicts else None)
        first = Counter(run.first_outcome for run in inside if run.first_outcome in VERDICTS)
        assert (summary.first_successes, summary.first_verdicts) == (first["success"], sum(first.values()))
        assert summary.rescued == sum(run.outcome == "success" and run.first_outcome in FAILED for run in inside)
        assert summary.duration.unmeasured == sum(run.duration_s is None for run in passed)
        assert summary.queue.unmeasured == sum(run.queue_s is None for run in verdicts)
        for shown, values in (
            (summary.duration, [run.duration_s for run in passed if run.duration_s is not None]),
            (summary.queue, [run.queue_s for run in inside if run.queue_s is not None]),
        ):
            n, mean, p50, p95 = plain_distribution(values)
            assert (shown.n, shown.mean) == (n, mean)
            assert shown.p50 == (pytest.approx(p50, rel=0.005) if many and values else p50)
            assert shown.p95 == (pytest.approx(p95, rel=0.005) if many and values else p95)
            assert shown.exact is not many
        closed, lasting = plain_restore(runs, window)
        assert (summary.restore.n, summary.restore.open) == (len(closed), lasting)
        n, mean, p50, _ = plain_distribution(closed)
        assert (n, summary.restore.mean) == (len(closed), mean)
        assert summary.restore.median == (pytest.approx(p50, rel=0.005) if many and closed else p50)
        spent = plain_spent(session, [run.id for run in inside], last=True)
        rerun = plain_spent(session, [run.id for run in inside], last=False)
        assert (summary.spent_s, summary.rerun_s) == (pytest.approx(spent + rerun), pytest.approx(rerun))


def test_groups_and_buckets_add_up_to_the_summary_either_way(
    session: Session, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    history(rows, seed=21, runs=200)
    recount.rebuild(session)
    query = Query(window_ending("30d", NOW), tz="Asia/Kolkata")

    def told() -> list[tuple]:
        """All but the median, which is within 0.5 % when it comes from the kept tallies."""
        groups = [group for by in ("day", "pipeline", "repo") for group in report.groups(session, query, by)]
        return [
            (key, one.counts, replace(one.restore, median=None, mean=round(one.restore.mean or 0, 6)))
            for key, one in groups
        ]

    one_by_one = told()
    monkeypatch.setattr(counted, "MANY", -1)
    assert told() == one_by_one
    whole = Counter(report.summary(session, query, NOW).counts)
    for by in ("day", "pipeline", "repo"):
        assert sum((Counter(s.counts) for _, s in report.groups(session, query, by)), Counter()) == whole


def test_a_run_that_gets_another_branch_or_actor_is_counted_there_at_once(database: sa.Engine) -> None:
    """The sums of its day stay the same; what was read of that day before must not be shown again."""
    window = window_ending("30d", NOW)

    def told(**labels: str | None) -> None:
        run = attempt(external_id="77", created_at=ago(days=3), **labels)
        saving.absorb([saving.Parsed(None, (run,), quiet=True)], NOW)

    def counted_on(**labels: str) -> int:
        with engine.reading() as session:
            return report.summary(session, Query(window, **labels), NOW).total

    told(branch="main", actor=None)
    assert (counted_on(branch="main"), counted_on(branch="dev"), counted_on(actor="wren")) == (1, 0, 0)
    told(branch="dev", actor="wren")
    assert (counted_on(branch="main"), counted_on(branch="dev"), counted_on(actor="wren")) == (0, 1, 1)
