"""Each definition of the numbers by example, on rows in a database; and against plain Python on random histories."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.metrics import METRICS, report
from cicd_health.model.health import Distribution, Query, Restore
from cicd_health.model.runs import Outcome
from cicd_health.model.windows import window_ending
from cicd_health.store import engine, recount
from tests.factories import NOW, Rows, at

WEEK = window_ending("7d", NOW)
HOUR = timedelta(hours=1)


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
