"""The shapes of pipelines: one in the list, and one with the whole report."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from cicd_health.api.findings import Change, Flaky
from cicd_health.api.numbers_shapes import BucketNumbers, Numbers, NumbersBefore, Seconds, Windowed, in_window
from cicd_health.api.shapes import Pipeline, Run
from cicd_health.metrics.metric import share
from cicd_health.model import flakes
from cicd_health.model.health import PipelineHealth
from cicd_health.model.pipeline_report import FailureGroup, HeatCell, PipelineReport, SlowJob, SlowStep
from cicd_health.store.lists import Row


class State(BaseModel):
    """What a pipeline looks like: its state and why, in words (names between backticks), and since when."""

    state: str | None = None
    why: list[str] = []
    since: datetime | None = None
    last_outcome: str | None = None
    last_run_id: int | None = None
    last_at: datetime | None = None
    runs: int = 0
    successes: int = 0
    verdicts: int = 0
    success_rate: float | None = None
    p50_s: float | None = None
    p95_s: float | None = None
    queue_p95_s: float | None = None
    spent_s: float = 0.0
    running: int = 0
    waiting: int = 0

    @staticmethod
    def values(health: PipelineHealth | None) -> dict[str, Any]:
        """As fields; none for a pipeline that has been silent for a month."""
        if health is None:
            return {}
        same = {name: getattr(health, name) for name in State.model_fields if name != "success_rate"}
        return same | {"why": list(health.why), "success_rate": share(health.successes, health.verdicts)}


class PipelineLine(Pipeline, State):
    """A pipeline with its state and the numbers of the window. A rate is `successes` of `verdicts`."""

    @classmethod
    def of(cls, row: Row, health: PipelineHealth | None) -> PipelineLine:
        return cls(**{**row, **State.values(health)})


class Cell(BaseModel):
    """Runs created in one hour of one weekday (0 is Monday) of the zone asked for."""

    weekday: int
    hour: int
    runs: int
    verdicts: int
    failed: int
    p50_s: float | None

    @classmethod
    def of(cls, cell: HeatCell) -> Cell:
        return cls.model_validate(cell, from_attributes=True)


class JobNumbers(BaseModel):
    """A job over the window, and before. `critical_share`: the part of the runs' time in which they waited for it."""

    name: str
    runs: int
    verdicts: int
    failed: int
    duration_s: Seconds
    before_s: Seconds
    queue_s: Seconds
    critical_share: float | None
    trend_s: list[float | None]

    @classmethod
    def of(cls, job: SlowJob) -> JobNumbers:
        return cls(
            name=job.name,
            runs=job.runs,
            verdicts=job.verdicts,
            failed=job.failed,
            duration_s=Seconds.of(job.duration),
            before_s=Seconds.of(job.before),
            queue_s=Seconds.of(job.queue),
            critical_share=job.critical_share,
            trend_s=list(job.trend),
        )


class StepNumbers(BaseModel):
    """A step of a job in the runs that were looked at. `share` is its part of the job's time."""

    job: str
    name: str
    runs: int
    duration_s: Seconds
    before_s: Seconds
    share: float | None
    critical_share: float | None

    @classmethod
    def of(cls, step: SlowStep) -> StepNumbers:
        return cls(
            job=step.job,
            name=step.name,
            runs=step.runs,
            duration_s=Seconds.of(step.duration),
            before_s=Seconds.of(step.before),
            share=step.share,
            critical_share=step.critical_share,
        )


class Failures(BaseModel):
    """Failures of one signature; `new`: never seen before the window."""

    signature: str
    line: str
    job: str | None
    runs: int
    first_at: datetime
    last_at: datetime
    last_run_id: int
    new: bool

    @classmethod
    def of(cls, group: FailureGroup) -> Failures:
        return cls.model_validate(group, from_attributes=True)


class PipelineDetail(PipelineLine, Windowed):
    """A pipeline with its newest run and all that its page shows of the window.

    `looked_at` runs, the last of the window, stand behind steps and shares of the critical path.
    """

    last_run: Run | None
    metrics: Numbers
    previous: NumbersBefore
    series: list[BucketNumbers]
    wide_series: list[BucketNumbers]
    changes: list[Change]
    heat: list[Cell]
    jobs: list[JobNumbers]
    steps: list[StepNumbers]
    looked_at: int
    flaky: list[Flaky]
    failures: list[Failures]
    branches: list[str]

    @classmethod
    def of_report(cls, row: Row, report: PipelineReport, last_run: Run | None) -> PipelineDetail:
        fields: dict[str, Any] = {**row, **State.values(report.health), **in_window(report.query.window)}
        since = report.now - flakes.WINDOW
        return cls(
            **fields,
            last_run=last_run,
            metrics=Numbers.of(report.summary),
            previous=NumbersBefore.of_window(report.previous),
            series=[BucketNumbers.of(bucket) for bucket in report.buckets],
            wide_series=[BucketNumbers.of(bucket) for bucket in report.wide_buckets],
            changes=[Change.of_point(change) for change in report.changes],
            heat=[Cell.of(cell) for cell in report.heat],
            jobs=[JobNumbers.of(job) for job in report.jobs],
            steps=[StepNumbers.of(step) for step in report.steps],
            looked_at=report.looked_at,
            flaky=[Flaky.of_job(job, since) for job in report.flaky],
            failures=[Failures.of(group) for group in report.failures],
            branches=list(report.branches),
        )
