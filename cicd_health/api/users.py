"""People: invited, changed, disabled, and where they are signed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar, cast

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from cicd_health import access, settings
from cicd_health.api.auth import ADMIN
from cicd_health.api.clock import Now
from cicd_health.api.paging import Page, WantedPage
from cicd_health.api.problems import answers
from cicd_health.api.words import Id
from cicd_health.store.lists import Row

router = APIRouter(prefix="/api/v1", tags=["users"], dependencies=[ADMIN])
T = TypeVar("T")
Role = Literal["viewer", "operator", "admin"]
Email = Annotated[str, Field(max_length=200, pattern=r"^[^@\s,\x00]+@[^@\s,\x00]+$")]
Name = Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")]


class User(BaseModel):
    """Somebody who may sign in. `sso`: by single sign-on. `invited`: has not come yet."""

    id: int
    email: str
    name: str
    role: Role
    state: Literal["active", "invited", "disabled"]
    sso: bool
    created_at: datetime
    last_seen_at: datetime | None
    sessions: int


class Invited(BaseModel):
    """`link` is shown this once; by it they choose a password, within seven days."""

    user_id: int
    link: str


class Invitation(BaseModel):
    """Whom to invite, and as what."""

    email: Email
    role: Role = "viewer"
    name: Name = ""


class UserChange(BaseModel):
    """What is left out stays as it is."""

    role: Role | None = None
    name: Name | None = None
    disabled: bool | None = None


class Session(BaseModel):
    """A browser that is signed in, by `password`, `link` or `sso`; `current` is the one that asks."""

    id: int
    created_at: datetime
    last_seen_at: datetime
    address: str | None
    user_agent: str | None
    method: str
    current: bool = False


@router.get("/users")
def users(page: WantedPage, now: Now) -> Page[User]:
    """Everybody who may sign in, or might again; the newest first."""
    people = sorted(access.users(now), key=lambda one: (one.created_at, one.id), reverse=True)
    shown, following = _cut(people, page)
    return Page(items=[User(**row) for row in shown], next=following)


@router.post("/users", status_code=201, responses=answers(409))
def invite(wanted: Invitation, now: Now) -> Invited:
    """Invite somebody. The link in the answer is for them; we send no mail."""
    invitation = done(lambda: access.invite(wanted.email, wanted.role, now, wanted.name))
    return Invited(user_id=invitation.user_id, link=link(invitation.token))


@router.get("/users/{user_id}")
def user(user_id: Id, now: Now) -> User:
    """One of them."""
    return User(**asdict(done(lambda: access.user(user_id, now))))


@router.patch("/users/{user_id}", responses=answers(409))
def change(user_id: Id, wanted: UserChange, now: Now) -> User:
    """Change role or name, disable or enable. Who is disabled is signed out at once."""
    done(lambda: access.change_user(user_id, now, **wanted.model_dump()))
    return user(user_id, now)


@router.post("/users/{user_id}/link", status_code=201, responses=answers(409))
def another_link(user_id: Id, now: Now) -> Invited:
    """Another link, to choose a password anew; earlier ones are not good any more."""
    return Invited(user_id=user_id, link=link(done(lambda: access.new_link_for(user_id, now))))


@router.get("/users/{user_id}/sessions")
def sessions(user_id: Id, page: WantedPage, now: Now) -> Page[Session]:
    """Where somebody is signed in, the session begun last first."""
    done(lambda: access.user(user_id, now))
    return listed(access.sessions_of(user_id, now), page)


@router.delete("/users/{user_id}/sessions", status_code=204)
def end_sessions(user_id: Id, now: Now) -> None:
    """Sign somebody out everywhere."""
    done(lambda: access.revoke_sessions(user_id, now))


@router.delete("/sessions/{session_id}", status_code=204)
def end_session(session_id: Id, now: Now) -> None:
    """End one session, of anybody."""
    done(lambda: access.revoke_session(session_id, now))


def listed(lines: list[access.SessionLine], page: WantedPage, current: int | None = None) -> Page[Session]:
    """One page of sessions; `current` is the id of the one that asks."""
    ordered = sorted(lines, key=lambda one: (one.created_at, one.id), reverse=True)
    shown, following = _cut(ordered, page)
    return Page(items=[Session(**row, current=row["id"] == current) for row in shown], next=following)


def _cut(newest_first: Sequence[Any], page: WantedPage) -> tuple[Sequence[Row], str | None]:
    after = page.after
    rows = [asdict(one) for one in newest_first if after is None or (one.created_at, one.id) < after]
    return page.cut(cast("Sequence[Row]", rows[: page.one_more]), "created_at")


def link(token: str) -> str:
    """The address of a one-time link."""
    return f"{settings.get().public_url}/login/link?token={token}"


def done(work: Callable[[], T]) -> T:
    """404 for what is not there, 409 for what cannot be."""
    try:
        return work()
    except LookupError as error:
        raise HTTPException(404, str(error)) from None
    except ValueError as error:
        raise HTTPException(409, str(error)) from None
