"""SHELF: one file per number. To add one, write a file that ends in `METRIC = Metric(…)` and list it here."""

from __future__ import annotations

from cicd_health.metrics import (
    duration,
    failure_rate,
    first_attempt,
    queue_time,
    success_rate,
    throughput,
    time_to_restore,
)
from cicd_health.metrics.metric import Metric

METRICS: tuple[Metric, ...] = (
    success_rate.METRIC,
    failure_rate.METRIC,
    first_attempt.METRIC,
    duration.METRIC,
    queue_time.METRIC,
    time_to_restore.METRIC,
    throughput.METRIC,
)
