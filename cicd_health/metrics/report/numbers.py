"""What the store counted, as numbers: of one window, and of its steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Session

from cicd_health.metrics.duration import durations
from cicd_health.metrics.metric import distribution, share
from cicd_health.metrics.report.restoring import restore
from cicd_health.metrics.throughput import per_day
from cicd_health.model.buckets import DAY, edges
from cicd_health.model.health import Bucket, Query, Restore, Summary
from cicd_health.model.runs import FAILED, Outcome
from cicd_health.model.tally import Tally
from cicd_health.model.windows import Window
from cicd_health.store.reports import pipelines
from cicd_health.store.reports.pipelines import LastVerdict, Named
from cicd_health.store.reports.reading import Reading

Step = timedelta | Literal["day"]


def summary(session: Session, query: Query, now: datetime, previous: bool = False) -> Summary:
    """The numbers of the query's window, or of the window before it."""
    window = query.window.previous() if previous else query.window
    total = Reading(session, query, window.start, window.end).total()
    last = {} if previous else last_outcomes(session, query)
    return summarise(query, window, total, restore(session, query, window, total), last)


def summarise(
    query: Query, window: Window, tally: Tally, restored: Restore, last_outcome_by_pipeline: dict[str, str]
) -> Summary:
    """The numbers of one Tally."""
    successes, verdicts = passed_of(tally.counts)
    first_successes, first_verdicts = passed_of(tally.first)
    success_rate = share(successes, verdicts)
    return Summary(
        window=window,
        counts=outcomes(tally.counts),
        total=tally.total,
        verdicts=verdicts,
        successes=successes,
        success_rate=success_rate,
        failure_rate=share(verdicts - successes, verdicts),
        first_verdicts=first_verdicts,
        first_successes=first_successes,
        first_attempt_success_rate=share(first_successes, first_verdicts),
        rescued=tally.rescued,
        duration=durations(tally, query.durations),
        queue=distribution(tally.queue),
        restore=restored,
        throughput_per_day=per_day(tally.total, window.length),
        last_outcome_by_pipeline=last_outcome_by_pipeline,
        spent_s=tally.spent_us / 1e6,
        rerun_s=tally.rerun_us / 1e6,
        spent_n=tally.spent_n,
        rerun_n=tally.rerun_n,
    )


def passed_of(counts: dict[str, int]) -> tuple[int, int]:
    """Successes, and verdicts."""
    successes = counts.get(Outcome.SUCCESS, 0)
    return successes, successes + sum(counts.get(outcome, 0) for outcome in FAILED)


def outcomes(counts: dict[str, int]) -> dict[Outcome, int]:
    """The same counts, in the order in which outcomes are named."""
    return {outcome: counts[outcome] for outcome in Outcome if outcome in counts}


def last_outcomes(session: Session, query: Query) -> dict[str, str]:
    """The outcome of each pipeline's last verdict, whatever the window, by "repo » name"."""
    verdicts = pipelines.last_verdicts(session, query, any_branch=True)
    return outcome_by_pipeline(pipelines.named(session, query), verdicts)


def outcome_by_pipeline(named: Collection[Named], verdicts: Mapping[int, LastVerdict]) -> dict[str, str]:
    """By "repo » name"; where several are called so, each with its provider and id behind it: none hides another."""
    times = Counter(pipeline.title for pipeline in named)
    return {
        _only(pipeline) if times[pipeline.title] > 1 else pipeline.title: verdicts[pipeline.pipeline_id].outcome.value
        for pipeline in named
        if pipeline.pipeline_id in verdicts
    }


def _only(pipeline: Named) -> str:
    return f"{pipeline.title} ({pipeline.provider} {pipeline.pipeline_id})"


def series(session: Session, query: Query, step: Step, now: datetime) -> tuple[Bucket, ...]:
    """The window in steps that begin at multiples of the step from the viewer's midnight."""
    reading = Reading(session, query, query.window.start, query.window.end)
    return buckets(reading, edges(query.window, DAY if step == "day" else step, query.tz), now)


def buckets(reading: Reading, bounds: list[datetime], now: datetime) -> tuple[Bucket, ...]:
    """Empty ones are there too."""
    return tuple(
        Bucket(
            start=start,
            end=end,
            counts=outcomes(tally.counts),
            duration=durations(tally, reading.query.durations),
            queue=distribution(tally.queue),
            running=start <= now < end,
        )
        for start, end, tally in zip(bounds[:-1], bounds[1:], reading.buckets(bounds), strict=True)
    )
