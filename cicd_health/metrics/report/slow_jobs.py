"""Which jobs and steps take the time of a pipeline, and which of them its runs wait for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from sqlmodel import Session

from cicd_health.metrics.critical_path import CriticalTime, Ran, critical_time
from cicd_health.metrics.metric import distribution
from cicd_health.model.health import Distribution, Query
from cicd_health.model.pipeline_report import SlowJob, SlowStep
from cicd_health.model.runs import FAILED, VERDICTS, Outcome
from cicd_health.model.tally import Values
from cicd_health.store.reports import jobs as kept
from cicd_health.store.reports.jobs import JobGroup, LastJob, StepGroup

SHOWN = 20
CARRIED_OVER_S = 5.0  # a job that began so long before its attempt was done by an earlier one


@dataclass(slots=True)
class LastRuns:
    """The last runs of a window, job by job: what they waited for, and how long each job took."""

    critical: CriticalTime
    seconds: dict[str, float] = field(default_factory=dict)  # by name of job
    carried_over: list[int] = field(default_factory=list)  # jobs that count in an earlier attempt


def last_runs(session: Session, query: Query) -> LastRuns:
    rows = kept.last_jobs(session, query, query.window)
    own = [row for row in rows if not _carried_over(row)]
    runs = ([_ran(row) for row in of_run] for _, of_run in groupby(own, lambda row: row.run_id))
    found = LastRuns(critical_time(runs), carried_over=[row.job_id for row in rows if _carried_over(row)])
    for row in own:
        ran_s = (row.completed_at - row.started_at).total_seconds()
        found.seconds[row.name] = found.seconds.get(row.name, 0.0) + max(ran_s, 0.0)
    return found


def _carried_over(row: LastJob) -> bool:
    """Whether "re-run failed jobs" took it over from an earlier attempt, with its times."""
    return row.attempt_at is not None and (row.attempt_at - row.started_at).total_seconds() > CARRIED_OVER_S


def _ran(row: LastJob) -> Ran:
    return Ran(row.job_id, row.name, row.started_at.timestamp(), row.completed_at.timestamp())


def slow_jobs(
    session: Session, query: Query, bounds: Sequence[datetime], critical: CriticalTime
) -> tuple[SlowJob, ...]:
    """Of the query's window, by share of the critical path, then by p50; `bounds` are the edges of the trend."""
    edges = [query.window.previous().start, *bounds[:-1], query.window.end]
    by_name: dict[str, list[JobGroup]] = {}
    for group in kept.groups(session, query, edges):
        by_name.setdefault(group.name, []).append(group)
    found = [_slow_job(query, name, groups, len(edges) - 1, critical) for name, groups in by_name.items()]
    return tuple(sorted((job for job in found if job.runs), key=_job_order)[:SHOWN])


def _slow_job(query: Query, name: str, groups: list[JobGroup], spans: int, critical: CriticalTime) -> SlowJob:
    now = [group for group in groups if group.span > 0]
    verdicts = sum(group.jobs for group in now if group.outcome in VERDICTS)
    queues = [seconds for group in now for seconds in group.queues]
    unmeasured = sum(group.jobs - len(group.queues) for group in now if group.outcome in VERDICTS)
    return SlowJob(
        name=name,
        runs=len(frozenset[str]().union(*(group.runs for group in now))),
        verdicts=verdicts,
        failed=sum(group.jobs for group in now if group.outcome in FAILED),
        duration=_durations(query, now),
        before=_durations(query, [group for group in groups if group.span == 0]),
        queue=distribution(Values(queues, unmeasured)),
        critical_share=critical.share(critical.by_name.get(name, 0.0)),
        trend=tuple(_durations(query, [group for group in now if group.span == span]).p50 for span in range(1, spans)),
    )


def _durations(query: Query, groups: Iterable[JobGroup]) -> Distribution:
    return _distribution((group.durations, group.jobs) for group in groups if group.outcome in _counted(query))


def _counted(query: Query) -> frozenset[Outcome]:
    """The outcomes whose durations count."""
    return VERDICTS if query.durations == "verdicts" else frozenset({Outcome.SUCCESS})


def _job_order(job: SlowJob) -> tuple[float, float, str]:
    return -(job.critical_share or 0.0), -(job.duration.p50 or 0.0), job.name


def slow_steps(session: Session, query: Query, last: LastRuns) -> tuple[SlowStep, ...]:
    """Of the last runs of the window, beside those of the window before; ordered as the jobs are.

    The steps of a job run one after another: where a job is on the critical path, all of its steps are.
    """
    on_path = last.critical.by_job
    now = _by_name(kept.steps(session, query, query.window, on_path, last.carried_over))
    before = _by_name(kept.steps(session, query, query.window.previous()))
    found = (_slow_step(query, groups, before.get(name, []), last) for name, groups in now.items())
    return tuple(sorted(found, key=_step_order)[:SHOWN])


def _by_name(groups: Iterable[StepGroup]) -> dict[tuple[str, str], list[StepGroup]]:
    found: dict[tuple[str, str], list[StepGroup]] = {}
    for group in groups:
        found.setdefault((group.job, group.name), []).append(group)
    return found


def _slow_step(query: Query, groups: list[StepGroup], before: list[StepGroup], last: LastRuns) -> SlowStep:
    job, total = groups[0].job, last.seconds.get(groups[0].job)
    return SlowStep(
        job=job,
        name=groups[0].name,
        runs=len(frozenset[str]().union(*(group.runs for group in groups))),
        duration=_step_durations(query, groups),
        before=_step_durations(query, before),
        share=sum(sum(group.durations) for group in groups) / total if total else None,
        critical_share=last.critical.share(sum(sum(group.durations) for group in groups if group.on_path)),
    )


def _step_durations(query: Query, groups: Iterable[StepGroup]) -> Distribution:
    return _distribution((group.durations, group.steps) for group in groups if group.outcome in _counted(query))


def _distribution(measured: Iterable[tuple[tuple[float, ...], int]]) -> Distribution:
    """Of the seconds of several groups, each with how many there were to measure."""
    values = list(measured)
    seconds = [one for some, _ in values for one in some]
    return distribution(Values(seconds, sum(count for _, count in values) - len(seconds)))


def _step_order(step: SlowStep) -> tuple[float, float, str, str]:
    return -(step.critical_share or 0.0), -(step.duration.p50 or 0.0), step.job, step.name
