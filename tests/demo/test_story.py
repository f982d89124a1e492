"""The story is believable, always the same, and holds everything that the page can show."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from cicd_health.demo import company
from cicd_health.demo.runs import BROKEN, Run
from cicd_health.demo.story import OUTAGE, SLOWER_SINCE, outage_began, story

FRIDAY = datetime(2026, 11, 20, 10, 42, tzinfo=UTC)
SUNDAY_NIGHT = datetime(2026, 11, 22, 2, 3, tzinfo=UTC)


@pytest.fixture(scope="module", params=[FRIDAY, SUNDAY_NIGHT], ids=["on a Friday", "on a Sunday night"])
def now(request: pytest.FixtureRequest) -> datetime:
    return request.param


@pytest.fixture(scope="module")
def runs(now: datetime) -> list[Run]:
    return story(now)


def of(runs: list[Run], plan: company.PipelinePlan) -> list[Run]:
    return [run for run in runs if run.plan is plan]


def outcome(run: Run) -> str:
    return run.attempts[-1].outcome


def test_the_same_moment_gives_the_same_story(now: datetime, runs: list[Run]) -> None:
    assert story(now) == runs


def test_eight_weeks_hold_about_five_thousand_runs_and_the_last_one_about_seven_hundred(
    now: datetime, runs: list[Run]
) -> None:
    assert 4400 < len(runs) < 5600
    assert 600 < sum(run.created_at > now - timedelta(days=7) for run in runs) < 800
    assert min(run.created_at for run in runs) < now - timedelta(days=55)


def test_weekends_and_nights_are_quiet(now: datetime, runs: list[Run]) -> None:
    earlier = [run for run in runs if run.created_at < now - timedelta(hours=2) and not run.plan.every_h]
    by_weekday = Counter(run.created_at.weekday() for run in earlier)
    by_hour = Counter(run.created_at.hour for run in earlier)
    assert max(by_weekday[5], by_weekday[6]) * 5 < min(by_weekday[day] for day in range(5))
    assert max(by_hour[hour] for hour in (0, 1, 2, 3, 4)) * 10 < by_hour[9]


def test_runs_and_jobs_have_ids_and_numbers_of_their_own(runs: list[Run]) -> None:
    for plan in company.PIPELINES:
        numbers = [run.number for run in of(runs, plan)]
        assert numbers == sorted(set(numbers))
    assert len({(run.plan.repo, run.id) for run in runs}) == len(runs)


def test_nothing_ends_before_it_starts_or_starts_before_it_was_asked_for(runs: list[Run]) -> None:
    for run in runs:
        for attempt in run.attempts:
            assert run.created_at <= attempt.created_at <= attempt.started_at <= attempt.completed_at
            for job in attempt.jobs:
                assert attempt.created_at <= job.created_at <= job.started_at <= job.completed_at
                assert all(job.started_at <= step.started_at <= step.completed_at for step in job.steps)


def test_most_verdicts_are_good_and_a_few_runs_are_left_out(now: datetime, runs: list[Run]) -> None:
    ended = Counter(outcome(run) for run in runs if now - timedelta(days=7) < run.created_at and run.completed_at < now)
    failed = sum(ended[word] for word in BROKEN)
    assert 0.90 < ended["success"] / (ended["success"] + failed) < 0.97
    assert 10 < ended["cancelled"] + ended["skipped"] < 60


def test_every_outcome_of_the_field_occurs(runs: list[Run]) -> None:
    seen = {attempt.outcome for run in runs for attempt in run.attempts}
    assert seen >= BROKEN | {"success", "cancelled", "skipped", "neutral", "action_required"}


def test_checkout_is_broken_right_now_since_about_fifty_minutes(now: datetime, runs: list[Run]) -> None:
    on_main = [run for run in of(runs, company.CHECKOUT_CI) if run.branch == "main" and run.completed_at <= now]
    assert [outcome(run) for run in on_main[-5:]] == ["success", "failure", "failure", "failure", "failure"]
    assert timedelta(minutes=40) < now - on_main[-4].completed_at < timedelta(minutes=55)


def test_checkout_is_repaired_minutes_later(now: datetime, runs: list[Run]) -> None:
    last = of(runs, company.CHECKOUT_CI)[-1]
    assert now < last.created_at < last.completed_at < now + timedelta(minutes=20)
    assert outcome(last) == "success"


def test_other_pipelines_are_green_on_main_but_for_the_unstable_nightly(now: datetime, runs: list[Run]) -> None:
    red = set()
    for plan in company.PIPELINES:
        verdicts = [outcome(r) for r in of(runs, plan) if r.branch == "main" and r.completed_at <= now]
        verdicts = [word for word in verdicts if word in BROKEN | {"success"}]
        if verdicts[-1] != "success":
            red.add((plan.name, verdicts[-1]))
    assert red == {("ci", "failure"), ("nightly-regression", "unstable")}


def test_e2e_is_flaky_on_many_commits_of_the_last_fortnight(now: datetime, runs: list[Run]) -> None:
    rescued = [
        run.sha
        for run in of(runs, company.STOREFRONT_E2E)
        if now - timedelta(days=14) < run.created_at
        and [attempt.outcome for attempt in run.attempts] == ["failure", "success"]
    ]
    assert len(set(rescued)) >= 6


def test_the_android_build_grew_by_minutes_a_few_days_ago(now: datetime, runs: list[Run]) -> None:
    def usual(start: datetime, end: datetime) -> float:
        seconds = [
            (job.completed_at - job.started_at).total_seconds()
            for run in of(runs, company.ANDROID_BUILD)
            if start <= run.created_at < end
            for job in run.attempts[-1].jobs
            if job.name == "assemble" and job.outcome == "success"
        ]
        return sorted(seconds)[len(seconds) // 2]

    change = now - SLOWER_SINCE
    assert usual(change, now) - usual(change - timedelta(days=14), change) > 200


def test_two_weeks_ago_many_pipelines_failed_at_once(now: datetime, runs: list[Run]) -> None:
    began = outage_began(now)
    hit = [run for run in runs if began <= run.created_at < began + OUTAGE]
    assert len({run.plan.key for run in hit if outcome(run) in BROKEN}) >= 4
    assert sum(outcome(run) in BROKEN for run in hit) > len(hit) * 0.6


def test_ios_builds_wait_for_a_machine_and_a_terraform_apply_for_its_approval(now: datetime, runs: list[Run]) -> None:
    queued = [run for run in of(runs, company.IOS) if run.created_at <= now < run.attempts[0].started_at]
    held = [
        job
        for run in of(runs, company.TERRAFORM)
        for job in run.attempts[-1].jobs
        if job.approved_at and job.created_at <= now < job.approved_at
    ]
    assert len(queued) == 3
    assert [job.name for job in held] == ["apply"]
