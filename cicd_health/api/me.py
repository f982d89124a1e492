"""Whoever asks: what they may do, their password and their sessions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from cicd_health import access
from cicd_health.access import TooManyAttempts
from cicd_health.api.auth import Asking, Caller, bearer
from cicd_health.api.clock import Now
from cicd_health.api.paging import Page, WantedPage
from cicd_health.api.problems import answers
from cicd_health.api.users import Session, done, listed
from cicd_health.api.words import Id

router = APIRouter(prefix="/api/v1/me", tags=["me"], responses=answers(401, 403))
Password = Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")]


class Me(BaseModel):
    """`who` is an e-mail address, or the name of a key, which has no role; a visitor is nobody in particular."""

    who: str
    role: str | None
    scopes: list[str]
    user_id: int | None


class PasswordChange(BaseModel):
    """The one in use, and the one from now on."""

    old: Password
    new: Password


@router.get("")
def me(asking: Asking, request: Request, now: Now) -> Me:
    """Who you are here, and what you may do."""
    person = None if bearer(request.headers) else access.may_use(request.headers.get("cookie"), now)
    return Me(
        who=asking.who, role=person.role if person else None, scopes=sorted(asking.scopes), user_id=asking.user_id
    )


@router.post("/password", status_code=204)
def change_password(wanted: PasswordChange, asking: Asking, request: Request, now: Now) -> None:
    """Choose another password. All your other sessions end."""
    user_id = _person(asking)
    token = access.session_token(request.headers.get("cookie")) or ""
    try:
        access.change_password(user_id, wanted.old, wanted.new, now, keep_token=token)
    except TooManyAttempts as error:
        raise HTTPException(429, "Too many attempts.", {"Retry-After": str(error.retry_after_s)}) from None
    except ValueError as error:
        raise HTTPException(422, str(error)) from None


@router.get("/sessions")
def sessions(asking: Asking, page: WantedPage, request: Request, now: Now) -> Page[Session]:
    """Where you are signed in."""
    return listed(access.sessions_of(_person(asking), now), page, _session_id(request, now))


@router.delete("/sessions/{session_id}", status_code=204)
def end_session(session_id: Id, asking: Asking, now: Now) -> None:
    """End one of your sessions."""
    user_id = _person(asking)
    done(lambda: access.revoke_session(session_id, now, user_id))


def _person(asking: Caller) -> int:
    if asking.user_id is None:
        raise HTTPException(403, "This is for people who are signed in: a key has no password and no sessions.")
    return asking.user_id


def _session_id(request: Request, now: Now) -> int | None:
    person = access.may_use(request.headers.get("cookie"), now)
    return person.session_id if person is not None else None
