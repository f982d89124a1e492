"""What stands beside the numbers: latest runs, sources, refusals, and what there is to choose from."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.model.health import Query, Refusal, RunLine, SourceHealth
from cicd_health.model.runs import Outcome
from cicd_health.model.tally import is_rescued
from cicd_health.store.reports.rows import PIPELINE, REPOSITORY, RUN, SOURCE
from cicd_health.store.tables import RefusalRow

REFUSAL = SQLModel.metadata.tables[str(RefusalRow.__tablename__)]
LATEST = 30
BRANCHES = 50
RECENT = 5_000  # runs whose branches are counted
RECENT_OF_PIPELINE = 1_000
FRESH = timedelta(hours=24)


def empty(session: Session) -> bool:
    """Whether no run has ever arrived."""
    return session.connection().execute(sa.select(RUN.c.id).limit(1)).first() is None


def latest(session: Session, query: Query) -> tuple[RunLine, ...]:
    """The newest 30 runs, newest first, whatever the window."""
    selected = (
        sa.select(RUN, PIPELINE.c.name.label("pipeline"), REPOSITORY.c.name.label("repo"))
        .join_from(RUN, PIPELINE, PIPELINE.c.id == RUN.c.pipeline_id)
        .join(REPOSITORY, REPOSITORY.c.id == RUN.c.repo_id)
        .where(*_runs_of(query))
        .order_by(RUN.c.created_at.desc(), RUN.c.id.desc())
        .limit(LATEST)
    )
    return tuple(_line(row) for row in session.connection().execute(selected))


def _runs_of(query: Query) -> list[sa.ColumnElement[bool]]:
    where: list[sa.ColumnElement[bool]] = []
    if query.provider is not None:
        where.append(RUN.c.provider == query.provider)
    if query.repo is not None:
        where.append(RUN.c.repo_id.in_(sa.select(REPOSITORY.c.id).where(REPOSITORY.c.name == query.repo)))
    if query.pipeline_id is not None:
        where.append(RUN.c.pipeline_id == query.pipeline_id)
    if query.branch is not None:
        where.append(RUN.c.branch == query.branch)
    return where


def _line(row: Any) -> RunLine:
    return RunLine(
        run_id=row.id,
        pipeline_id=row.pipeline_id,
        pipeline=row.pipeline,
        repo=row.repo,
        provider=row.provider,
        number=row.number,
        attempt=row.attempt,
        outcome=Outcome(row.outcome),
        rescued=is_rescued(row.outcome, row.first_outcome),
        title=row.title,
        branch=row.branch,
        sha=row.sha,
        duration_s=row.duration_s,
        created_at=row.created_at,
        started_at=row.started_at,
        completed_at=row.completed_at,
        url=row.url,
    )


def sources(session: Session, now: datetime) -> tuple[SourceHealth, ...]:
    """Every source: error while it has one, never before its first event or poll, degraded after a day of silence."""
    selected = sa.select(SOURCE).order_by(SOURCE.c.provider, SOURCE.c.name)
    return tuple(
        SourceHealth(row.provider, row.name, source_state(row, now), row.last_event_at, row.complete_until, row.error)
        for row in session.connection().execute(selected)
    )


def source_state(row: Any, now: datetime) -> str:
    if row.error:
        return "error"
    heard_at = max((at for at in (row.last_event_at, row.last_poll_at) if at is not None), default=None)
    if heard_at is None:
        return "never"
    return "ok" if now - heard_at <= FRESH else "degraded"


def refusals(session: Session) -> tuple[Refusal, ...]:
    """The last refusal of each provider, newest first."""
    selected = sa.select(REFUSAL).order_by(REFUSAL.c.last_at.desc())
    newest: dict[str, Refusal] = {}
    for row in session.connection().execute(selected):
        newest.setdefault(row.provider, Refusal(row.provider, row.reason, row.times, row.last_at))
    return tuple(newest.values())


def repos(session: Session) -> tuple[str, ...]:
    """Names of repositories that have a pipeline; a Jenkins root has none and is left out."""
    selected = sa.select(REPOSITORY.c.name).distinct().join(PIPELINE).where(REPOSITORY.c.name != "")
    return tuple(session.connection().execute(selected.order_by(REPOSITORY.c.name)).scalars())


def branches(session: Session, query: Query) -> tuple[str, ...]:
    """Branches of the latest runs in the window, most used first, 50 at most."""
    recent = sa.select(RUN.c.branch).where(
        RUN.c.branch.is_not(None), RUN.c.created_at >= query.window.start, RUN.c.created_at < query.window.end
    )
    recent_runs = recent.order_by(RUN.c.created_at.desc()).limit(RECENT).subquery()
    counted = sa.select(recent_runs.c.branch).group_by(recent_runs.c.branch)
    counted = counted.order_by(sa.func.count().desc(), recent_runs.c.branch).limit(BRANCHES)
    return tuple(session.connection().execute(counted).scalars())


def branches_of(session: Session, pipeline_id: int) -> tuple[str, ...]:
    """Branches of the latest runs of one pipeline, whatever the window, most used first, 50 at most."""
    recent = sa.select(RUN.c.branch).where(RUN.c.pipeline_id == pipeline_id)
    recent_runs = recent.order_by(RUN.c.created_at.desc()).limit(RECENT_OF_PIPELINE).subquery()
    counted = sa.select(recent_runs.c.branch).where(recent_runs.c.branch.is_not(None)).group_by(recent_runs.c.branch)
    counted = counted.order_by(sa.func.count().desc(), recent_runs.c.branch).limit(BRANCHES)
    return tuple(session.connection().execute(counted).scalars())
