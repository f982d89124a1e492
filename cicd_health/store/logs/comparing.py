"""A log beside that of the last success: which run that was, and which lines are new."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.logs.line import plain
from cicd_health.logs.signature import pattern
from cicd_health.model.runs import Outcome
from cicd_health.store.logs.reading import all_lines

TABLES = SQLModel.metadata.tables
RUN, JOB, ATTEMPT = (TABLES[name] for name in ("runs", "jobs", "attempts"))
LOOK_BACK = timedelta(days=90)
# Numbers that tell nothing apart. Three digits may be a status of HTTP, and digits after a letter a compiler's message.
DIGITS = re.compile(r"(?<![A-Za-z0-9])(?:\d{1,2}|\d{4,})(?!\d)")


class Green(NamedTuple):
    """A job, or a run, that succeeded."""

    run_id: int
    job_id: int | None
    attempt: int
    number: int | None
    completed_at: datetime | None
    duration_s: float | None


def last_green(session: Session, run_id: int, job_name: str | None) -> Green | None:
    """The same job's (None: the whole run's) last success before this run: on its branch, else on the default branch.

    Looks back 90 days.
    """
    connection = session.connection()
    run = connection.execute(sa.select(RUN).where(RUN.c.id == run_id)).one_or_none()
    if run is None:
        return None
    for branch in (RUN.c.branch.is_not_distinct_from(run.branch), RUN.c.default_branch):
        query = _successes(run, job_name).where(branch).limit(1)
        if row := connection.execute(query).one_or_none():
            return Green._make(row)
    return None


def _successes(run: sa.Row, job_name: str | None) -> sa.Select[Any]:
    since = run.created_at - LOOK_BACK
    if job_name is None:
        columns = RUN.c.attempt, RUN.c.number, RUN.c.completed_at, RUN.c.duration_s
        return (
            sa.select(RUN.c.id, sa.null(), *columns)
            .where(RUN.c.pipeline_id == run.pipeline_id, RUN.c.outcome == Outcome.SUCCESS.value)
            .where(RUN.c.created_at < run.created_at, RUN.c.created_at >= since)
            .order_by(RUN.c.created_at.desc(), RUN.c.id.desc())
        )
    return (
        sa.select(RUN.c.id, JOB.c.id, JOB.c.attempt, RUN.c.number, JOB.c.completed_at, JOB.c.duration_s)
        .join(RUN, RUN.c.id == JOB.c.run_id)
        .where(JOB.c.pipeline_id == run.pipeline_id, JOB.c.name == job_name)
        .where(JOB.c.outcome == Outcome.SUCCESS.value, RUN.c.created_at < run.created_at)
        .where(JOB.c.counted_at >= since)
        .order_by(RUN.c.created_at.desc(), JOB.c.attempt.desc(), JOB.c.id.desc())
    )


def new_lines(session: Session, log_id: int, green_log_id: int, most: int = sys.maxsize) -> tuple[int, ...]:
    """The numbers of the lines that say something no line of the other log says: numbers, times and paths aside.

    Of more than `most` the first.
    """
    # Most lines differ in numbers only, if at all: that is seen quickly, the pattern of a line takes long.
    known = {_without_numbers(text) for text in _texts(session, green_log_id)}
    patterns: set[str] | None = None
    judged: dict[str, bool] = {}
    found: list[int] = []
    for line in all_lines(session, log_id):
        text = _without_numbers(plain(line.text).strip())
        if not text or text in known:
            continue
        if text not in judged:
            if patterns is None:
                patterns = {pattern(other) for other in known}
            judged[text] = pattern(text) not in patterns
        if judged[text]:
            found.append(line.number)
            if len(found) >= most:
                break
    return tuple(found)


def _texts(session: Session, log_id: int) -> Iterator[str]:
    return (plain(line.text).strip() for line in all_lines(session, log_id))


def _without_numbers(text: str) -> str:
    return DIGITS.sub("0", text)
