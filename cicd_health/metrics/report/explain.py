"""What stands behind the numbers of a window: each with its formula, n of m, and what was left out."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from cicd_health.metrics import METRICS
from cicd_health.metrics import metric as metrics
from cicd_health.metrics.metric import Metric
from cicd_health.metrics.report.flaky import flaky
from cicd_health.metrics.report.numbers import summary as summarised
from cicd_health.metrics.report.slow_jobs import last_runs, slow_jobs, slow_steps
from cicd_health.model.explain import Explanation
from cicd_health.model.health import FailureStreaks, Query, SlowPart, Summary, Waiting
from cicd_health.model.runs import ABSURD_S, Outcome
from cicd_health.model.windows import Window
from cicd_health.store.reports import pipelines, streaks

BY_SLUG = {metric.slug: metric for metric in METRICS}
# Of numbers that need nothing beyond the sums, or next to nothing: they are explained with every answer.
CHEAP = tuple(metric.slug for metric in METRICS if metric.reads in (None, "waiting"))


def explain(session: Session, query: Query, slug: str, now: datetime) -> Explanation:
    """What stands behind one number. Raises KeyError for an unknown slug."""
    if slug not in BY_SLUG:
        raise KeyError(slug)
    return explanations(session, query, now, slugs=(slug,))[0]


def explanations(
    session: Session,
    query: Query,
    now: datetime,
    summary: Summary | None = None,
    slugs: Collection[str] = tuple(BY_SLUG),
) -> tuple[Explanation, ...]:
    """What stands behind these numbers, in the order of the shelf; the summary is read unless it is given."""
    wanted = [metric for metric in METRICS if metric.slug in slugs]
    full = summary or summarised(session, query, now)
    for fact in {metric.reads for metric in wanted if metric.reads}:
        if getattr(full, fact) is None:
            facts: dict[str, Any] = {fact: READERS[fact](session, query, now)}
            full = replace(full, **facts)
    return tuple(metrics.explain(metric, full, _reached(metric, query, now)) for metric in wanted)


def _reached(metric: Metric, query: Query, now: datetime) -> Query:
    """The question with the time that the number is really of."""
    return query if metric.reach is None else replace(query, window=Window("custom", now - metric.reach, now))


def waiting(session: Session, query: Query, now: datetime) -> Waiting:
    """Jobs that wait for a runner now; a queued run whose jobs are not known waits itself."""
    runs = pipelines.unfinished(session, query, now - timedelta(seconds=ABSURD_S))
    of_jobs = pipelines.waiting_jobs(session, (run.run_id for run in runs))
    since = [moment for moments in of_jobs.values() for moment in moments]
    since += [run.created_at for run in runs if run.outcome is Outcome.QUEUED and run.run_id not in of_jobs]
    return Waiting(len(since), (now - min(since)).total_seconds() if since else None)


def failure_streaks(session: Session, query: Query, now: datetime) -> FailureStreaks:
    """The longest streak of failures in the window, and those that last."""
    verdicts = pipelines.last_verdicts(session, query, any_branch=False)
    failing = [pipeline_id for pipeline_id, last in verdicts.items() if last.outcome.failed]
    lasting = pipelines.streaks(session, query, failing).values()
    present = len(failing), max((streak.failures for streak in lasting), default=0)
    found = streaks.longest(session, query)
    if found is None:
        return FailureStreaks(0, None, None, None, *present)
    return FailureStreaks(found.failures, found.pipeline_id, found.first_at, found.last_at, *present)


def slowest(session: Session, query: Query, now: datetime) -> tuple[SlowPart, ...]:
    """Jobs and steps of the one pipeline that is asked for; none for more than one."""
    if query.pipeline_id is None:
        return ()
    last = last_runs(session, query)
    jobs = slow_jobs(session, query, [query.window.start, query.window.end], last.critical)
    steps = slow_steps(session, query, last)
    return (
        *(SlowPart(job.name, None, job.runs, job.duration.p50, job.critical_share) for job in jobs),
        *(SlowPart(step.job, step.name, step.runs, step.duration.p50, step.critical_share) for step in steps),
    )


READERS: dict[str, Callable[[Session, Query, datetime], object]] = {
    "waiting": waiting,
    "streaks": failure_streaks,
    "flaky": flaky,
    "slowest": slowest,
}
