"""Asking providers now instead of by the clock."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from cicd_health import flow
from cicd_health.api.auth import OPERATOR
from cicd_health.api.clock import Now
from cicd_health.api.problems import answers
from cicd_health.api.watch_shapes import Queued, Waiting
from cicd_health.api.words import LARGEST_ID, Word
from cicd_health.store import engine, watch_lines

router = APIRouter(prefix="/api/v1", tags=["sources"], dependencies=[OPERATOR])


class PollDraft(BaseModel):
    """What to ask about; everything when nothing is said. `repo` is a repository's or Jenkins job's full name."""

    source: int | None = None
    repo: Word | None = None


@router.post("/poll/run", status_code=202, responses=answers(404))
def run(now: Now, wanted: PollDraft | None = None) -> Queued:
    """Compare with the providers now. A wait that a provider asked for holds."""
    return queue(wanted or PollDraft(), now)


def queue(wanted: PollDraft, now: datetime) -> Queued:
    """404 for what is not watched, or no source."""
    if wanted.source is not None and not 0 < wanted.source <= LARGEST_ID:
        raise HTTPException(404, f"There is no source {wanted.source}.")
    try:
        if wanted.repo is None:
            queued = flow.poll_now(now, source_id=wanted.source)
        else:
            queued = sum(flow.poll_now(now, watch_id=id) for id in _named(wanted, now))
    except LookupError as error:
        raise HTTPException(404, str(error)) from None
    with engine.reading() as session:
        lines = watch_lines.lines(session, now, wanted.source)
    waiting = [
        Waiting(name=line.name, source_id=line.source_id, until=line.next_poll_at, error=line.error)
        for line in lines
        if line.state == "waiting" and (wanted.repo is None or line.name.lower() == wanted.repo.lower())
    ]
    return Queued(queued=queued, waiting=waiting)


def _named(wanted: PollDraft, now: datetime) -> list[int]:
    with engine.reading() as session:
        lines = watch_lines.lines(session, now, wanted.source)
    found = [line.id for line in lines if line.name.lower() == (wanted.repo or "").lower()]
    if not found:
        raise LookupError(f"{wanted.repo} is not watched.")
    return found
