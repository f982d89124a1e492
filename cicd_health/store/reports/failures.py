"""Failing runs of one pipeline by what failed in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.model.health import Query
from cicd_health.model.pipeline_report import FailureGroup
from cicd_health.store.reports.rows import JOB, RUN, filters, within
from cicd_health.store.tables import LogRow

LOG = SQLModel.metadata.tables[str(LogRow.__tablename__)]
BEFORE = RUN.alias("before")
GROUPS = 20


@dataclass(frozen=True, slots=True)
class _Counted:
    signature: str
    runs: int
    first_at: datetime
    last_at: datetime


def groups(session: Session, query: Query) -> tuple[FailureGroup, ...]:
    """The most frequent of the query's window, most first, then the latest; new is what the pipeline never had before.

    Runs without a known cause, for which no log was ever read, are in none.
    """
    counted = _counted(session, query)
    if not counted:
        return ()
    newest = _newest(session, query, counted)
    lines = lines_of(session, list(newest.values()))
    found = []
    for one in counted:
        run = newest.get(one.signature)
        if run is None:  # it was given another one, or is gone, since it was counted
            continue
        found.append(
            FailureGroup(
                signature=one.signature,
                line=lines[run.id],
                job=run.failed_job,
                runs=one.runs,
                first_at=one.first_at,
                last_at=one.last_at,
                last_run_id=run.id,
                new=not run.seen_before,
            )
        )
    return tuple(found)


def _counted(session: Session, query: Query) -> list[_Counted]:
    times, last_at = sa.func.count(), sa.func.max(RUN.c.created_at)
    selected = sa.select(RUN.c.signature, times, sa.func.min(RUN.c.created_at), last_at).where(*_of_window(query))
    selected = selected.where(RUN.c.signature.is_not(None)).group_by(RUN.c.signature)
    selected = selected.order_by(times.desc(), last_at.desc(), RUN.c.signature).limit(GROUPS)
    return [_Counted(*row) for row in session.connection().execute(selected)]


def _of_window(query: Query) -> list[sa.ColumnElement[bool]]:
    return [within("run", query.window.start, query.window.end), *filters(query)]


def _newest(session: Session, query: Query, counted: Sequence[_Counted]) -> dict[str, Any]:
    """The last run of each signature, and whether the pipeline had that one before the window."""
    seen_before = sa.exists().where(
        BEFORE.c.signature == RUN.c.signature,
        BEFORE.c.pipeline_id == RUN.c.pipeline_id,
        BEFORE.c.created_at < query.window.start,
    )
    columns = (RUN.c.id, RUN.c.signature, RUN.c.attempt, RUN.c.failed_job, RUN.c.excerpt)
    last = [sa.and_(RUN.c.signature == one.signature, RUN.c.created_at == one.last_at) for one in counted]
    selected = sa.select(*columns, seen_before.label("seen_before")).where(sa.or_(*last), *filters(query))
    return {row.signature: row for row in session.connection().execute(selected.order_by(RUN.c.id))}


def lines_of(session: Session, runs: Sequence[Any]) -> dict[int, str]:
    """Of each run the line that says best why it failed; where its log is not known, the last of the excerpt."""
    lines = {run.id: _last_line(run.excerpt or "") for run in runs}
    by_id = {run.id: run for run in runs}
    selected = sa.select(LOG.c.run_id, LOG.c.attempt, LOG.c.failing, LOG.c.cause, LOG.c.job_id, JOB.c.name)
    selected = selected.join_from(LOG, JOB, JOB.c.id == LOG.c.job_id, isouter=True)
    selected = selected.where(LOG.c.run_id.in_(by_id), LOG.c.cause.is_not(None)).order_by(LOG.c.id)
    for run_id, attempt, failing, cause, job_id, job in session.connection().execute(selected):
        run = by_id[run_id]
        if attempt == run.attempt and (job_id is None or job == run.failed_job):
            lines[run_id] = line_at(run.excerpt or "", json.loads(failing or "[]"), cause) or lines[run_id]
    return lines


def line_at(excerpt: str, numbers: Sequence[int], number: int) -> str | None:
    """The line of a log with this number, from an excerpt that holds those with `numbers` and a line for each gap."""
    place, before = -1, None
    for one in numbers:
        place += 1 if before is None or one == before + 1 else 2
        before = one
        if one == number:
            lines = excerpt.split("\n")
            return lines[place].strip() if place < len(lines) else None
    return None


def _last_line(excerpt: str) -> str:
    return next((line.strip() for line in reversed(excerpt.split("\n")) if line.strip() not in ("", "…")), "")
