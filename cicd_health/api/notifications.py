"""The delivery log: every message to every channel, and sending one again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException

from cicd_health import flow
from cicd_health.api.alert_shapes import LoggedNotification
from cicd_health.api.auth import OPERATOR, READER
from cicd_health.api.clock import Now
from cicd_health.api.paging import Page, WantedPage
from cicd_health.api.problems import answers
from cicd_health.api.words import LARGEST_ID, Id, Word, words
from cicd_health.model.alerts import NotificationState
from cicd_health.store import alert_lists, engine
from cicd_health.store.alert_lists import LogFilter

router = APIRouter(prefix="/api/v1/notifications", tags=["notifications"])


@router.get("", dependencies=[READER])
def notifications(
    page: WantedPage,
    state: Annotated[
        Word | None, Query(description=f"One or more of {', '.join(NotificationState)}. Default: all.")
    ] = None,
    channel: Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="A channel's id.")] = None,
    alert: Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="An alert's id.")] = None,
) -> Page[LoggedNotification]:
    """Messages, the newest first."""
    wanted = LogFilter(states=words("state", state, NotificationState), channel_id=channel, incident_id=alert)
    with engine.reading() as session:
        found = alert_lists.notifications(session, wanted, page.one_more, page.after)
    rows, following = page.cut(found, "created_at")
    return Page(items=[LoggedNotification.of(row) for row in rows], next=following)


@router.post("/{notification_id}/retry", status_code=202, dependencies=[OPERATOR], responses=answers(409))
def retry(notification_id: Id, now: Now) -> LoggedNotification:
    """Send a message now that waits or was given up. One that its channel took is not sent again."""
    try:
        flow.send_again(notification_id, now)
    except ValueError as error:
        raise HTTPException(409, str(error)) from None
    except LookupError:
        raise HTTPException(404, f"There is no message {notification_id}.") from None
    with engine.reading() as session:
        row = alert_lists.notification(session, notification_id)
    if row is None:
        raise HTTPException(404, f"There is no message {notification_id}.")
    return LoggedNotification.of(row)
