"""A source's or a repository's own webhook secret: set, and replaced with two holding for a day."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from cicd_health import flow
from cicd_health.api.acting import acted
from cicd_health.api.auth import ADMIN
from cicd_health.api.clock import Now
from cicd_health.api.repos import GITHUB, Owner
from cicd_health.api.words import Id
from cicd_health.store import engine, watches

router = APIRouter(prefix="/api/v1", tags=["sources"], dependencies=[ADMIN])


class SecretDraft(BaseModel):
    """The new secret; null: one is made."""

    model_config = ConfigDict(json_schema_extra={"example": {"secret": None}})

    secret: Annotated[str | None, Field(min_length=1, max_length=1000, pattern=r"^[^\x00-\x1f]*$")] = None


class NewSecret(BaseModel):
    """`secret` is shown this once. Until `before_until` the one before holds too; null: there was none."""

    secret: str
    before_until: datetime | None


@router.post("/sources/{source_id}/secret")
def of_source(source_id: Id, now: Now, wanted: SecretDraft | None = None) -> NewSecret:
    """Give a source its own webhook secret: it proves deliveries of this GitHub host or Jenkins server alone."""
    secret = acted(lambda: flow.set_webhook_secret(source_id, now, _said(wanted)))
    return NewSecret(secret=secret, before_until=flow.secret_before_until(source_id))


@router.delete("/sources/{source_id}/secret", status_code=204)
def end_of_source(source_id: Id, now: Now) -> None:
    """End at once the secret before the present one."""
    acted(lambda: flow.end_secret_before(source_id, now))


@router.post("/repos/{owner}/{name}/secret")
def of_repository(owner: Owner, name: Owner, now: Now, wanted: SecretDraft | None = None) -> NewSecret:
    """Give a watched repository its own webhook secret: it proves deliveries about this repository alone."""
    watch_id = _watch(owner, name)
    secret = acted(lambda: flow.set_webhook_secret(None, now, _said(wanted), watch_id=watch_id))
    return NewSecret(secret=secret, before_until=flow.secret_before_until(None, watch_id=watch_id))


@router.delete("/repos/{owner}/{name}/secret", status_code=204)
def end_of_repository(owner: Owner, name: Owner, now: Now) -> None:
    """End at once the secret before the present one."""
    watch_id = _watch(owner, name)
    acted(lambda: flow.end_secret_before(None, now, watch_id=watch_id))


def _said(wanted: SecretDraft | None) -> str | None:
    return wanted.secret if wanted is not None else None


def _watch(owner: str, name: str) -> int:
    with engine.reading() as session:
        row = watches.find(session, GITHUB, f"{owner}/{name}")
    if row is None or row.id is None:
        raise HTTPException(404, f"{owner}/{name} is not watched.")
    return row.id
