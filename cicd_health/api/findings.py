"""The shapes of what was found by looking at runs together: change points and flaky jobs."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from pydantic import BaseModel

from cicd_health.api.explained import moment
from cicd_health.model.changes import ChangePoint
from cicd_health.model.flakes import FlakyJob


class Blame(BaseModel):
    """The job and step that grew most: medians on both sides."""

    job: str
    step: str | None
    before_s: float
    after_s: float


class Change(BaseModel):
    """Where a series moved to another level: medians in seconds, or failure rates 0–1.

    `of` is duration or failure_rate, of a job or step where these are said; `run_id` is the first run after it.
    """

    pipeline_id: int
    of: str
    job: str | None
    step: str | None
    run_id: int
    at: datetime
    before: float
    after: float
    n_before: int
    n_after: int
    confidence: float
    worse: bool
    blame: Blame | None

    @classmethod
    def of_point(cls, point: ChangePoint) -> Change:
        return cls.model_validate(point, from_attributes=True)


class Flaky(BaseModel):
    """A job that failed, then passed on the same commit, within 14 days. `job` is null where runs have none.

    `state` is confirmed, suspected or broken; `commits` did so, `clean` ones came since. `failed` of `verdicts` in the
    14 days. `runs` lists where it passed after failing; `run_ids` are the latest of them, 10 at most.
    """

    pipeline_id: int
    pipeline: str
    repo: str
    provider: str
    job: str | None
    state: str
    commits: int
    verdicts: int
    failed: int
    clean: int
    first_at: datetime
    last_at: datetime
    run_ids: list[int]
    runs: str

    @classmethod
    def of_job(cls, job: FlakyJob, since: datetime) -> Flaky:
        asked = {"pipeline": job.pipeline_id, "job": job.job, "from": moment(since), "counted": "flaky"}
        said = urlencode({name: value for name, value in asked.items() if value is not None})
        values = {name: getattr(job, name) for name in cls.model_fields if name != "runs"}
        return cls(**values | {"runs": f"/api/v1/runs?{said}"})
