"""The slowest jobs and steps of a pipeline, and where they moved. Plain Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from cicd_health.model.changes import ChangePoint
from cicd_health.model.health import Distribution
from cicd_health.model.pipeline_report import PipelineReport, SlowJob, SlowStep
from cicd_health.ui import format as text
from cicd_health.ui import geometry
from cicd_health.ui.format import Delta
from cicd_health.ui.geometry import Spark


@dataclass(frozen=True, slots=True)
class SlowRow:
    """A job, or a step with `of` its job. `share` of the critical path: in words, and as wide as its bar."""

    key: str
    name: str
    of: str
    runs: str
    p50: str
    p95: str
    delta: Delta
    share: str
    width: str
    failed: str = ""
    changed: str = ""  # `slower since Tue 14:10`
    worse: bool = False


@dataclass(frozen=True, slots=True)
class Slowest:
    """`sparks` go by the keys of the jobs."""

    jobs: list[SlowRow] = field(default_factory=list)
    steps: list[SlowRow] = field(default_factory=list)
    sparks: dict[str, Spark] = field(default_factory=dict)
    shares: str = ""  # from how many runs the shares are
    nothing: str = ""


def slowest(report: PipelineReport, zone: tzinfo) -> Slowest:
    changes = [change for change in report.changes if change.of == "duration"]
    return Slowest(
        jobs=[_job(job, changes, report.now, zone) for job in report.jobs],
        steps=[_step(step, changes, report.now, zone) for step in report.steps],
        sparks={job.name: geometry.line(job.trend, label=f"p50 of {job.name} over time") for job in report.jobs},
        shares=f"shares from the last {text.counted(report.looked_at, 'run')}" if report.looked_at else "",
        nothing="" if report.jobs else "No jobs are known of these runs",
    )


def _job(job: SlowJob, changes: Iterable[ChangePoint], now: datetime, zone: tzinfo) -> SlowRow:
    newest = next((one for one in changes if one.job == job.name and one.step is None), None)
    return SlowRow(
        key=job.name,
        name=job.name,
        of="",
        runs=text.count(job.runs),
        p50=text.duration(text.p50(job.duration)),
        p95=text.duration(text.p95(job.duration)),
        delta=moved(job.duration, job.before),
        share=_share(job.critical_share),
        width=_width(job.critical_share),
        failed=f"{text.count(job.failed)} failed" if job.failed else "",
        changed=_changed(newest, now, zone),
        worse=bool(newest and newest.worse),
    )


def _step(step: SlowStep, changes: Sequence[ChangePoint], now: datetime, zone: tzinfo) -> SlowRow:
    share = step.critical_share if step.critical_share is not None else step.share
    own = (one for one in changes if one.job == step.job and one.step == step.name)
    newest = next(own, None)
    blamed = next(
        (one for one in changes if one.blame and (one.blame.job, one.blame.step) == (step.job, step.name)), None
    )
    change = newest or blamed
    return SlowRow(
        key=f"{step.job} › {step.name}",
        name=step.name,
        of=step.job,
        runs=text.count(step.runs),
        p50=text.duration(text.p50(step.duration)),
        p95=text.duration(text.p95(step.duration)),
        delta=moved(step.duration, step.before),
        share=_share(share),
        width=_width(share),
        changed=_changed(change, now, zone),
        worse=bool(change and change.worse),
    )


def moved(now: Distribution, before: Distribution) -> Delta:
    """Of the p50: it has values where a p95 has not."""
    return text.duration_delta(text.p50(now), text.p50(before))


def _share(share: float | None) -> str:
    return text.NOTHING if share is None else f"{round(100 * share)} %"


def _width(share: float | None) -> str:
    return f"{round(100 * min(1.0, share or 0.0))}%"


def _changed(change: ChangePoint | None, now: datetime, zone: tzinfo) -> str:
    if change is None:
        return ""
    return f"{'slower' if change.worse else 'faster'} since {text.moment(change.at, now, zone)}"
