"""From what the database says to the series that Prometheus reads. Pure.

The names are OpenTelemetry's for CI/CD, translated as Prometheus does it.
Source: https://opentelemetry.io/docs/specs/semconv/cicd/cicd-metrics/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from cicd_health.model.alerts import Severity
from cicd_health.model.endings import Ended, result_of
from cicd_health.model.runs import FAILED, Status
from cicd_health.queue import Lane
from cicd_health.store.endings import EndedLine
from cicd_health.store.logs import Standing
from cicd_health.store.vitals import Backlog, SourceVitals, Vitals

OTHER = "other"
PIPELINE = ("cicd_pipeline_name", "repo", "provider")
STATE, RESULT = "cicd_pipeline_run_state", "cicd_pipeline_result"
PENDING, EXECUTING = "pending", "executing"
STATES = {Status.QUEUED: PENDING, Status.WAITING: PENDING, Status.IN_PROGRESS: EXECUTING}
SOURCE_STATES = ("ok", "degraded", "error", "never")
Named = tuple[str, str, str]


def all_of(ended: Sequence[EndedLine], state: Vitals, lanes: Sequence[Lane], now: datetime) -> Iterator[Metric]:
    yield from pipelines(ended)
    yield active(ended, state.unfinished)
    yield from deliveries(state.deliveries, now)
    yield from messages(state.messages, now)
    yield from jobs(lanes, now)
    yield from sources(state.sources)
    yield incidents(state.incidents)
    yield from log_store(state.log_store)


def pipelines(ended: Iterable[EndedLine]) -> Iterator[Metric]:
    """How long attempts ran and waited, how many ended how, and how many failed of what."""
    seconds = HistogramMetricFamily(
        "cicd_pipeline_run_duration_seconds",
        "How long attempts of runs were in a state: pending, waiting for a runner; executing, until they ended.",
        labels=(*PIPELINE, STATE, RESULT),
    )
    attempts = CounterMetricFamily(
        "cicd_health_pipeline_attempts",
        "Attempts of runs that ended, those without a measured duration too.",
        labels=(*PIPELINE, RESULT),
    )
    errors = CounterMetricFamily(
        "cicd_pipeline_run_errors", "Attempts of runs that failed.", labels=(*PIPELINE, "error_type")
    )
    by_result: dict[tuple[Named, str], Ended] = {}
    by_pipeline: dict[Named, Ended] = {}
    failed: dict[tuple[Named, str], int] = {}
    for line in ended:
        named = _named(line)
        by_result.setdefault((named, result_of(line.outcome)), Ended()).add(line.ended)
        by_pipeline.setdefault(named, Ended()).add(line.ended)
        if line.outcome in FAILED:
            failed[named, line.outcome.value] = failed.get((named, line.outcome.value), 0) + line.ended.attempts
    for (named, result), total in by_result.items():
        seconds.add_metric([*named, EXECUTING, result], list(total.ran.up_to()), total.ran.total_s)
        attempts.add_metric([*named, result], total.attempts)
    for named, total in by_pipeline.items():
        seconds.add_metric([*named, PENDING, ""], list(total.waited.up_to()), total.waited.total_s)
    for (named, outcome), number in failed.items():
        errors.add_metric([*named, outcome], number)
    yield from (seconds, attempts, errors)


def active(ended: Iterable[EndedLine], unfinished: dict[tuple[int, str, str], int]) -> Metric:
    """Runs that have not ended; a pipeline with a place has both states, also of nothing."""
    family = GaugeMetricFamily(
        "cicd_pipeline_run_active", "Runs that have not ended, by state.", labels=(*PIPELINE, STATE)
    )
    names = {line.pipeline_id: _named(line) for line in ended if line.pipeline is not None}
    counts = {(named, state): 0 for named in names.values() for state in (PENDING, EXECUTING)}
    for (pipeline_id, provider, status), number in unfinished.items():
        key = names.get(pipeline_id, (OTHER, OTHER, provider)), STATES[Status(status)]
        counts[key] = counts.get(key, 0) + number
    for (named, state), number in counts.items():
        family.add_metric([*named, state], number)
    return family


def _named(line: EndedLine) -> Named:
    if line.pipeline is None or line.repo is None:
        return OTHER, OTHER, line.provider
    return line.pipeline, line.repo, line.provider


def deliveries(backlog: Backlog, now: datetime) -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "cicd_health_deliveries_open",
        "Deliveries to be applied (waiting), not understood (kept), not saved (failed); up to 10,000 of each.",
        labels=("state",),
    )
    yield _counts(family, backlog.counts)
    yield _age(
        "cicd_health_deliveries_lag_seconds", "For how long the oldest delivery waits to be applied.", backlog, now
    )


def messages(backlog: Backlog, now: datetime) -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "cicd_health_notifications_open",
        "Messages to channels that wait, are on their way or failed for good; up to 10,000 of each.",
        labels=("state",),
    )
    yield _counts(family, backlog.counts)
    yield _age(
        "cicd_health_notifications_lag_seconds", "By how much the oldest message that is due is late.", backlog, now
    )


def jobs(lanes: Iterable[Lane], now: datetime) -> Iterator[Metric]:
    number = GaugeMetricFamily(
        "cicd_health_jobs", "Background jobs by lane, up to 1,000 in all.", labels=("lane", "state")
    )
    lag = GaugeMetricFamily(
        "cicd_health_jobs_lag_seconds", "For how long the oldest job of a lane waits for its turn.", labels=("lane",)
    )
    for lane in lanes:
        number.add_metric([lane.name, "waiting"], lane.waiting)
        number.add_metric([lane.name, "running"], lane.running)
        lag.add_metric([lane.name], _seconds_since(lane.oldest_at, now))
    yield from (number, lag)


def log_store(standing: Standing) -> Iterator[Metric]:
    waiting, failing = "cicd_health_logs_to_move", "cicd_health_log_store_failing"
    yield GaugeMetricFamily(waiting, "Logs that wait to be moved to the log store, up to 10,000.", standing.waiting)
    yield GaugeMetricFamily(failing, "1 while a log store does not do what it is asked.", bool(standing.failing))


def sources(found: Sequence[SourceVitals]) -> Iterator[Metric]:
    which = ("provider", "source")
    state = GaugeMetricFamily(
        "cicd_health_source_state", "1 at the state a source is in, 0 at the others.", labels=(*which, "state")
    )
    event = GaugeMetricFamily(
        "cicd_health_source_last_event_timestamp_seconds", "When a source last sent something.", labels=which
    )
    remaining = GaugeMetricFamily(
        "cicd_health_source_requests_remaining", "Requests that the provider still allows us.", labels=which
    )
    limit = GaugeMetricFamily(
        "cicd_health_source_requests_limit", "Requests that the provider allows us in its span of time.", labels=which
    )
    for one in found:
        labels = [one.provider, one.host]
        for name in SOURCE_STATES:
            state.add_metric([*labels, name], float(one.state == name))
        if one.last_event_at is not None:
            event.add_metric(labels, one.last_event_at.timestamp())
        if one.remaining is not None:
            remaining.add_metric(labels, one.remaining)
        if one.limit is not None:
            limit.add_metric(labels, one.limit)
    yield from (state, event, remaining, limit)


def incidents(counts: dict[str, int]) -> Metric:
    family = GaugeMetricFamily("cicd_health_incidents_open", "Incidents that are not resolved.", labels=("severity",))
    return _counts(family, {severity.value: counts.get(severity, 0) for severity in Severity})


def _counts(family: GaugeMetricFamily, counts: dict[str, int]) -> Metric:
    for name, number in counts.items():
        family.add_metric([name], number)
    return family


def _age(name: str, meaning: str, backlog: Backlog, now: datetime) -> Metric:
    return GaugeMetricFamily(name, f"{meaning} 0 when none does.", value=_seconds_since(backlog.oldest_at, now))


def _seconds_since(moment: datetime | None, now: datetime) -> float:
    return 0.0 if moment is None else max(0.0, (now - moment).total_seconds())
