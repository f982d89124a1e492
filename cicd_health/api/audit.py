"""Who changed what, when, and from where."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, cast

from fastapi import APIRouter, Query
from pydantic import BaseModel

from cicd_health.api.auth import ADMIN
from cicd_health.api.paging import Page, WantedPage
from cicd_health.api.words import Word
from cicd_health.store import audit, engine
from cicd_health.store.lists import Row

router = APIRouter(prefix="/api/v1/audit", tags=["audit"], dependencies=[ADMIN])


class AuditEntry(BaseModel):
    """One change. `via` is the way in: page, api, command, sign_in, or server when nobody asked for it."""

    id: int
    at: datetime
    who: str
    via: str
    address: str | None
    action: str
    subject: str
    detail: dict[str, Any]


@router.get("")
def entries(
    page: WantedPage,
    who: Annotated[Word | None, Query(description="An e-mail address, or the name of a key.")] = None,
    action: Annotated[Word | None, Query(description="Such as `key.created`, or only `key`.")] = None,
    q: Annotated[Word | None, Query(description="A text in who or subject.")] = None,
) -> Page[AuditEntry]:
    """Every change, the latest first."""
    with engine.reading() as session:
        found = audit.entries(session, audit.AuditFilter(who, action, q), page.one_more, page.after)
    shown, following = page.cut(cast("Sequence[Row]", found), "at")
    return Page(items=[AuditEntry(**row) for row in shown], next=following)
