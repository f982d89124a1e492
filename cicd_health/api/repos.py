"""Repositories: which are known, and which are watched. Tokens and secrets only ever go in."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response
from pydantic import AfterValidator, BaseModel, Field
from starlette.exceptions import HTTPException

from cicd_health import flow
from cicd_health.api import shapes
from cicd_health.api.auth import ADMIN, READER
from cicd_health.api.clock import Now
from cicd_health.api.paging import Page, WantedPage
from cicd_health.api.problems import answers
from cicd_health.api.runs import WantedRuns, page_of
from cicd_health.api.watch_shapes import RepoDetail, Watch
from cicd_health.api.words import Word
from cicd_health.model.watches import WatchLine
from cicd_health.store import engine, lists, watch_lines
from cicd_health.store.run_pages import run_page

router = APIRouter(prefix="/api/v1", tags=["repos"])

GITHUB = "github"
PART = re.compile(r"[A-Za-z0-9_.-]{1,100}")


def _checked(text: str, parts: int) -> str:
    said = text.strip().split("/")
    # A part of dots only would lead elsewhere in an address.
    if len(said) != parts or not all(PART.fullmatch(part) and part.strip(".") for part in said):
        raise ValueError("a repository is named owner/name, in letters, digits, dots, dashes and underscores")
    return "/".join(said)


FullName = Annotated[str, AfterValidator(lambda text: _checked(text, 2))]
Part = Annotated[str, AfterValidator(lambda text: _checked(text, 1))]
Owner = Annotated[str, Path(max_length=300, pattern=r"^[^\x00]*$")]
Secret = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00-\x1f]*$")]


class WatchDraft(BaseModel):
    """A repository to watch: `repo` (or `full_name`) is owner/name; or `owner` and `name`.

    `token`: for this repository alone, else the source's. `secret`: that of its webhook, beside the instance's; it
    proves deliveries about this repository and no other. `backfill`: read its history too.
    """

    repo: FullName | None = None
    full_name: FullName | None = None
    owner: Part | None = None
    name: Part | None = None
    token: Secret | None = None
    secret: Secret | None = None
    backfill: bool = True

    def named(self) -> str:
        """owner/name. 422 when it is not said."""
        said = self.repo or self.full_name
        if said is None and self.owner and self.name:
            said = f"{self.owner}/{self.name}"
        if said is None:
            raise HTTPException(422, "repo: say which one, as owner/name.")
        return said


class BackfillStep(BaseModel):
    """What to do with the walk into the past."""

    action: Literal["stop", "resume"]


@router.post("/repos", status_code=201, dependencies=[ADMIN], responses={200: {"description": "It was watched."}})
def watch(wanted: WatchDraft, now: Now, response: Response) -> Watch:
    """Watch a GitHub repository; a second time the token and secret given now count, the others stay."""
    name = wanted.named()
    known = _find(name, now)
    if known is not None:
        name, response.status_code = known.name, 200
    try:
        id = flow.watch_repository(name, now, token=wanted.token, secret=wanted.secret, backfill=wanted.backfill)
    except ValueError as error:
        raise HTTPException(422, str(error)) from None
    return _watch(id, now)


@router.get("/repos/{owner}/{name}", dependencies=[READER])
def repo(owner: Owner, name: Owner, now: Now, provider: Word | None = None) -> RepoDetail:
    """One repository, and how far it is compared with its provider."""
    full_name = f"{owner}/{name}"
    with engine.reading() as session:
        row = lists.repo(session, full_name, provider)
    line = _find(full_name, now, provider or (row["provider"] if row is not None else None))
    watched = Watch.of(line) if line is not None else None
    if row is not None:
        return RepoDetail(**row, watch=watched)
    if line is None or watched is None:
        raise HTTPException(404, f"There is no repository {full_name}.")
    unseen = dict.fromkeys(("id", "default_branch", "url", "created_at"))
    return RepoDetail(**unseen, provider=line.provider, source=line.source, name=line.name, watch=watched)


@router.get("/repos/{owner}/{name}/workflows", dependencies=[READER])
def workflows(owner: Owner, name: Owner, page: WantedPage, now: Now) -> Page[shapes.Pipeline]:
    """The pipelines of a repository, the latest to appear first."""
    full_name = _known(owner, name, now)
    with engine.reading() as session:
        rows, following = page.cut(lists.pipelines(session, None, full_name, page.one_more, page.after), "created_at")
    return Page(items=[shapes.Pipeline(**row) for row in rows], next=following)


@router.get("/repos/{owner}/{name}/runs", dependencies=[READER])
def runs(owner: Owner, name: Owner, wanted: WantedRuns, page: WantedPage, now: Now) -> Page[shapes.Run]:
    """The runs of a repository, newest first, with the filters of `/runs`."""
    chosen = replace(wanted, repo=_known(owner, name, now))
    with engine.reading() as session:
        return page_of(run_page(session, chosen, page.limit, page.after))


@router.delete("/repos/{owner}/{name}", status_code=204, dependencies=[ADMIN], responses=answers(409))
def unwatch(owner: Owner, name: Owner, now: Now) -> None:
    """Watch it no more. Its runs stay."""
    line = _watched(owner, name, now)
    try:
        flow.unwatch(line.id, now)
    except ValueError as error:
        raise HTTPException(409, str(error)) from None


@router.post("/repos/{owner}/{name}/backfill", dependencies=[ADMIN])
def backfill(owner: Owner, name: Owner, step: BackfillStep, now: Now) -> Watch:
    """Stop the walk into the past, or take it up again where it was stopped."""
    line = _watched(owner, name, now)
    (flow.stop_backfill if step.action == "stop" else flow.resume_backfill)(line.id, now)
    return _watch(line.id, now)


def _known(owner: str, name: str, now: datetime) -> str:
    """The repository's name as it is written here. 404 when there is none."""
    full_name = f"{owner}/{name}"
    with engine.reading() as session:
        row = lists.repo(session, full_name, None)
    if row is None and _find(full_name, now) is None:
        raise HTTPException(404, f"There is no repository {full_name}.")
    return row["name"] if row is not None else full_name


def _watched(owner: str, name: str, now: datetime) -> WatchLine:
    line = _find(f"{owner}/{name}", now)
    if line is None:
        raise HTTPException(404, f"{owner}/{name} is not watched.")
    return line


def _find(full_name: str, now: datetime, provider: str | None = GITHUB) -> WatchLine | None:
    """The watch of this name; upper and lower case are the same to GitHub."""
    with engine.reading() as session:
        lines = watch_lines.lines(session, now)
    found = (line for line in lines if line.name.lower() == full_name.lower())
    return next((line for line in found if provider in (None, line.provider)), None)


def _watch(id: int, now: datetime) -> Watch:
    with engine.reading() as session:
        line = watch_lines.line(session, id, now)
    if line is None:
        raise HTTPException(404, "It is watched no more.")
    return Watch.of(line)
