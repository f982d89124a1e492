"""How many pipelines passed the last time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from cicd_health.metrics.metric import Behind, Metric, share
from cicd_health.model.health import Query, Summary
from cicd_health.model.runs import Outcome
from cicd_health.model.windows import Window

EVER = Window("custom", datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))


def compute(summary: Summary) -> float | None:
    return share(_passed(summary), len(summary.last_outcome_by_pipeline))


def behind(summary: Summary, query: Query) -> Behind:
    return Behind(
        n=_passed(summary),
        m=len(summary.last_outcome_by_pipeline),
        remarks=("Pipelines are counted, each by its last verdict, however long ago that was.",),
        counted="last_outcome",
        query=replace(query, window=EVER, subject="run", event=None, actor=None, job=None),
    )


def _passed(summary: Summary) -> int:
    return sum(outcome == Outcome.SUCCESS for outcome in summary.last_outcome_by_pipeline.values())


METRIC = Metric(
    slug="last_outcome",
    label="Passing pipelines",
    unit="rate",
    better="higher",
    formula="pipelines whose last verdict passed ÷ pipelines that ever had a verdict",
    source="The last verdict on any branch, or on the branch asked for. A run without a verdict does not change it.",
    compute=compute,
    behind=behind,
)
