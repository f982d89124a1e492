"""Alerts, and what people say of them: acknowledged, muted, resolved."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from cicd_health import flow
from cicd_health.alerts import RULES
from cicd_health.api import alert_shapes
from cicd_health.api.acting import acted
from cicd_health.api.alert_bodies import Muting, Noted
from cicd_health.api.auth import OPERATOR, READER, Who
from cicd_health.api.clock import Now
from cicd_health.api.paging import Page, WantedPage
from cicd_health.api.problems import answers
from cicd_health.api.words import LARGEST_ID, Id, Word, choices, words
from cicd_health.model.alerts import IncidentState, Severity
from cicd_health.store import alert_lists, engine
from cicd_health.store.alert_lists import IncidentFilter

router = APIRouter(prefix="/api/v1", tags=["alerts"])


STATES, KINDS, SEVERITIES = (
    Query(description=f"One or more of {', '.join(known)}. Default: all.") for known in (IncidentState, RULES, Severity)
)


@router.get("/alerts", dependencies=[READER])
def alerts(
    page: WantedPage,
    state: Annotated[Word | None, STATES] = None,
    kind: Annotated[Word | None, KINDS] = None,
    severity: Annotated[Word | None, SEVERITIES] = None,
    provider: Word | None = None,
    repo: Word | None = None,
    pipeline_id: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
    q: Annotated[Word | None, Query(description="In title, branch, pipeline or repository.")] = None,
) -> Page[alert_shapes.Alert]:
    """Alerts with their messages, the latest to open first."""
    wanted = IncidentFilter(
        states=words("state", state, IncidentState),
        kinds=choices("kind", kind, RULES),
        severities=words("severity", severity, Severity),
        provider=provider,
        repo=repo,
        pipeline_id=pipeline_id,
        q=q,
    )
    with engine.reading() as session:
        rows, following = page.cut(alert_lists.incidents(session, wanted, page.one_more, page.after), "opened_at")
        return Page(items=alert_shapes.read_alerts(session, rows), next=following)


@router.get("/alerts/{alert_id}", dependencies=[READER])
def alert(alert_id: Id) -> alert_shapes.AlertDetail:
    """One alert with all that happened to it."""
    with engine.reading() as session:
        return acted(lambda: alert_shapes.read_alert(session, alert_id))


@router.post("/alerts/{alert_id}/ack", dependencies=[OPERATOR], responses=answers(409))
def acknowledge(alert_id: Id, who: Who, now: Now, noted: Noted | None = None) -> alert_shapes.AlertDetail:
    """Say that somebody takes care of it: nothing more is sent until it is over."""
    acted(lambda: flow.acknowledge_alert(alert_id, who, now, noted.note if noted else ""))
    return alert(alert_id)


@router.post("/alerts/{alert_id}/resolve", dependencies=[OPERATOR], responses=answers(409))
def resolve(alert_id: Id, who: Who, now: Now, noted: Noted | None = None) -> alert_shapes.AlertDetail:
    """End it by hand. It opens again with the next failure, not before."""
    acted(lambda: flow.resolve_alert(alert_id, who, now, noted.note if noted else ""))
    return alert(alert_id)


@router.post("/alerts/{alert_id}/mute", dependencies=[OPERATOR], responses=answers(409))
def mute(alert_id: Id, muting: Muting, who: Who, now: Now) -> alert_shapes.AlertDetail:
    """Send nothing of it for a time, or until it is fixed."""
    acted(lambda: flow.mute_alert(alert_id, who, now, muting.ends_at(now), muting.reason))
    return alert(alert_id)


@router.post("/alerts/{alert_id}/unmute", dependencies=[OPERATOR], responses=answers(409))
def unmute(alert_id: Id, who: Who, now: Now) -> alert_shapes.AlertDetail:
    """End its mute."""
    acted(lambda: flow.unmute_alert(alert_id, who, now))
    return alert(alert_id)
