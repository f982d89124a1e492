"""Where runs come from: sources and repositories; and connecting them. Credentials only ever go in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from cicd_health import flow
from cicd_health.api import polling, shapes
from cicd_health.api.auth import ADMIN, OPERATOR, READER
from cicd_health.api.clock import Now
from cicd_health.api.paging import NamedPage, Page
from cicd_health.api.problems import answers
from cicd_health.api.watch_shapes import Queued, Source, Trial
from cicd_health.api.words import LARGEST_ID, Id, Word
from cicd_health.store import engine, lists, watch_lines

router = APIRouter(prefix="/api/v1", tags=["sources"])

T = TypeVar("T")
Text = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]


class GitHub(BaseModel):
    """A GitHub host: a token, or an App's id and private key (PEM)."""

    provider: Literal["github"]
    api_url: Text = "https://api.github.com"
    token: Text | None = None
    app_id: Annotated[int | None, Field(ge=1, le=LARGEST_ID)] = None
    app_private_key: Annotated[str | None, Field(max_length=20_000, pattern=r"^[^\x00]*$")] = None

    def connect(self, now: datetime) -> int:
        return flow.connect_github(
            now, api_url=self.api_url, token=self.token, app_id=self.app_id, app_private_key=self.app_private_key
        )


class Jenkins(BaseModel):
    """A Jenkins server: its address, and a user with an API token unless everybody may read."""

    provider: Literal["jenkins"]
    url: Text
    username: Text | None = None
    token: Text | None = None

    def connect(self, now: datetime) -> int:
        return flow.connect_jenkins(now, url=self.url, username=self.username, token=self.token)


class Trying(BaseModel):
    """What else to try: a repository or a Jenkins job by its full name."""

    name: Word | None = None


Connecting = Annotated[GitHub | Jenkins, Field(discriminator="provider")]


@router.get("/sources", dependencies=[READER])
def sources(now: Now) -> Page[Source]:
    """Every source, and how fresh it is."""
    with engine.reading() as session:
        return Page(items=[Source.of_line(line) for line in watch_lines.source_lines(session, now)])


@router.get("/sources/{source_id}", dependencies=[READER])
def source(source_id: Id, now: Now) -> Source:
    """One source, and how fresh it is."""
    return _source(source_id, now)


@router.post("/sources", status_code=201, dependencies=[ADMIN], responses={200: {"description": "It was known."}})
def connect(wanted: Connecting, now: Now, response: Response) -> Source:
    """Connect a source, or change how it is asked; all that is not given now is forgotten."""
    with engine.reading() as session:
        known = {line.id for line in watch_lines.source_lines(session, now)}
    try:
        source_id = wanted.connect(now)
    except ValueError as error:
        raise HTTPException(422, str(error)) from None
    if source_id in known:
        response.status_code = 200
    return _source(source_id, now)


@router.delete("/sources/{source_id}", status_code=204, dependencies=[ADMIN], responses=answers(409))
def forget(source_id: Id, now: Now) -> None:
    """Forget its credentials, and watch nothing of it any more. Its runs stay, and it may go on sending."""
    _found(lambda: flow.forget_connection(source_id, now))


@router.post("/sources/{source_id}/test", dependencies=[ADMIN], responses=answers(409))
def try_out(source_id: Id, now: Now, trying: Trying | None = None) -> Trial:
    """Try whether the source answers, and what we may see there. Takes as long as it takes to answer."""
    return Trial.of(_found(lambda: flow.try_out(source_id, now, trying.name if trying else None)))


@router.post("/sources/{source_id}/poll", status_code=202, dependencies=[OPERATOR], responses=answers(409))
def poll(source_id: Id, now: Now) -> Queued:
    """Compare all that is watched of a source with it now. A wait that it asked for holds."""
    return polling.queue(polling.PollDraft(source=source_id), now)


@router.get("/repos", dependencies=[READER])
def repos(page: NamedPage, provider: Word | None = None) -> Page[shapes.Repo]:
    """Repositories (GitHub) and folders (Jenkins)."""
    with engine.reading() as session:
        found = lists.repos(session, provider, page.one_more, page.after, by_name=page.by_name)
        rows, following = page.cut(found)
    return Page(items=[shapes.Repo(**row) for row in rows], next=following)


def _found(act: Callable[[], T]) -> T:
    """What comes of it. 404 for a source that is not there, 409 for one that cannot be asked so."""
    try:
        return act()
    except LookupError as error:
        raise HTTPException(404, str(error)) from None
    except ValueError as error:
        raise HTTPException(409, str(error)) from None


def _source(source_id: int, now: datetime) -> Source:
    with engine.reading() as session:
        lines = watch_lines.source_lines(session, now)
    line = next((line for line in lines if line.id == source_id), None)
    if line is None:
        raise HTTPException(404, f"There is no source {source_id}.")
    return Source.of_line(line)
