"""Keys of the API: made, listed and revoked by administrators. A key itself is shown once, when it is made."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from cicd_health import access
from cicd_health.access import KeyLine
from cicd_health.api.acting import acted
from cicd_health.api.auth import ADMIN
from cicd_health.api.clock import Now
from cicd_health.api.paging import Page, WantedPage
from cicd_health.api.words import Id, Moment

router = APIRouter(prefix="/api/v1/keys", tags=["keys"], dependencies=[ADMIN])

Scope = Literal["read", "ingest", "admin"]


class Key(BaseModel):
    """One key, by what people recognise it: its name and first characters. `last_used_at` is exact to a minute.

    `maker_disabled`: who made it may not sign in any more; the key works on until it is revoked.
    """

    id: int
    name: str
    prefix: str
    scopes: list[str]
    made_by: str | None
    created_at: datetime
    last_used_at: datetime | None
    last_used_from: str | None
    expires_at: datetime | None
    revoked_at: datetime | None
    active: bool
    maker_disabled: bool

    @classmethod
    def of(cls, line: KeyLine, now: datetime) -> Key:
        names = cls.model_fields.keys() - {"scopes", "active"}
        return cls(**{name: getattr(line, name) for name in names}, scopes=list(line.scopes), active=line.holds(now))


class NewKey(Key):
    """`key` is shown this once: keep it, nobody can look it up."""

    key: str


class KeyDraft(BaseModel):
    """What the key is for, what it may do, and when it ends by itself; null: never."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "wall display", "scopes": ["read"], "expires_at": None}}
    )

    name: Annotated[str, Field(min_length=1, max_length=80)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=3)]
    expires_at: Moment | None = None


@router.get("")
def keys(page: WantedPage, now: Now) -> Page[Key]:
    """Every key there was, the newest first; `active` ones may be used."""
    lines = [line for line in access.keys(now) if page.after is None or (line.created_at, line.id) < page.after]
    rows = [{"created_at": line.created_at, "id": line.id, "line": line} for line in lines[: page.one_more]]
    kept, following = page.cut(cast("Any", rows), "created_at")
    return Page(items=[Key.of(row["line"], now) for row in kept], next=following)


@router.post("", status_code=201)
def create(wanted: KeyDraft, now: Now) -> NewKey:
    """Make a key."""
    made = acted(lambda: access.create_key(wanted.name, wanted.scopes, now, wanted.expires_at))
    return NewKey(**Key.of(access.key_line(made.id), now).model_dump(), key=made.key)


@router.get("/{key_id}")
def key(key_id: Id, now: Now) -> Key:
    """One key."""
    return Key.of(acted(lambda: access.key_line(key_id)), now)


@router.delete("/{key_id}", status_code=204)
def revoke(key_id: Id, now: Now) -> None:
    """Revoke a key. It holds no more, anywhere, from now on."""
    acted(lambda: access.revoke_key(key_id, now))
