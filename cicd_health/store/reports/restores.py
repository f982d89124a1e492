"""The verdicts that begin and end incidents, in order: one query, not one per pipeline."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model.health import Query
from cicd_health.model.incidents import Turn
from cicd_health.model.runs import FAILED, VERDICTS, Outcome
from cicd_health.store.reports.pipelines import on_branch, or_always
from cicd_health.store.reports.rows import PIPELINE, REPOSITORY, RUN, SOURCE, pipeline_filters

ENDED = sa.func.coalesce(RUN.c.completed_at, RUN.c.created_at, type_=RUN.c.created_at.type)


def turns(session: Session, query: Query, start: datetime, end: datetime) -> list[Turn]:
    """Where pipelines turn from passing to failing and back within [start, end), oldest first.

    Before them stands, for each pipeline that was failing already at the start, the failure that began it.
    """
    return [*_begun_before(session, query, start), *_turns_within(session, query, start, end)]


def _turns_within(session: Session, query: Query, start: datetime, end: datetime) -> list[Turn]:
    passed = sa.case((RUN.c.outcome == Outcome.SUCCESS, 1), else_=0)
    before = sa.func.lag(passed).over(partition_by=RUN.c.pipeline_id, order_by=(RUN.c.created_at, RUN.c.id))
    verdicts = (
        _runs(passed.label("passed"), before.label("before"), RUN.c.id.label("run_id"))
        .where(
            *pipeline_filters(query),
            on_branch(query),
            RUN.c.outcome.in_(VERDICTS),
            RUN.c.created_at >= start,
            RUN.c.created_at < end,
        )
        .subquery()
    )
    turned = sa.or_(verdicts.c.before.is_(None), verdicts.c.before != verdicts.c.passed)
    columns = (verdicts.c.pipeline_id, verdicts.c.passed, verdicts.c.created_at, verdicts.c.ended_at)
    selected = sa.select(*columns).where(turned).order_by(verdicts.c.created_at, verdicts.c.run_id)
    return [Turn(row[0], bool(row[1]), row[2], row[3]) for row in session.connection().execute(selected)]


def _begun_before(session: Session, query: Query, start: datetime) -> list[Turn]:
    """The first failure after the last success before `start`, of each pipeline that has one."""
    passed, failed = RUN.alias("passed"), RUN.alias("failed")
    last_success = (
        sa.select(passed.c.created_at)
        .where(passed.c.pipeline_id == PIPELINE.c.id, on_branch(query, passed), passed.c.outcome == Outcome.SUCCESS)
        .where(passed.c.created_at < start)
        .order_by(passed.c.created_at.desc())
        .limit(1)
        .correlate(PIPELINE)
    )
    first_failure = (
        sa.select(failed.c.id)
        .where(failed.c.pipeline_id == PIPELINE.c.id, on_branch(query, failed), failed.c.outcome.in_(FAILED))
        .where(failed.c.created_at < start, failed.c.created_at > or_always(last_success))
        .order_by(failed.c.created_at, failed.c.id)
        .limit(1)
        .correlate(PIPELINE)
        .scalar_subquery()
    )
    selected = _runs().where(*pipeline_filters(query), RUN.c.id == first_failure).order_by(RUN.c.created_at, RUN.c.id)
    return [Turn(row[0], False, row[1], row[2]) for row in session.connection().execute(selected)]


def _runs(*columns: Any) -> Any:
    selected = sa.select(RUN.c.pipeline_id, RUN.c.created_at, ENDED.label("ended_at"), *columns)
    pipelines = selected.join_from(PIPELINE, RUN, RUN.c.pipeline_id == PIPELINE.c.id)
    return pipelines.join(REPOSITORY, REPOSITORY.c.id == PIPELINE.c.repo_id).join(SOURCE)
