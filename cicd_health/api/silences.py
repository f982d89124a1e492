"""Silences: times without messages, of a scope or of one alert."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.exceptions import HTTPException

from cicd_health import flow
from cicd_health.api.acting import acted
from cicd_health.api.alert_bodies import Silencing
from cicd_health.api.alert_shapes import Silence
from cicd_health.api.auth import OPERATOR, READER, Who
from cicd_health.api.clock import Now
from cicd_health.api.paging import Page, WantedPage
from cicd_health.api.problems import answers
from cicd_health.api.words import Id
from cicd_health.store import alert_lists, engine

router = APIRouter(prefix="/api/v1/silences", tags=["silences"])


@router.get("", dependencies=[READER])
def silences(page: WantedPage, now: Now, active: bool = True) -> Page[Silence]:
    """Silences that hold, or with `active=false` those that are over; the newest first."""
    with engine.reading() as session:
        found = alert_lists.silences(session, now, active=active, limit=page.one_more, after=page.after)
    rows, following = page.cut(found, "created_at")
    return Page(items=[Silence.of(row) for row in rows], next=following)


@router.post("", status_code=201, dependencies=[OPERATOR], responses=answers(404, 409))
def add(wanted: Silencing, who: Who, now: Now) -> Silence:
    """Send nothing of what fits the scope, for a time."""
    silence_id = acted(
        lambda: flow.silence(wanted.scope.scope(), who, now, wanted.ends_at(now), wanted.reason, wanted.rule_id)
    )
    with engine.reading() as session:
        row = alert_lists.of_id(alert_lists.silences(session, now, active=True), silence_id)
    if row is None:
        raise HTTPException(409, "The silence is over already.")
    return Silence.of(row)


@router.delete("/{silence_id}", status_code=204, dependencies=[OPERATOR], responses=answers(409))
def end(silence_id: Id, who: Who, now: Now) -> None:
    """End a silence now."""
    acted(lambda: flow.end_silence(silence_id, who, now))
