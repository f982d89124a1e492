"""How many times in a row a pipeline failed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from cicd_health.metrics.metric import Behind, Metric
from cicd_health.model.explain import Part
from cicd_health.model.health import FailureStreaks, Query, Summary
from cicd_health.model.windows import Window


def compute(summary: Summary) -> float | None:
    if summary.streaks is None or not summary.verdicts:
        return None
    return summary.streaks.longest


def behind(summary: Summary, query: Query) -> Behind:
    """The runs of the longest streak: the list is narrowed to its pipeline and its time."""
    streaks = summary.streaks or FailureStreaks()
    return Behind(
        n=streaks.longest,
        m=streaks.longest,
        remarks=("The longest one of any pipeline; of equal ones the latest.",) if streaks.longest else (),
        parts=(
            Part("failing now", streaks.failing_now, "count"),
            Part("longest that lasts", streaks.longest_now, "count"),
        ),
        counted="failure_streak",
        query=_narrowed(query, streaks),
    )


def _narrowed(query: Query, streaks: FailureStreaks) -> Query:
    whole = replace(query, subject="run", event=None, actor=None, job=None)
    if streaks.first_at is None or streaks.last_at is None:
        return whole
    window = Window("custom", streaks.first_at, streaks.last_at + timedelta(microseconds=1))
    return replace(whole, pipeline_id=streaks.pipeline_id, window=window)


METRIC = Metric(
    slug="failure_streak",
    label="Failure streak",
    unit="count",
    better="lower",
    formula="failing verdicts of one pipeline without a success between them, created in the window: the longest",
    source="On the branch asked for, else the default branch. Runs without a verdict do not end a streak.",
    compute=compute,
    behind=behind,
    reads="streaks",
)
