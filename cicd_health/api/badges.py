"""`GET /badge/{owner}/{repo}/{pipeline}.svg`: the last verdict of a pipeline as a picture, for pages and READMEs."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response

from cicd_health import settings
from cicd_health.api import limits
from cicd_health.api.badge_svg import AMBER, GREEN, GREY, RED, Badge, svg
from cicd_health.api.client_address import client_address
from cicd_health.api.clock import Now
from cicd_health.api.feed_access import Token, feed_reader
from cicd_health.api.problems import answers
from cicd_health.api.words import Word
from cicd_health.model import health
from cicd_health.model.runs import Outcome
from cicd_health.model.windows import window_ending
from cicd_health.store import engine
from cicd_health.store.reports import feeds, pipelines

SHOWN = {
    Outcome.SUCCESS: ("passing", GREEN),
    Outcome.FAILURE: ("failing", RED),
    Outcome.UNSTABLE: ("unstable", AMBER),
    Outcome.TIMED_OUT: ("timed out", RED),
    Outcome.STARTUP_FAILURE: ("cannot start", RED),
}
NO_VERDICT = ("no verdict", GREY)
UNKNOWN = ("unknown", GREY)
FRESH_S = 60  # proxies of pictures ask again after it
# A picture may be shown anywhere, and may load and do nothing.
HEADERS = {
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}
PICTURE = {"content": {"image/svg+xml": {"schema": {"type": "string"}}}}
DESCRIBED = {
    200: {"description": "The badge.", **PICTURE},
    304: {"description": "It is what it was, by `If-None-Match`."},
    404: {"description": "A badge that says so: there is no such pipeline.", **PICTURE},
}


async def badge_reader(request: Request, now: Now, token: Token = None) -> None:
    """Anybody under PUBLIC_BADGES, else who may read."""
    if settings.get().public_badges and token is None:
        await limits.stranger_asks(client_address(request.scope))
        return
    await feed_reader(request, now, token)


router = APIRouter(tags=["machines"], dependencies=[Depends(badge_reader)])


@router.get("/badge/{place:path}.svg", response_class=Response, responses={**answers(401, 403), **DESCRIBED})
def badge(
    request: Request,
    now: Now,
    place: Annotated[Word, Path(description="owner/name/pipeline; the pipeline by its name or its workflow's file.")],
    provider: Word | None = None,
    branch: Annotated[Word | None, Query(description="Default: the default branch.")] = None,
    label: Annotated[Word | None, Query(description="The left word. Default: the pipeline's name.")] = None,
    style: Literal["flat", "flat-square"] = "flat",
) -> Response:
    """The last verdict of a pipeline as a picture."""
    found = read(place, provider, branch, now)
    shown = found or Badge(place.rpartition("/")[2], *UNKNOWN)
    picture = svg(Badge(label or shown.label, shown.message, shown.colour), rounded=style == "flat")
    return _answer(request, picture, 200 if found else 404)


def read(place: str, provider: str | None, branch: str | None, now: datetime) -> Badge | None:
    """None for an unknown pipeline."""
    with engine.reading() as session:
        found = feeds.at_address(session, place, provider)
        if found is None:
            return None
        pipeline_id, name = found
        query = health.Query(window_ending("7d", now), pipeline_id=pipeline_id, branch=branch)
        last = pipelines.last_verdicts(session, query, any_branch=False).get(pipeline_id)
    return Badge(name, *(SHOWN[last.outcome] if last else NO_VERDICT))


def _answer(request: Request, picture: str, status: int) -> Response:
    tag = f'"{hashlib.sha256(picture.encode()).hexdigest()[:24]}"'
    keeper = "public" if settings.get().public_badges or settings.get().public_read else "private"
    headers = HEADERS | {"ETag": tag, "Cache-Control": f"{keeper}, max-age={FRESH_S}"}
    if status == 200 and tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(picture, status, headers, "image/svg+xml")
