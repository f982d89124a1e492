"""What arrived and what became of it, and trying again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from cicd_health import flow
from cicd_health.api import shapes
from cicd_health.api.auth import OPERATOR, READER
from cicd_health.api.clock import Now
from cicd_health.api.paging import Page, WantedPage
from cicd_health.api.words import Id, Word, words
from cicd_health.model.deliveries import DeliveryState
from cicd_health.store import engine, lists

router = APIRouter(prefix="/api/v1", tags=["deliveries"])


class Replayed(BaseModel):
    """What became of a delivery this time."""

    delivery: int
    state: str
    error: str | None
    run_ids: list[int]


@router.get("/deliveries", dependencies=[READER])
def deliveries(
    page: WantedPage,
    provider: Word | None = None,
    state: Annotated[Word | None, Query(description=f"One or more of {', '.join(DeliveryState)}.")] = None,
    q: Annotated[Word | None, Query(description="A text in event, action, id or error.")] = None,
) -> Page[shapes.Delivery]:
    """Deliveries, the latest first."""
    states = words("state", state, DeliveryState)
    with engine.reading() as session:
        found = lists.deliveries(session, provider, states, page.one_more, page.after, q)
    rows, following = page.cut(found, "received_at")
    return Page(items=[shapes.Delivery(**row) for row in rows], next=following)


@router.get("/deliveries/{delivery_id}", dependencies=[READER])
def delivery(delivery_id: Id) -> shapes.Delivery:
    """One delivery. Its body is kept for replaying, and is not shown."""
    with engine.reading() as session:
        row = lists.delivery(session, delivery_id)
    if row is None:
        raise HTTPException(404, f"There is no delivery {delivery_id}.")
    return shapes.Delivery(**row)


@router.post("/deliveries/{delivery_id}/replay", dependencies=[OPERATOR])
def replay(delivery_id: Id, now: Now) -> Replayed:
    """Apply a kept delivery again; doing so twice changes nothing."""
    try:
        receipt = flow.replay(delivery_id, now)
    except KeyError:
        raise HTTPException(404, f"There is no delivery {delivery_id}.") from None
    return Replayed(
        delivery=receipt.delivery_id, state=receipt.state, error=receipt.error, run_ids=list(receipt.run_ids)
    )
