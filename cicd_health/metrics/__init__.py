"""SHELF: one file per number. To add one, write a file that ends in `METRIC = Metric(…)` and list it here."""

from __future__ import annotations

from cicd_health.metrics import (
    duration,
    failure_rate,
    failure_streak,
    first_attempt,
    flaky,
    last_outcome,
    machine_time,
    queue_time,
    rerun_time,
    rescue_rate,
    slowest,
    success_rate,
    throughput,
    time_to_restore,
)
from cicd_health.metrics.metric import Metric

METRICS: tuple[Metric, ...] = (
    success_rate.METRIC,
    failure_rate.METRIC,
    first_attempt.METRIC,
    rescue_rate.METRIC,
    duration.METRIC,
    queue_time.METRIC,
    time_to_restore.METRIC,
    failure_streak.METRIC,
    throughput.METRIC,
    machine_time.METRIC,
    rerun_time.METRIC,
    flaky.METRIC,
    slowest.METRIC,
    last_outcome.METRIC,
)
