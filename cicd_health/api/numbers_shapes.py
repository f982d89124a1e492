"""The shapes of numbers. Names are literal, clients rely on them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from cicd_health.model.health import Bucket, Distribution, Restore, Summary
from cicd_health.model.windows import Window


class Seconds(BaseModel):
    """Of measured seconds; null where n is 0. Percentiles are nearest rank: `exact`, or else within 0.5 %."""

    n: int
    sum: float
    mean: float | None
    p50: float | None
    p90: float | None
    p95: float | None
    max: float | None
    unmeasured: int
    exact: bool

    @classmethod
    def of(cls, distribution: Distribution) -> Seconds:
        return cls.model_validate(distribution, from_attributes=True)


class Restored(BaseModel):
    """Seconds to restore, of incidents closed in the window; `open` are still going on."""

    n: int
    median: float | None
    mean: float | None
    open: int
    oldest_open_at: datetime | None

    @classmethod
    def of(cls, restore: Restore) -> Restored:
        return cls.model_validate(restore, from_attributes=True)


class Numbers(BaseModel):
    """The numbers of one window. A rate is successes of verdicts, 0–1, and null without a verdict.

    `spent_s` is machine time, `rerun_s` the part of it in attempts that a re-run replaced.
    """

    counts: dict[str, int]
    total: int
    verdicts: int
    successes: int
    success_rate: float | None
    failure_rate: float | None
    first_verdicts: int
    first_successes: int
    first_attempt_success_rate: float | None
    rescued: int
    duration_s: Seconds
    queue_s: Seconds
    time_to_restore_s: Restored
    throughput_per_day: float
    spent_s: float
    rerun_s: float
    last_outcome_by_pipeline: dict[str, str]

    @classmethod
    def of(cls, summary: Summary, **more: Any) -> Any:
        return cls(
            counts={outcome.value: count for outcome, count in summary.counts.items()},
            total=summary.total,
            verdicts=summary.verdicts,
            successes=summary.successes,
            success_rate=summary.success_rate,
            failure_rate=summary.failure_rate,
            first_verdicts=summary.first_verdicts,
            first_successes=summary.first_successes,
            first_attempt_success_rate=summary.first_attempt_success_rate,
            rescued=summary.rescued,
            duration_s=Seconds.of(summary.duration),
            queue_s=Seconds.of(summary.queue),
            time_to_restore_s=Restored.of(summary.restore),
            throughput_per_day=summary.throughput_per_day,
            spent_s=summary.spent_s,
            rerun_s=summary.rerun_s,
            last_outcome_by_pipeline=summary.last_outcome_by_pipeline,
            **more,
        )


class Windowed(BaseModel):
    """A window: `from` is included, `to` is not."""

    model_config = ConfigDict(populate_by_name=True)

    window: str
    from_: datetime = Field(alias="from")
    to: datetime


def in_window(window: Window) -> Mapping[str, Any]:
    """The fields of `Windowed`."""
    return {"window": window.slug, "from": window.start, "to": window.end}


class NumbersBefore(Numbers, Windowed):
    """The window of equal length before."""

    @classmethod
    def of_window(cls, summary: Summary) -> NumbersBefore:
        return cls.of(summary, **in_window(summary.window))


class NumbersOfGroup(Numbers):
    """One group. `name` and `repo` stand beside a key that is a pipeline's id."""

    key: str | int | None
    name: str | None = None
    repo: str | None = None


class BucketNumbers(BaseModel):
    """One bar of a chart: [start, end). `running` while its end has not come."""

    start: datetime
    end: datetime
    running: bool
    counts: dict[str, int]
    duration_s: Seconds
    queue_s: Seconds

    @classmethod
    def of(cls, bucket: Bucket) -> BucketNumbers:
        return cls(
            start=bucket.start,
            end=bucket.end,
            running=bucket.running,
            counts={outcome.value: count for outcome, count in bucket.counts.items()},
            duration_s=Seconds.of(bucket.duration),
            queue_s=Seconds.of(bucket.queue),
        )
