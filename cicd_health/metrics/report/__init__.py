"""The answers, from the store through the metrics. The page and the API ask here and show the same numbers."""

from __future__ import annotations

from cicd_health.metrics.report.groups import GroupBy, groups
from cicd_health.metrics.report.numbers import Step, series, summary
from cicd_health.metrics.report.overview import overview

__all__ = ["GroupBy", "Step", "groups", "overview", "series", "summary"]
