"""Logs as text: of a run, of a job, and lines found in all of them. Never whole in memory, never as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.responses import RedirectResponse, StreamingResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cicd_health import flow
from cicd_health.api.auth import OPERATOR, READER
from cicd_health.api.clock import Now
from cicd_health.api.paging import Page
from cicd_health.api.problems import problem
from cicd_health.api.words import LARGEST_ID, Id, Word
from cicd_health.flow import log_reading
from cicd_health.logs import words
from cicd_health.logs.line import split_stamp, strip
from cicd_health.logs.packing import lines_of
from cicd_health.model.logs import Line, Log, LogState
from cicd_health.store import engine, lists, logs

router = APIRouter(prefix="/api/v1", tags=["logs"])

TEXT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {}}, "description": "The lines."},
    404: {"content": {"application/problem+json": {}}, "description": "There is no log; `log` says why."},
    503: {"content": {"application/problem+json": {}}, "description": "The log store cannot be reached."},
}
OF_JOB = TEXT | {
    302: {"description": "A signed link to the whole log in the log store; for `download=1&ansi=1`, if it is set so."},
}
MOST_LINES = 10_000_000
WHY = {
    LogState.NONE: "It was not fetched.",
    LogState.PENDING: "It is being fetched: try again in a moment.",
    LogState.GONE: "It is not there any more.",
}

FromLine = Annotated[int, Query(ge=1, le=MOST_LINES, description="The first line wanted; lines count from 1.")]
Count = Annotated[int | None, Query(alias="lines", ge=1, le=MOST_LINES, description="How many lines. Default: all.")]
Text = Annotated[Word | None, Query(description='Only lines with this text, each as "NUMBER, tab, line".')]
Ansi = Annotated[bool, Query(description="Leave colours and other escape sequences in.")]
Download = Annotated[bool, Query(description="Answer as a file to be saved.")]
AcceptEncoding = Annotated[str, Header(include_in_schema=False)]
AttemptNumber = Annotated[int | None, Query(ge=1, le=1_000_000, description="Default: the last.")]


class Hit(BaseModel):
    """One line that was found. `outcome` is the job's, else the run's."""

    run_id: int
    job_id: int | None
    attempt: int
    line: int
    text: str
    repo: str
    pipeline: str
    number: int | None
    job: str | None
    outcome: str
    created_at: datetime


class Asked(BaseModel):
    """How it stands with a log: none, pending, kept or gone."""

    log: LogState


@router.get("/logs", dependencies=[READER])
def search(
    q: Annotated[Word, Query(description="3 characters or more, from the beginning of a word on; case is ignored.")],
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str | None, Query(description="`next` of the page before.")] = None,
) -> Page[Hit]:
    """Lines with this text in all kept logs, the logs kept last first; of a stretch of one log 20 lines at most.

    A search may stop early and find nothing: as long as there is a `next`, there may be more.
    """
    wanted = q.strip()
    if not words.searched(wanted):
        raise HTTPException(422, "q: 3 characters or more, with a letter or a digit among them.")
    found = log_reading.search_all(wanted, limit, _chunk(cursor))
    hits = [Hit(**{name: getattr(hit, name) for name in Hit.model_fields}) for hit in found.hits]
    return Page(items=hits, next=None if found.next is None else str(found.next))


def _chunk(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 20 and int(cursor) <= LARGEST_ID):
        raise HTTPException(400, "This cursor is not one of ours: use `next` of the page before.")
    return int(cursor)


@router.get("/runs/{run_id}/logs", dependencies=[READER], response_class=Response, responses=TEXT)
def of_run(
    run_id: Id,
    attempt: AttemptNumber = None,
    from_line: FromLine = 1,
    count: Count = None,
    q: Text = None,
    ansi: Ansi = False,
    download: Download = False,
) -> Response:
    """The log of a run; where it has none of its own those of its jobs, each under a heading."""
    with engine.reading() as session:
        run = lists.run(session, run_id)
        if run is None:
            raise HTTPException(404, f"There is no run {run_id}.")
        chosen = attempt or run["attempt"]
        here = logs.of_run(session, run_id, chosen)
        names = {job["id"]: job["name"] for job in lists.jobs(session, run_id, chosen)}
    readable = [log for log in here if _is_readable(log)]
    if not readable:
        return _missing(f"There is no log of run {run_id}.", here[0] if here else None)
    own = [log for log in readable if log.job_id is None]
    parts = _parts(own or readable, names, from_line, count, q, ansi=ansi)
    return _answer(parts, _file_name(run, None) if download else None)


@router.get("/jobs/{job_id}/logs", dependencies=[READER], response_class=Response, responses=OF_JOB)
def of_job(
    job_id: Id,
    from_line: FromLine = 1,
    count: Count = None,
    q: Text = None,
    ansi: Ansi = False,
    download: Download = False,
    accept_encoding: AcceptEncoding = "",
) -> Response:
    """The log of a job. Line numbers stay those of the whole log where lines were cut out of a long one."""
    with engine.reading() as session:
        job = lists.job(session, job_id)
        if job is None or job["run_id"] is None:
            raise HTTPException(404, f"There is no job {job_id}.")
        run = lists.run(session, job["run_id"])
        log = logs.find(session, job["run_id"], job["attempt"], job_id)
    if log is None or not _is_readable(log):
        return _missing(f"There is no log of job {job_id}.", log)
    name = _file_name(run, job["name"]) if download and run is not None else None
    as_kept = ansi and from_line == 1 and count is None and not q
    if name is not None and as_kept and "gzip" in accept_encoding and (link := log_reading.link(log.id, name)):
        return RedirectResponse(link, 302, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
    return _answer(_lines(log, from_line, count, q, ansi=ansi), name)


@router.post("/runs/{run_id}/logs/fetch", dependencies=[OPERATOR], status_code=202)
def fetch_of_run(run_id: Id, now: Now) -> Asked:
    """Ask the provider for the log of a run, if it is not here."""
    return _fetch(run_id, None, now)


@router.post("/jobs/{job_id}/logs/fetch", dependencies=[OPERATOR], status_code=202)
def fetch_of_job(job_id: Id, now: Now) -> Asked:
    """Ask the provider for the log of a job, if it is not here."""
    with engine.reading() as session:
        job = lists.job(session, job_id)
    if job is None or job["run_id"] is None:
        raise HTTPException(404, f"There is no job {job_id}.")
    return _fetch(job["run_id"], job_id, now)


def _fetch(run_id: int, job_id: int | None, now: datetime) -> Asked:
    try:
        return Asked(log=flow.want_log(run_id, job_id, now))
    except LookupError:
        raise HTTPException(404, f"There is no run {run_id}.") from None


def _is_readable(log: Log) -> bool:
    return log.state is LogState.KEPT or (log.state is LogState.PENDING and log.lines > 0)


def _missing(sentence: str, log: Log | None) -> Response:
    state = log.state if log is not None else LogState.NONE
    why = WHY[state]
    if log is not None and log.error:
        why += f" The last try: {log.error}"
    return problem(404, f"{sentence} {why}", log=state.value)


def _answer(parts: Iterator[str], file_name: str | None) -> Response:
    """The first part is read before anything is answered: what cannot be read is no answer of 200."""
    parts = chain([next(parts, "")], parts)
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    if file_name is not None:
        headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return StreamingResponse(parts, media_type="text/plain; charset=utf-8", headers=headers)


def _parts(
    several: Sequence[Log], names: dict[int, str], from_line: int, count: int | None, q: str | None, *, ansi: bool
) -> Iterator[str]:
    for log in several:
        lines = _lines(log, from_line, count, q, ansi=ansi)
        if log.job_id is not None:
            yield f"==> {strip(names.get(log.job_id, ''))} <==\n" + next(lines, "")
        yield from lines


def _lines(log: Log, from_line: int, count: int | None, q: str | None, *, ansi: bool) -> Iterator[str]:
    """The text of a log, about 64 kB at once; no database connection is held while a slow reader reads."""
    last = log.lines if count is None else min(log.lines, from_line + count - 1)
    wanted = set(log_reading.search(log.id, q)) if q else None
    for block in log_reading.blocks_from(log.id, from_line, last + 1):
        chosen = [line for line in lines_of(block) if from_line <= line.number <= last]
        yield "".join(_shown(line, numbered=wanted is not None, ansi=ansi) for line in chosen if _is_in(line, wanted))


def _is_in(line: Line, wanted: set[int] | None) -> bool:
    return wanted is None or line.number in wanted


def _shown(line: Line, *, numbered: bool, ansi: bool) -> str:
    text = line.text if ansi else _without_colours(line.text)
    return f"{line.number}\t{text}\n" if numbered else f"{text}\n"


def _without_colours(text: str) -> str:
    """The line with its time stamp; of what was written over, what came last."""
    rest = split_stamp(text).text
    before = text[: len(text) - len(rest)]
    if "\r" in rest:
        rest = next((part for part in reversed(rest.split("\r")) if part.strip()), "")
    return before + strip(rest)


def _file_name(run: lists.Row, job: str | None) -> str:
    """A name of letters, digits, dots and dashes, whatever is in the names it is made of."""
    number = run["number"] or run["id"]
    named = "-".join(str(part) for part in (run["repo"], run["pipeline"], number, job) if part)
    return re.sub(r"[^A-Za-z0-9_]+", "-", named).strip("-")[:150] + ".log"
