"""Alerts, the rules that open them and the channels that hear of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from cicd_health.api import shapes
from cicd_health.api.auth import READER
from cicd_health.api.paging import Page, WantedPage
from cicd_health.api.words import LARGEST_ID, Word, words
from cicd_health.model.alerts import IncidentState
from cicd_health.store import engine, lists

router = APIRouter(prefix="/api/v1", tags=["alerts"], dependencies=[READER])


@router.get("/alerts")
def alerts(
    page: WantedPage,
    state: Annotated[
        Word | None, Query(description=f"One or more of {', '.join(IncidentState)}. Default: all.")
    ] = None,
    pipeline_id: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
) -> Page[shapes.Alert]:
    """Alerts with their messages, the latest to open first."""
    states = words("state", state, IncidentState)
    with engine.reading() as session:
        found = lists.incidents(session, states, pipeline_id, page.one_more, page.after)
        rows, following = page.cut(found, "opened_at")
        return Page(items=shapes.read_alerts(session, rows), next=following)


@router.get("/rules")
def rules() -> Page[shapes.Rule]:
    """Every alert rule."""
    with engine.reading() as session:
        return Page(items=[shapes.Rule.of(row) for row in lists.rules(session)])


@router.get("/channels")
def channels() -> Page[shapes.Channel]:
    """Every channel, its address masked."""
    with engine.reading() as session:
        return Page(items=[shapes.Channel(**row) for row in lists.channels(session)])
