"""Jobs that fail and pass on the same commit."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from cicd_health.metrics.left_out import some
from cicd_health.metrics.metric import Behind, Metric
from cicd_health.model.explain import LeftOut, Part
from cicd_health.model.flakes import WINDOW, FlakyState
from cicd_health.model.health import Query, Summary

SUSPECTED = "did so on 1 or 2 commits only"
BROKEN = "fails more often than it passes: broken, not flaky"
JOBS = "Jobs are counted, over 14 days. The list shows the runs in which one passed after it had failed on the commit."


def compute(summary: Summary) -> float | None:
    return None if summary.flaky is None else _by_state(summary)[FlakyState.CONFIRMED]


def behind(summary: Summary, query: Query) -> Behind:
    states = _by_state(summary)
    return Behind(
        n=states[FlakyState.CONFIRMED],
        m=states.total(),
        left_out=some(
            LeftOut("suspected", states[FlakyState.SUSPECTED], SUSPECTED),
            LeftOut("broken", states[FlakyState.BROKEN], BROKEN),
        ),
        remarks=(JOBS,),
        parts=tuple(Part(state.value, states[state], "count") for state in FlakyState),
        counted="flaky",
        query=replace(query, subject="run", job=None),
    )


def _by_state(summary: Summary) -> Counter[FlakyState]:
    return Counter(job.state for job in summary.flaky or ())


METRIC = Metric(
    slug="flaky",
    label="Flaky jobs",
    unit="count",
    better="lower",
    formula="jobs that failed and later passed on the same commit, on 3 commits or more in 14 days",
    source="Cleared by 5 clean commits or 14 days. A job that fails more often than not is broken, not flaky.",
    compute=compute,
    behind=behind,
    reads="flaky",
    reach=WINDOW,
)
