"""The numbers of a window: asked for with the same parameters everywhere, and shaped the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from fastapi import APIRouter, Depends
from fastapi import Query as Parameter
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session
from starlette.exceptions import HTTPException

from cicd_health.api.auth import READER
from cicd_health.api.clock import Now
from cicd_health.api.words import Moment, Word
from cicd_health.metrics import report
from cicd_health.model.buckets import steps_for
from cicd_health.model.health import Bucket, Distribution, Query, Restore, Summary
from cicd_health.model.windows import WINDOWS, Window, window_ending
from cicd_health.store import engine, lists

router = APIRouter(prefix="/api/v1", tags=["metrics"], dependencies=[READER])
STEPS = {"1h": timedelta(hours=1), "3h": timedelta(hours=3), "6h": timedelta(hours=6), "12h": timedelta(hours=12)}
STEPS |= {"1d": timedelta(days=1), "3d": timedelta(days=3), "7d": timedelta(days=7)}
MOST_BUCKETS = 2000
MOST_GROUPS = 4000  # days of ten years, hours of 90 days
LONGEST = timedelta(days=3660)
WindowSlug = Literal["24h", "7d", "30d", "90d"]


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
    """The numbers of one window. A rate is successes of verdicts, 0–1, and null without a verdict."""

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
            last_outcome_by_pipeline=summary.last_outcome_by_pipeline,
            **more,
        )


class Windowed(BaseModel):
    """A window: `from` is included, `to` is not."""

    model_config = ConfigDict(populate_by_name=True)

    window: str
    from_: datetime = Field(alias="from")
    to: datetime


class NumbersBefore(Numbers, Windowed):
    """The window of equal length before."""


class NumbersOfGroup(Numbers):
    """One group. `name` and `repo` stand beside a key that is a pipeline's id."""

    key: str | int | None
    name: str | None = None
    repo: str | None = None


class Metrics(Numbers, Windowed):
    subject: str
    durations: str
    previous: NumbersBefore | None
    groups: list[NumbersOfGroup]


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


class Series(Windowed):
    subject: str
    items: list[BucketNumbers]


class Question:
    """What a caller asks for; `query` turns its pipeline's name into an id."""

    def __init__(
        self,
        window: WindowSlug = "7d",
        from_: Annotated[Moment | None, Parameter(alias="from")] = None,
        to: Moment | None = None,
        provider: Word | None = None,
        repo: Annotated[Word | None, Parameter(description="owner/name, or Jenkins' folder path")] = None,
        pipeline: Annotated[Word | None, Parameter(description="Its id or its name.")] = None,
        branch: Word | None = None,
        job: Word | None = None,
        subject: Literal["run", "job"] = "run",
        durations: Literal["success", "verdicts"] = "success",
        tz: Annotated[Word, Parameter(description="The zone in which days begin.")] = "UTC",
    ) -> None:
        if tz not in available_timezones():
            raise HTTPException(422, f"tz: {tz!r} is not a time zone such as Europe/Berlin.")
        self._window = window
        self._from, self._to = from_, to
        self._pipeline = pipeline
        self._rest: dict[str, Any] = {
            "provider": provider,
            "repo": repo,
            "branch": branch,
            "job": job,
            "subject": subject,
            "durations": durations,
            "tz": ZoneInfo(tz).key,
        }

    def query(self, session: Session, now: datetime) -> Query:
        """The question to the report. 404 for an unknown pipeline, 400 for a name that several have."""
        pipeline_id = None
        if self._pipeline is not None:
            found = lists.pipeline_ids(session, self._pipeline, self._rest["repo"])
            if not found:
                raise HTTPException(404, f"There is no pipeline {self._pipeline}.")
            if len(found) > 1:
                raise HTTPException(
                    400, f"{len(found)} pipelines are called {self._pipeline}: say its id, or the repo."
                )
            pipeline_id = found[0]
        return Query(window=self.window(now), pipeline_id=pipeline_id, **self._rest)

    def window(self, now: datetime) -> Window:
        """The window asked for: a named one ends now; a custom one that says one end only is as long as the named."""
        if self._from is None and self._to is None:
            return window_ending(self._window, now)
        end = self._to or window_ending(self._window, now).end
        try:
            start = self._from or end - WINDOWS[self._window]
        except OverflowError:
            raise HTTPException(422, "to: too long ago.") from None
        if not start < end or end - start > LONGEST or start.year < 1980 or end.year > 2200:
            raise HTTPException(422, "from: must be before to, by ten years at most.")
        return Window("custom", start, end)


Asked = Annotated[Question, Depends()]


def read_summary(asked: Question, now: datetime) -> Summary:
    with engine.reading() as session:
        return report.summary(session, asked.query(session, now), now)


@router.get("/metrics")
def metrics(
    asked: Asked,
    now: Now,
    group_by: Literal["pipeline", "repo", "branch", "job", "day", "hour"] | None = None,
    previous: Annotated[bool, Parameter(description="Also the window of equal length before.")] = True,
) -> Metrics:
    """The numbers of a window, of the one before, and of its groups."""
    with engine.reading() as session:
        query = asked.query(session, now)
        _check_groups(query.window, group_by)
        summary = report.summary(session, query, now)
        before = report.summary(session, query, now, previous=True) if previous else None
        groups = report.groups(session, query, group_by) if group_by else ()
        return Metrics.of(
            summary,
            **_window(summary.window),
            subject=query.subject,
            durations=query.durations,
            previous=NumbersBefore.of(before, **_window(before.window)) if before else None,
            groups=[_group(key, of_group) for key, of_group in groups],
        )


def _check_groups(window: Window, group_by: str | None) -> None:
    length = {"day": timedelta(days=1), "hour": timedelta(hours=1)}.get(group_by or "")
    if length is not None and window.length / length > MOST_GROUPS:
        raise HTTPException(422, f"group_by: more than {MOST_GROUPS} groups; a shorter window is needed.")


def _window(window: Window) -> Mapping[str, Any]:
    return {"window": window.slug, "from": window.start, "to": window.end}


def _group(key: Mapping[str, Any], summary: Summary) -> NumbersOfGroup:
    return NumbersOfGroup.of(summary, **key)


@router.get("/metrics/series")
def series(
    asked: Asked,
    now: Now,
    step: Annotated[Literal["1h", "3h", "6h", "12h", "1d", "3d", "7d"] | None, Parameter()] = None,
) -> Series:
    """The window in buckets, which begin with the days of `tz`. Empty buckets are there, with n 0."""
    with engine.reading() as session:
        query = asked.query(session, now)
        length = STEPS[step] if step else steps_for(query.window)[0]
        if query.window.length / length > MOST_BUCKETS:
            raise HTTPException(422, f"step: more than {MOST_BUCKETS} buckets; a longer step is needed.")
        buckets = report.series(session, query, length, now)
    return Series(
        items=[BucketNumbers.of(bucket) for bucket in buckets], subject=query.subject, **_window(query.window)
    )
