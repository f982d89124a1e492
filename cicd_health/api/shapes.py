"""What the API answers with: the shapes of runs, jobs, deliveries and sources; alerts in `alert_shapes`.

Names are literal, clients rely on them. Each is made from one row of `store.lists`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from cicd_health.api.alert_shapes import Alert
from cicd_health.providers import flat
from cicd_health.store.lists import Row


class Run(BaseModel):
    """One run; its outcome and times are those of its last attempt."""

    id: int
    provider: str
    source: str
    repo: str
    pipeline: str
    pipeline_id: int
    number: int | None
    external_id: str
    attempt: int
    attempts: int
    status: str
    outcome: str
    raw_status: str | None
    raw_conclusion: str | None
    title: str | None
    branch: str | None
    sha: str | None
    event: str | None
    actor: str | None
    pull_request: int | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    duration_s: float | None
    queue_s: float | None
    url: str | None
    failed_job: str | None
    failed_step: str | None
    excerpt: str | None

    @classmethod
    def of(cls, row: Row, **more: Any) -> Any:
        return cls(**{**row, "external_id": _external_id(row), **more})


def _external_id(row: Row) -> str:
    """The provider's own id, as it was posted."""
    return flat.posted_id(row["provider"], row["pipeline"], row["external_id"])


class AttemptOfRun(BaseModel):
    attempt: int
    outcome: str
    started_at: datetime | None
    completed_at: datetime | None
    duration_s: float | None


class Step(BaseModel):
    number: int
    name: str
    status: str
    outcome: str
    started_at: datetime | None
    completed_at: datetime | None
    duration_s: float | None


class Job(BaseModel):
    """One job of one attempt. `log` is none, pending, kept or gone."""

    id: int
    external_id: str
    name: str
    attempt: int
    status: str
    outcome: str
    raw_conclusion: str | None
    runner: str | None
    created_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    duration_s: float | None
    queue_s: float | None
    url: str | None
    log: str
    steps: list[Step]

    @classmethod
    def of(cls, row: Row, steps: list[Step]) -> Job:
        posted = flat.posted_job_id(row["run_external_id"], row["attempt"], row["external_id"])
        values: dict[str, Any] = {**row, "external_id": posted, "log": row["log_state"], "steps": steps}
        return cls(**values)


def jobs_of(rows: Iterable[Row], steps: Iterable[Row]) -> list[Job]:
    """Jobs with their steps."""
    by_job: defaultdict[int, list[Step]] = defaultdict(list)
    for step in steps:
        by_job[step["job_id"]].append(Step(**step))
    return [Job.of(row, by_job[row["id"]]) for row in rows]


class RunDetail(Run):
    """A run with its attempts, the jobs of one attempt, and the alerts it had a part in."""

    attempts_list: list[AttemptOfRun]
    jobs: list[Job]
    alerts: list[Alert]


class Delivery(BaseModel):
    """One delivery as it arrived; `error` says why it was ignored, or what could not be understood."""

    id: int
    provider: str
    external_id: str
    event: str
    action: str | None
    received_at: datetime
    state: str
    error: str | None
    run_id: int | None
    size: int


class Repo(BaseModel):
    id: int
    provider: str
    source: str
    name: str
    default_branch: str | None
    url: str | None
    created_at: datetime


class Pipeline(BaseModel):
    id: int
    provider: str
    source: str
    repo: str
    name: str
    path: str | None
    default_branch: str | None
    url: str | None
    created_at: datetime


class RateLimit(BaseModel):
    remaining: int | None
    limit: int | None
    reset_at: datetime | None


class Source(BaseModel):
    """One GitHub host or one Jenkins server. `state` is ok, degraded, error or never."""

    id: int
    provider: str
    host: str
    name: str
    state: str
    last_event_at: datetime | None
    last_poll_at: datetime | None
    complete_until: datetime | None
    rate_limit: RateLimit | None
    error: str | None

    @classmethod
    def of(cls, row: Row, state: str) -> Source:
        known = row["rate_limit_limit"] is not None or row["rate_limit_remaining"] is not None
        limit = RateLimit(**{name: row[f"rate_limit_{name}"] for name in RateLimit.model_fields}) if known else None
        return cls(**row, state=state, rate_limit=limit)
