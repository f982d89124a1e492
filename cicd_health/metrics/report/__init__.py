"""The answers, from the store through the metrics. The page and the API ask here and show the same numbers."""

from __future__ import annotations

from cicd_health.metrics.report.explain import CHEAP, explain, explanations
from cicd_health.metrics.report.flaky import flaky
from cicd_health.metrics.report.groups import GroupBy, Groups, groups
from cicd_health.metrics.report.numbers import Step, series, summary
from cicd_health.metrics.report.overview import overview
from cicd_health.metrics.report.pipeline import pipeline
from cicd_health.metrics.report.pipelines import pipelines

__all__ = [
    "CHEAP",
    "GroupBy",
    "Groups",
    "Step",
    "explain",
    "explanations",
    "flaky",
    "groups",
    "overview",
    "pipeline",
    "pipelines",
    "series",
    "summary",
]
