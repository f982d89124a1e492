"""The numbers of a window in steps, and where a pipeline's moved to another level."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter
from fastapi import Query as Parameter
from sqlmodel import Session
from starlette.exceptions import HTTPException

from cicd_health.api.auth import READER
from cicd_health.api.clock import Now
from cicd_health.api.findings import Change
from cicd_health.api.numbers_shapes import BucketNumbers, Windowed, in_window
from cicd_health.api.problems import answers
from cicd_health.api.question import Asked
from cicd_health.metrics import report
from cicd_health.model.buckets import steps_for
from cicd_health.model.health import Query
from cicd_health.store import changes, engine

router = APIRouter(prefix="/api/v1", tags=["metrics"], dependencies=[READER])
STEPS = {"1h": timedelta(hours=1), "3h": timedelta(hours=3), "6h": timedelta(hours=6), "12h": timedelta(hours=12)}
STEPS |= {"1d": timedelta(days=1), "3d": timedelta(days=3), "7d": timedelta(days=7)}
MOST_BUCKETS = 2000


class Series(Windowed):
    """`changes` are those of the pipeline that was asked for, newest first."""

    subject: str
    items: list[BucketNumbers]
    changes: list[Change]


@router.get("/metrics/series", responses=answers(400, 404))
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
        found = _changes(session, query)
    items = [BucketNumbers.of(bucket) for bucket in buckets]
    return Series(items=items, subject=query.subject, changes=found, **in_window(query.window))


def _changes(session: Session, query: Query) -> list[Change]:
    if query.pipeline_id is None:
        return []
    found = changes.of_pipelines(session, [query.pipeline_id], query.window.start)
    return [Change.of_point(change) for change in found if change.at < query.window.end]
