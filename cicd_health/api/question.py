"""What is asked of the numbers: a window and what to narrow it to, with the same parameters everywhere."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import Depends
from fastapi import Query as Parameter
from sqlmodel import Session
from starlette.exceptions import HTTPException

from cicd_health.api.words import Moment, Word
from cicd_health.model.health import Query
from cicd_health.model.windows import WINDOWS, Window, window_ending
from cicd_health.model.zones import zones
from cicd_health.store import lists

LONGEST = timedelta(days=3660)
WindowSlug = Literal["24h", "7d", "30d", "90d"]


class Span:
    """When: a named window that ends now, or from one moment to another; and the zone in which its days begin."""

    def __init__(
        self,
        window: WindowSlug = "7d",
        from_: Annotated[Moment | None, Parameter(alias="from")] = None,
        to: Moment | None = None,
        tz: Annotated[Word, Parameter(description="The zone in which days begin.")] = "UTC",
    ) -> None:
        if tz not in zones():
            raise HTTPException(422, f"tz: {tz!r} is not a time zone such as Europe/Berlin.")
        self.tz = ZoneInfo(tz).key
        self._slug = window
        self._from, self._to = from_, to

    def window(self, now: datetime) -> Window:
        """The window asked for: a named one ends now; a custom one that says one end only is as long as the named."""
        if self._from is None and self._to is None:
            return window_ending(self._slug, now)
        end = self._to or window_ending(self._slug, now).end
        try:
            start = self._from or end - WINDOWS[self._slug]
        except OverflowError:
            raise HTTPException(422, "to: too long ago.") from None
        if not start < end or end - start > LONGEST or start.year < 1980 or end.year > 2200:
            raise HTTPException(422, "from: must be before to, by ten years at most.")
        return Window("custom", start, end)


AskedSpan = Annotated[Span, Depends()]


class Question:
    """What a caller asks for; `query` turns its pipeline's name into an id."""

    def __init__(
        self,
        span: AskedSpan,
        provider: Word | None = None,
        repo: Annotated[Word | None, Parameter(description="owner/name, or Jenkins' folder path")] = None,
        pipeline: Annotated[Word | None, Parameter(description="Its id or its name.")] = None,
        branch: Word | None = None,
        event: Word | None = None,
        actor: Word | None = None,
        job: Word | None = None,
        subject: Literal["run", "job"] = "run",
        durations: Literal["success", "verdicts"] = "success",
    ) -> None:
        self._span = span
        self._pipeline = pipeline
        self._rest: dict[str, Any] = {
            "provider": provider,
            "repo": repo,
            "branch": branch,
            "event": event,
            "actor": actor,
            "job": job,
            "subject": subject,
            "durations": durations,
            "tz": span.tz,
        }

    def query(self, session: Session, now: datetime) -> Query:
        """The question to the report. 404 for an unknown pipeline, 400 for a name that several have."""
        pipeline_id = None
        if self._pipeline is not None:
            pipeline_id = the_pipeline(session, self._pipeline, self._rest["repo"])
        return Query(window=self._span.window(now), pipeline_id=pipeline_id, **self._rest)


Asked = Annotated[Question, Depends()]


def the_pipeline(session: Session, said: str, repo: str | None) -> int:
    """The one pipeline of this id or name. 404 when there is none, 400 when several have the name."""
    found = lists.pipeline_ids(session, said, repo)
    if not found:
        raise HTTPException(404, f"There is no pipeline {said}.")
    if len(found) > 1:
        raise HTTPException(400, f"{len(found)} pipelines are called {said}: say its id, or the repo.")
    return found[0]
