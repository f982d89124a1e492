"""The overview's snapshot: every state of a pipeline by example, and what stands beside the numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.metrics import report
from cicd_health.model.health import HealthState, Overview, PipelineHealth, Query
from cicd_health.model.runs import Outcome
from cicd_health.model.windows import window_ending
from cicd_health.store import engine, flakes
from cicd_health.store.tables import PipelineRow, RefusalRow
from tests.factories import NOW, Rows

WEEK = window_ending("7d", NOW)


@pytest.fixture
def session(database: sa.Engine) -> Iterator[Session]:
    with engine.writing() as session:
        yield session


@pytest.fixture
def rows(session: Session) -> Rows:
    return Rows(session)


def ago(**parts: float):
    return NOW - timedelta(**parts)


def overview(session: Session, **narrow: object) -> Overview:
    return report.overview(session, Query(WEEK, **narrow), NOW)  # type: ignore[arg-type]


def only(session: Session, **narrow: object) -> PipelineHealth:
    (health,) = overview(session, **narrow).pipelines
    return health


def successes(rows: Rows, pipeline: PipelineRow, count: int = 5, **values: object) -> None:
    for number in range(count):
        rows.run(pipeline, **({"created_at": ago(days=1, minutes=number)} | values))  # type: ignore[arg-type]


def test_before_the_first_run_everything_is_empty(session: Session) -> None:
    snapshot = overview(session)
    assert snapshot.empty
    assert (snapshot.pipelines, snapshot.latest, snapshot.repos, snapshot.branches) == ((), (), (), ())
    assert snapshot.summary.success_rate is None
    assert [bucket.counts for bucket in snapshot.buckets] == [{}] * 29


def test_a_broken_pipeline_says_how_often_where_and_since_when(session: Session, rows: Rows) -> None:
    ci = rows.pipeline()
    successes(rows, ci)
    rows.run(ci, outcome="failure", created_at=ago(hours=3), duration_s=55.0)
    rows.run(ci, outcome="failure", created_at=ago(hours=2), failed_job="unit-tests", failed_step="pytest")
    rows.run(ci, created_at=ago(hours=1), branch="dev")
    incident = rows.incident(ci)
    health = only(session)
    assert health.state is HealthState.BROKEN
    assert health.why == ("2 in a row did not pass", "job `unit-tests`, step `pytest`")
    assert health.since == ago(hours=3) + timedelta(minutes=1)
    assert (health.in_a_row, health.failing_job, health.last_outcome) == (2, "unit-tests", Outcome.FAILURE)
    assert (health.incident_id, health.incident_state) == (incident.id, "open")
    assert (health.successes, health.verdicts, health.branch) == (6, 8, "main")


def test_a_branch_that_was_asked_for_decides_the_state(session: Session, rows: Rows) -> None:
    ci = rows.pipeline()
    successes(rows, ci)
    rows.run(ci, outcome="failure", created_at=ago(hours=1), branch="dev")
    assert only(session).state is HealthState.HEALTHY
    dev = only(session, branch="dev")
    assert (dev.state, dev.in_a_row, dev.branch, len(dev.strip)) == (HealthState.BROKEN, 1, "dev", 1)


def test_unstable_is_not_broken(session: Session, rows: Rows) -> None:
    ci = rows.pipeline()
    successes(rows, ci)
    rows.run(ci, outcome="unstable")
    assert only(session).state is HealthState.UNSTABLE


def test_jobs_that_wait_too_long_are_a_queue(session: Session, rows: Rows) -> None:
    ci = rows.pipeline()
    successes(rows, ci)
    run = rows.run(ci, outcome="running", created_at=ago(minutes=20))
    rows.job(run, outcome="running")
    for minutes in (12, 4):
        rows.job(run, outcome="queued", created_at=ago(minutes=minutes), started_at=None)
    health = only(session)
    assert (health.state, health.waiting, health.oldest_waiting_at) == (HealthState.QUEUE, 2, ago(minutes=12))
    assert health.why == ("2 jobs wait for a runner",)
    assert health.since == ago(minutes=12)


def test_a_queued_run_without_jobs_waits_itself(session: Session, rows: Rows) -> None:
    ci = rows.pipeline()
    successes(rows, ci)
    rows.run(ci, outcome="queued", created_at=ago(minutes=2))
    health = only(session)
    assert (health.state, health.waiting, health.running) == (HealthState.HEALTHY, 1, 0)


def test_flaky_takes_three_commits_whose_job_failed_then_passed(session: Session, rows: Rows) -> None:
    ci = rows.pipeline()
    for days in (2, 4, 6):
        run = rows.run(ci, created_at=ago(days=days), attempt=2, first_outcome="failure")
        rows.job(run, "e2e", outcome="failure", completed_at=ago(days=days, minutes=-5))
        assert only(session).state is not HealthState.FLAKY
        rows.job(run, "e2e", attempt=2, completed_at=ago(days=days, minutes=-15))
        rows.job(run, "build", completed_at=ago(days=days, minutes=-2))
        flakes.keep(session, [(run.pipeline_id, run.sha)])
    successes(rows, ci, 4)
    health = only(session)
    assert health.state is HealthState.FLAKY
    assert health.why == ("3 commits in 14 days failed, then passed", "job `e2e`")
    assert health.since == ago(days=6, minutes=-5)


def test_without_jobs_the_attempts_of_a_run_tell_flakiness(session: Session, rows: Rows) -> None:
    ci = rows.pipeline()
    for days in (2, 4, 6):
        run = rows.run(ci, created_at=ago(days=days), attempt=2, first_outcome="failure")
        rows.attempt(run, outcome="failure", completed_at=ago(days=days, minutes=-5))
        rows.attempt(run, attempt=2, completed_at=ago(days=days, minutes=-15))
        flakes.keep(session, [(run.pipeline_id, run.sha)])
    successes(rows, ci, 4)
    health = only(session)
    assert (health.state, health.why) == (HealthState.FLAKY, ("3 commits in 14 days failed, then passed",))


def test_slower_compares_with_the_window_before(session: Session, rows: Rows) -> None:
    ci = rows.pipeline()
    successes(rows, ci, 20, created_at=ago(days=9), duration_s=300.0)
    successes(rows, ci, 19, duration_s=420.0)
    assert only(session).state is HealthState.HEALTHY
    rows.run(ci, duration_s=420.0)
    health = only(session)
    assert health.state is HealthState.SLOWER
    assert (health.p95_s, health.p95_before_s) == (420.0, 300.0)


def test_few_verdicts_say_nothing_and_p95_needs_twenty(session: Session, rows: Rows) -> None:
    ci = rows.pipeline()
    successes(rows, ci, 4)
    assert only(session).state is HealthState.FEW
    rows.run(ci)
    assert only(session).state is HealthState.HEALTHY
    assert only(session).p95_s is None


def test_a_running_run_is_expected_to_take_the_usual_time(session: Session, rows: Rows) -> None:
    ci = rows.pipeline()
    successes(rows, ci, 5, duration_s=600.0)
    rows.run(ci, outcome="running", created_at=ago(minutes=3), started_at=ago(minutes=2))
    rows.run(ci, outcome="running", created_at=ago(minutes=1), started_at=ago(minutes=1))
    health = only(session)
    assert (health.running, health.running_since) == (2, ago(minutes=2))
    assert health.expected_end_at == ago(minutes=2) + timedelta(minutes=10)


def test_waiting_for_approval_is_told_apart(session: Session, rows: Rows) -> None:
    ci = rows.pipeline()
    rows.run(ci, outcome="waiting")
    rows.run(ci, outcome="action_required")
    health = only(session)
    assert (health.needs_approval, health.waiting, health.running) == (2, 0, 0)


def test_a_strip_holds_the_last_thirty_runs_whatever_the_window(session: Session, rows: Rows) -> None:
    ci, lint = rows.pipeline(), rows.pipeline("lint", "acme/lint")
    runs = [rows.run(ci, created_at=ago(days=10, minutes=-n)) for n in range(33)]
    rescued = rows.run(ci, attempt=2, first_outcome="failure")
    rows.run(lint)
    strips = {health.name: health.strip for health in overview(session).pipelines}
    assert [bar.run_id for bar in strips["ci"]] == [run.id for run in [*runs[4:], rescued]]
    assert [bar.rescued for bar in strips["ci"]] == [False] * 29 + [True]
    assert len(strips["lint"]) == 1


def test_a_pipeline_not_run_for_a_month_is_left_out(session: Session, rows: Rows) -> None:
    rows.run(rows.pipeline("old", "acme/old"), created_at=ago(days=31))
    rows.run(rows.pipeline("quiet", "acme/quiet"), created_at=ago(days=29))
    rows.pipeline("never", "acme/never")
    assert [health.name for health in overview(session).pipelines] == ["quiet"]


def test_the_worst_comes_first(session: Session, rows: Rows) -> None:
    for name, outcome in (("a", "success"), ("b", "unstable"), ("c", "failure"), ("d", "success")):
        pipeline = rows.pipeline(name, f"acme/{name}")
        successes(rows, pipeline)
        rows.run(pipeline, outcome=outcome)
    assert [health.name for health in overview(session).pipelines] == ["c", "b", "a", "d"]


def test_a_pull_request_that_fails_breaks_nothing(session: Session, rows: Rows) -> None:
    ci = rows.pipeline()
    successes(rows, ci, 5, branch="feature", outcome="failure")
    health = only(session)
    assert (health.state, health.last_outcome) == (HealthState.HEALTHY, Outcome.FAILURE)


def test_cards_and_charts_show_the_same_runs(session: Session, rows: Rows) -> None:
    ci = rows.pipeline()
    for hours in range(0, 14 * 24, 5):
        rows.run(ci, created_at=ago(hours=hours))
    snapshot = overview(session)
    for buckets in (snapshot.buckets, snapshot.wide_buckets):
        assert sum(sum(bucket.counts.values()) for bucket in buckets) == snapshot.summary.total
    assert snapshot.previous.window == WEEK.previous()
    assert snapshot.previous.total + snapshot.summary.total == 68


def test_muted_incidents_are_counted_apart(session: Session, rows: Rows) -> None:
    ci = rows.pipeline()
    rows.run(ci)
    rows.incident(ci, state="muted", opened_at=ago(days=3))
    rows.incident(ci, state="acknowledged", opened_at=ago(hours=2))
    rows.incident(ci, opened_at=ago(hours=1))
    rows.incident(ci, state="resolved", opened_at=ago(days=5), resolved_at=ago(days=4))
    snapshot = overview(session)
    assert (snapshot.open_incidents, snapshot.muted_incidents) == (2, 1)
    assert snapshot.oldest_incident_at == ago(hours=2)
    assert overview(session, repo="acme/other").open_incidents == 0


def test_the_latest_runs_are_thirty_at_most_newest_first(session: Session, rows: Rows) -> None:
    ci = rows.pipeline()
    runs = [rows.run(ci, created_at=ago(minutes=35 - n), title=f"change {n}") for n in range(35)]
    latest = overview(session).latest
    assert [line.run_id for line in latest] == [run.id for run in reversed(runs[5:])]
    assert (latest[0].pipeline, latest[0].repo, latest[0].title) == ("ci", "acme/shop", "change 34")


def test_sources_say_how_fresh_they_are(session: Session, rows: Rows) -> None:
    rows.source(host="a", name="a")
    rows.source(host="b", name="b", last_event_at=ago(hours=23))
    rows.source(host="c", name="c", last_event_at=ago(hours=25))
    rows.source(host="d", name="d", last_event_at=ago(hours=1), error="401 from the API")
    states = [(source.name, source.state) for source in overview(session).sources]
    assert states == [("a", "never"), ("b", "ok"), ("c", "degraded"), ("d", "error")]


def test_the_last_refusal_of_each_provider_is_shown(session: Session) -> None:
    for provider, reason, hours in (("github", "old", 5), ("github", "new", 1), ("jenkins", "token", 2)):
        session.add(RefusalRow(provider=provider, reason=reason, times=3, last_at=ago(hours=hours)))
    session.flush()
    refusals = overview(session).refusals
    assert [(refusal.provider, refusal.reason, refusal.times) for refusal in refusals] == [
        ("github", "new", 3),
        ("jenkins", "token", 3),
    ]


def test_there_are_repositories_and_branches_to_choose_from(session: Session, rows: Rows) -> None:
    ci = rows.pipeline("ci", "acme/shop")
    rows.run(rows.pipeline("job", "", provider="jenkins"), branch=None)
    rows.run(ci, branch="dev")
    rows.run(ci, branch="main")
    rows.run(ci, branch="main")
    rows.run(ci, branch="ancient", created_at=ago(days=30))
    snapshot = overview(session)
    assert (snapshot.repos, snapshot.branches) == (("acme/shop",), ("main", "dev"))


def test_filters_narrow_the_pipelines_and_the_latest_runs(session: Session, rows: Rows) -> None:
    ci = rows.pipeline("ci", "acme/shop")
    nightly = rows.pipeline("nightly", "payments", provider="jenkins")
    for pipeline, provider in ((ci, "github"), (nightly, "jenkins")):
        successes(rows, pipeline, provider=provider)
        rows.run(pipeline, outcome="failure", created_at=ago(hours=2), provider=provider)
        rows.run(pipeline, outcome="running", created_at=ago(minutes=2), provider=provider)
    for narrow, name in (
        ({"provider": "jenkins"}, "nightly"),
        ({"repo": "acme/shop"}, "ci"),
        ({"pipeline_id": nightly.id}, "nightly"),
    ):
        snapshot = overview(session, **narrow)
        assert [health.name for health in snapshot.pipelines] == [name]
        assert {line.pipeline for line in snapshot.latest} == {name}
        assert (snapshot.summary.verdicts, snapshot.summary.restore.open) == (6, 1)
        assert snapshot.pipelines[0].running == 1
