"""A believable overview, made up here: twelve pipelines of two providers over seven days."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cicd_health.model.health import (
    Bucket,
    Distribution,
    HealthState,
    Overview,
    PipelineHealth,
    Query,
    Restore,
    RunLine,
    SourceHealth,
    StripRun,
    Summary,
)
from cicd_health.model.runs import Outcome
from cicd_health.model.windows import Window

NOW = datetime(2026, 11, 20, 9, 42, tzinfo=UTC)
WINDOW = Window("7d", NOW - timedelta(days=7), NOW)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def spread(n: int = 100, mean: float = 200.0, p50: float = 180.0, p95: float = 400.0) -> Distribution:
    return Distribution(n=n, sum=n * mean, mean=mean, p50=p50, p90=p95, p95=p95, max=p95 * 1.2)


def summary(**changes: object) -> Summary:
    counts = {
        Outcome.SUCCESS: 630,
        Outcome.FAILURE: 34,
        Outcome.TIMED_OUT: 3,
        Outcome.UNSTABLE: 2,
        Outcome.SUPERSEDED: 21,
        Outcome.CANCELLED: 8,
    }
    usual = Summary(
        window=WINDOW,
        counts=counts,
        total=698,
        verdicts=669,
        successes=630,
        success_rate=630 / 669,
        failure_rate=39 / 669,
        first_verdicts=669,
        first_successes=616,
        first_attempt_success_rate=616 / 669,
        rescued=14,
        duration=spread(630, 531, 435, 1212),
        queue=spread(698, 24, 11, 110),
        restore=Restore(n=19, median=6660, mean=15000, open=2, oldest_open_at=NOW - timedelta(hours=31, minutes=36)),
        throughput_per_day=99.7,
    )
    return replace(usual, **changes)


def pipeline(**changes: object) -> PipelineHealth:
    usual = PipelineHealth(
        pipeline_id=1,
        name="ci",
        repo="kestrel/edge-proxy",
        provider="github",
        branch="main",
        url="https://ci.example/p/1",
        state=HealthState.HEALTHY,
        why=(),
        since=None,
        strip=strip(1),
        successes=53,
        verdicts=54,
        p95_s=488.0,
        p95_before_s=466.0,
        queue_p95_s=76.0,
        last_run_id=1,
        last_run_url="https://ci.example/r/1",
        last_outcome=Outcome.SUCCESS,
        last_rescued=False,
        last_at=NOW - 4 * MINUTE,
        running=0,
        expected_end_at=None,
        running_since=None,
        waiting=0,
        oldest_waiting_at=None,
        needs_approval=0,
        failing_job=None,
        incident_id=None,
        incident_state=None,
        in_a_row=0,
    )
    return replace(usual, **changes)


def strip(
    seed: int, ending: tuple[Outcome, ...] = (), number: int = 30, wrong: float = 0.06, rescued: float = 0.06
) -> tuple[StripRun, ...]:
    dice = random.Random(seed)
    outcomes = [Outcome.FAILURE if dice.random() < wrong else Outcome.SUCCESS for _ in range(number - len(ending))]
    outcomes = [Outcome.SUPERSEDED if dice.random() < 0.03 else outcome for outcome in outcomes] + list(ending)
    return tuple(
        StripRun(
            run_id=i,
            number=i,
            outcome=outcome,
            rescued=outcome is Outcome.SUCCESS and dice.random() < rescued,
            duration_s=dice.uniform(280, 420) * (0.3 if outcome is Outcome.SUPERSEDED else 1),
            created_at=NOW - (number - i) * HOUR,
        )
        for i, outcome in enumerate(outcomes)
    )


def pipelines() -> tuple[PipelineHealth, ...]:
    fail, unstable, running = Outcome.FAILURE, Outcome.UNSTABLE, Outcome.RUNNING
    told = [
        pipeline(
            name="ci",
            repo="kestrel/checkout-api",
            state=HealthState.BROKEN,
            since=NOW - 47 * MINUTE,
            why=("4 in a row", "job `test`", "3 commits since `7c41e0b`"),
            strip=strip(2, (fail,) * 4 + (running,)),
            successes=72,
            verdicts=83,
            p95_s=444,
            p95_before_s=443,
            queue_p95_s=39,
            last_outcome=fail,
            last_at=NOW - 9 * MINUTE,
            running=1,
            running_since=NOW - 3 * MINUTE,
            expected_end_at=NOW + timedelta(minutes=2, seconds=44),
            incident_id=1,
            in_a_row=4,
        ),
        pipeline(
            name="nightly-regression",
            repo="payments",
            provider="jenkins",
            branch=None,
            state=HealthState.UNSTABLE,
            since=NOW - 31 * HOUR,
            why=("2 in a row", "3 of 1,842 tests fail in `settlement`"),
            strip=strip(3, (unstable, unstable), number=14, wrong=0),
            successes=5,
            verdicts=7,
            p95_s=None,
            p95_before_s=None,
            queue_p95_s=93,
            last_outcome=unstable,
            last_at=NOW - 7 * HOUR,
            incident_id=2,
        ),
        pipeline(
            name="ios-archive",
            repo="mobile",
            provider="jenkins",
            branch=None,
            state=HealthState.QUEUE,
            since=NOW - 12 * MINUTE,
            why=("3 runs wait for a runner",),
            strip=strip(4),
            successes=44,
            verdicts=45,
            p95_s=1086,
            p95_before_s=1155,
            queue_p95_s=309,
            last_at=NOW - 27 * MINUTE,
            waiting=3,
            oldest_waiting_at=NOW - timedelta(minutes=12, seconds=22),
        ),
        pipeline(
            name="e2e",
            repo="kestrel/storefront",
            state=HealthState.FLAKY,
            since=NOW - 9 * DAY,
            why=("11 commits in 14 days failed, then passed", "`checkout › applies voucher`"),
            strip=strip(5, wrong=0.1, rescued=0.2),
            successes=62,
            verdicts=69,
            p95_s=811,
            p95_before_s=845,
            last_rescued=True,
            last_at=NOW - 6 * MINUTE,
        ),
        pipeline(
            name="build",
            repo="kestrel/android-app",
            state=HealthState.SLOWER,
            since=NOW - timedelta(days=2, hours=19),
            why=("p95 17m 16s → 23m 29s",),
            strip=strip(6, wrong=0.02),
            successes=66,
            verdicts=68,
            p95_s=1409,
            p95_before_s=1036,
            queue_p95_s=110,
            last_at=NOW - 12 * MINUTE,
        ),
        pipeline(
            name="terraform-plan",
            repo="kestrel/infra",
            p95_s=155,
            p95_before_s=None,
            successes=26,
            verdicts=27,
            needs_approval=1,
            strip=strip(7),
        ),
        pipeline(
            name="deploy-staging",
            repo="platform",
            provider="jenkins",
            branch=None,
            successes=73,
            verdicts=73,
            p95_s=288,
            p95_before_s=285,
            running=1,
            running_since=NOW - 3 * MINUTE,
            expected_end_at=NOW + timedelta(seconds=104),
            strip=strip(8, (running,), wrong=0),
        ),
        pipeline(
            name="ci",
            repo="kestrel/storefront",
            successes=95,
            verdicts=100,
            p95_s=353,
            p95_before_s=339,
            running=1,
            running_since=NOW - MINUTE,
            expected_end_at=NOW + timedelta(seconds=224),
            strip=strip(9),
        ),
        pipeline(name="integration", repo="kestrel/ledger", successes=54, verdicts=60, p95_s=614, strip=strip(10)),
        pipeline(name="ci", repo="kestrel/edge-proxy", strip=strip(11)),
        pipeline(
            name="warehouse-build",
            repo="data",
            provider="jenkins",
            branch=None,
            successes=77,
            verdicts=80,
            strip=strip(12, wrong=0),
        ),
        pipeline(
            name="release",
            state=HealthState.FEW,
            successes=3,
            verdicts=3,
            p95_s=None,
            strip=strip(13, number=7, wrong=0),
            last_at=NOW - 19 * HOUR,
        ),
    ]
    return tuple(replace(one, pipeline_id=i + 1) for i, one in enumerate(told))


def buckets(hours: int) -> tuple[Bucket, ...]:
    dice = random.Random(hours)
    start, some = datetime(2026, 11, 14, tzinfo=UTC), []
    while start < NOW:
        end = start + hours * HOUR
        busy = 0.3 if start.weekday() > 4 else 1.0 if 6 <= start.hour < 18 else 0.5
        counts = {
            Outcome.SUCCESS: round(hours * busy * dice.uniform(5, 9)),
            Outcome.FAILURE: dice.choice((0, 1, 1, 2, 3)),
            Outcome.UNSTABLE: dice.choice((0, 0, 0, 0, 1)),
            Outcome.CANCELLED: dice.choice((0, 1, 1, 3)),
        }
        slow = spread(40, 500 + dice.uniform(-60, 90), 430 + dice.uniform(-30, 30), 1100 + dice.uniform(-200, 260))
        waits = spread(40, 20, 11 + dice.uniform(-3, 3), dice.uniform(40, 145))
        some.append(Bucket(start, end, counts, slow, waits, running=end > NOW))
        start = end
    return tuple(some)


def run(**changes: object) -> RunLine:
    usual = RunLine(
        run_id=1,
        pipeline_id=1,
        pipeline="ci",
        repo="kestrel/storefront",
        provider="github",
        number=6841,
        attempt=1,
        outcome=Outcome.SUCCESS,
        rescued=False,
        title="Voucher field keeps focus",
        branch="main",
        sha="7c41e0b2a9",
        duration_s=281.0,
        created_at=NOW - 9 * MINUTE,
        started_at=NOW - 9 * MINUTE,
        completed_at=NOW - 4 * MINUTE,
        url="https://ci.example/r/1",
    )
    return replace(usual, **changes)


def latest() -> tuple[RunLine, ...]:
    told = [
        run(outcome=Outcome.RUNNING, completed_at=None, duration_s=None, title="Refunds are idempotent"),
        run(repo="kestrel/edge-proxy", number=3102, title="Tighten header size limit", duration_s=418),
        run(pipeline="terraform-plan", repo="kestrel/infra", number=943, title="Raise NAT gateway quota"),
        run(pipeline="e2e", number=2428, attempt=2, rescued=True, title="Price list: lazy thumbnails", duration_s=672),
        run(
            repo="kestrel/checkout-api",
            number=4314,
            attempt=2,
            outcome=Outcome.FAILURE,
            title="Retry refunds on gateway timeout",
            completed_at=NOW - 9 * MINUTE,
        ),
        run(pipeline="build", repo="kestrel/android-app", number=1863, title="Split feature-payments module"),
        run(
            pipeline="nightly-regression",
            repo="payments",
            provider="jenkins",
            outcome=Outcome.UNSTABLE,
            number=212,
            completed_at=NOW - 7 * HOUR,
            title=None,
            branch=None,
            sha=None,
        ),
        run(pipeline="build", number=1862, outcome=Outcome.CANCELLED, title="Kotlin 2.2.20"),
        run(
            pipeline="deploy-staging",
            repo="platform",
            provider="jenkins",
            number=5564,
            outcome=Outcome.QUEUED,
            started_at=None,
            completed_at=None,
            duration_s=None,
            title="checkout 2.41.0, ledger 1.9.3",
        ),
    ]
    told += [run(number=6840 - i, completed_at=NOW - (22 + 7 * i) * MINUTE) for i in range(11)]
    return tuple(replace(one, run_id=i + 1) for i, one in enumerate(told))


def overview(**changes: object) -> Overview:
    usual = Overview(
        now=NOW,
        query=Query(WINDOW, tz="Europe/Berlin"),
        empty=False,
        summary=summary(),
        previous=summary(
            successes=631,
            success_rate=0.93,
            failure_rate=0.07,
            duration=spread(620, 500, 442, 966),
            total=697,
            queue=spread(690, 22, 10, 98),
        ),
        buckets=buckets(6),
        wide_buckets=buckets(12),
        pipelines=pipelines(),
        latest=latest(),
        sources=(
            SourceHealth("github", "github.com", "ok", NOW - 2 * MINUTE, NOW, None),
            SourceHealth("jenkins", "jenkins.kestrel.dev", "ok", NOW - timedelta(seconds=18), None, None),
        ),
        refusals=(),
        repos=("kestrel/checkout-api", "kestrel/edge-proxy", "kestrel/storefront", "payments"),
        branches=("main", "release/2.41"),
        open_incidents=2,
        muted_incidents=1,
        oldest_incident_at=NOW - timedelta(hours=31, minutes=36),
    )
    return replace(usual, **changes)
