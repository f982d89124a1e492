"""A believable report of one pipeline, made up here: android builds that became slower on Tuesday."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

from cicd_health.model.changes import Blame, ChangePoint
from cicd_health.model.flakes import FlakyJob, FlakyState
from cicd_health.model.health import HealthState, Query
from cicd_health.model.pipeline_report import FailureGroup, HeatCell, PipelineReport, SlowJob, SlowStep
from tests.ui import samples
from tests.ui.samples import DAY, HOUR, NOW, WINDOW, spread


def change(**changes: object) -> ChangePoint:
    usual = ChangePoint(
        pipeline_id=5,
        of="duration",
        job=None,
        step=None,
        run_id=29,
        at=NOW - 3 * DAY,
        before=1036.0,
        after=1409.0,
        n_before=40,
        n_after=25,
        confidence=0.996,
        blame=Blame("assemble", "gradle bundleRelease", 812, 1190),
    )
    return replace(usual, **changes)


def flaky(**changes: object) -> FlakyJob:
    usual = FlakyJob(
        pipeline_id=5,
        pipeline="build",
        repo="kestrel/android-app",
        provider="github",
        job="unit",
        state=FlakyState.CONFIRMED,
        commits=4,
        verdicts=40,
        failed=6,
        clean=0,
        first_at=NOW - 9 * DAY,
        last_at=NOW - 3 * HOUR,
        run_ids=(29, 812),
    )
    return replace(usual, **changes)


def failure(**changes: object) -> FailureGroup:
    usual = FailureGroup(
        signature="a1",
        line="> Task :app:testDebug FAILED",
        job="unit",
        runs=4,
        first_at=NOW - 2 * DAY,
        last_at=NOW - 3 * HOUR,
        last_run_id=29,
        new=True,
    )
    return replace(usual, **changes)


def heat() -> tuple[HeatCell, ...]:
    dice = random.Random(3)
    cells = []
    for weekday in range(5):
        for hour in range(7, 18):
            runs = dice.randint(1, 12)
            cells.append(HeatCell(weekday, hour, runs, runs, dice.randint(0, 1), 1100.0))
    return tuple(cells)


def jobs() -> tuple[SlowJob, ...]:
    trend = (810.0, 820.0, None, 805.0, 1180.0, 1190.0, 1185.0)
    return (
        SlowJob("assemble", 68, 66, 2, spread(64, 1150, 1190, 1300), spread(60, 830, 812, 900), spread(), 0.81, trend),
        SlowJob("unit", 68, 68, 6, spread(62, 300, 288, 330), spread(60, 301, 290, 333), spread(), 0.19, ()),
    )


def steps() -> tuple[SlowStep, ...]:
    grown, before = spread(64, 1100, 1120, 1200), spread(60, 700, 741, 800)
    return (
        SlowStep("assemble", "gradle bundleRelease", 66, grown, before, 0.93, 0.75),
        SlowStep("unit", "gradle testDebug", 68, spread(62, 280, 270, 300), spread(60, 280, 270, 300), 0.95, 0.18),
        SlowStep("assemble", "Sign", 3, spread(3, 20, 20, 22), spread(60, 20, 20, 22), 0.02, None),
    )


def report(**changes: object) -> PipelineReport:
    [health] = [one for one in samples.pipelines() if one.state is HealthState.SLOWER]
    usual = PipelineReport(
        now=NOW,
        query=Query(WINDOW, pipeline_id=health.pipeline_id, tz="Europe/Berlin"),
        name=health.name,
        repo=health.repo,
        provider=health.provider,
        url=health.url,
        default_branch="main",
        health=health,
        summary=samples.summary(spent_s=72000.0, rerun_s=3600.0),
        previous=samples.summary(spent_s=60000.0, rerun_s=3600.0, total=650),
        buckets=samples.buckets(6),
        wide_buckets=samples.buckets(12),
        changes=(change(),),
        heat=heat(),
        jobs=jobs(),
        steps=steps(),
        flaky=(flaky(),),
        failures=(failure(), failure(signature="b2", new=False, runs=1, first_at=NOW - timedelta(hours=3))),
        latest=tuple(samples.run(run_id=i, number=1900 - i) for i in range(1, 13)),
        branches=("main", "wren/split-module"),
    )
    return replace(usual, **changes)
