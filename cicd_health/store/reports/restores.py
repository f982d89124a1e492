"""The verdicts that begin and end breakages: found from the failures, which are few, and not from all runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model.health import Query
from cicd_health.model.incidents import Turn
from cicd_health.model.runs import FAILED, VERDICTS, Outcome
from cicd_health.store.reports.pipelines import ALWAYS, MOMENT_TYPE, on_branch, or_always, verdict_on_branch
from cicd_health.store.reports.rows import PIPELINE, RUN, of_pipelines, pipeline_filters, pipeline_ids, settled

# Made once: what an alias has for columns is worked out for each anew.
NEWEST, PASSED, BROKE, HEALTHY = (RUN.alias(name) for name in ("newest", "passed", "broke", "healthy"))
ENDED_AT = sa.func.coalesce(RUN.c.completed_at, RUN.c.created_at, type_=MOMENT_TYPE)


def turns(session: Session, query: Query, start: datetime, end: datetime) -> list[Turn]:
    """Where pipelines turn from passing to failing within [start, end), and back whenever that is; oldest first.

    With them, of each pipeline that was failing already at the start, the failure that began it and its recovery.
    """
    found: set[tuple[datetime, int, Turn]] = set()
    for begun in (_begun_before(query, start), _begun_within(query, start, end)):
        for pipeline_id, *verdicts in session.connection().execute(_with_recovery(query, begun)):
            for passed, (run_id, created_at, ended_at) in ((False, verdicts[:3]), (True, verdicts[3:])):
                if run_id is not None:
                    found.add((created_at, run_id, Turn(pipeline_id, passed, created_at, ended_at)))
    return [turn for _, _, turn in sorted(found, key=lambda one: one[:2])]


def lasting(session: Session, query: Query, moment: datetime) -> dict[int, datetime]:
    """Since when each pipeline of a query fails that did so at the moment: the end of the first failing verdict."""
    last = _last_before(query, NEWEST, PIPELINE.c.id, moment)
    last_run = settled(of_pipelines(query, PIPELINE.c.id, last.label("run_id")), "last_run")
    last_success = _last_before(query, PASSED, last_run.c.id, moment, PASSED.c.outcome == Outcome.SUCCESS)
    failing = sa.select(last_run.c.id, last_success.label("healthy_id"))
    failing = failing.join_from(last_run, RUN, sa.and_(RUN.c.id == last_run.c.run_id, RUN.c.outcome.in_(FAILED)))
    failing = settled(failing, "failing")
    healthy_at = sa.func.coalesce(HEALTHY.c.created_at, sa.literal(ALWAYS, MOMENT_TYPE))
    broke = sa.select(BROKE.c.id).where(BROKE.c.pipeline_id == failing.c.id, verdict_on_branch(query, BROKE))
    broke = broke.where(sa.tuple_(BROKE.c.created_at, BROKE.c.id) > sa.tuple_(healthy_at, failing.c.healthy_id))
    broke = broke.where(BROKE.c.created_at < moment).order_by(BROKE.c.created_at, BROKE.c.id).limit(1)
    began = sa.select(failing.c.id, broke.correlate(failing, HEALTHY).scalar_subquery().label("run_id"))
    began = settled(began.join_from(failing, HEALTHY, HEALTHY.c.id == failing.c.healthy_id, isouter=True), "began")
    selected = sa.select(began.c.id, ENDED_AT).join_from(began, RUN, RUN.c.id == began.c.run_id)
    return {row[0]: row[1] for row in session.connection().execute(selected)}


def _last_before(query: Query, run: Any, pipeline_id: Any, moment: datetime, *where: sa.ColumnElement[bool]) -> Any:
    last = sa.select(run.c.id).where(run.c.pipeline_id == pipeline_id, verdict_on_branch(query, run), *where)
    last = last.where(run.c.created_at < moment).order_by(run.c.created_at.desc(), run.c.id.desc()).limit(1)
    return sa.func.coalesce(last.scalar_subquery(), 0)


def _begun_within(query: Query, start: datetime, end: datetime) -> Any:
    """Ids of the failing runs whose pipeline had passed before, or had no verdict yet."""
    before = RUN.alias("before")
    outcome_before = (
        sa.select(before.c.outcome)
        .where(before.c.pipeline_id == RUN.c.pipeline_id, before.c.created_at < RUN.c.created_at)
        .where(on_branch(query, before), before.c.outcome.in_(VERDICTS))
        .order_by(before.c.created_at.desc(), before.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    begun = sa.select(RUN.c.id).where(RUN.c.outcome.in_(FAILED), RUN.c.created_at >= start, RUN.c.created_at < end)
    begun = begun.where(on_branch(query), sa.func.coalesce(outcome_before, Outcome.SUCCESS.value) == Outcome.SUCCESS)
    return begun.where(RUN.c.pipeline_id.in_(pipeline_ids(query))) if pipeline_filters(query) else begun


def _begun_before(query: Query, start: datetime) -> Any:
    """Ids of the first failure after the last success before `start`, of each pipeline that has one."""
    passed, failed = RUN.alias("passed"), RUN.alias("failed")
    last_success = (
        sa.select(passed.c.created_at)
        .where(passed.c.pipeline_id == PIPELINE.c.id, on_branch(query, passed), passed.c.outcome == Outcome.SUCCESS)
        .where(passed.c.created_at < start)
        .order_by(passed.c.created_at.desc())
        .limit(1)
        .correlate(PIPELINE)
    )
    healthy_until = settled(of_pipelines(query, PIPELINE.c.id, or_always(last_success).label("at")), "healthy_until")
    first_failure = (
        sa.select(failed.c.id)
        .where(failed.c.pipeline_id == healthy_until.c.id, on_branch(query, failed), failed.c.outcome.in_(FAILED))
        .where(failed.c.created_at > healthy_until.c.at, failed.c.created_at < start)
        .order_by(failed.c.created_at, failed.c.id)
        .limit(1)
        .correlate(healthy_until)
        .scalar_subquery()
    )
    return sa.select(first_failure.label("id")).select_from(healthy_until)


def _with_recovery(query: Query, begun: Any) -> Any:
    """Pipeline, then id, creation and end of each failure and of the next success (None while there is none)."""
    ids = settled(begun, "begun")
    failed, later, recovered = RUN.alias("failed"), RUN.alias("later"), RUN.alias("recovered")
    next_success = (
        sa.select(later.c.id)
        .where(later.c.pipeline_id == failed.c.pipeline_id, later.c.created_at > failed.c.created_at)
        .where(on_branch(query, later), later.c.outcome == Outcome.SUCCESS)
        .order_by(later.c.created_at, later.c.id)
        .limit(1)
        .scalar_subquery()
    )
    failures = sa.select(failed.c.pipeline_id, *_verdict(failed), next_success.label("recovery_id"))
    breakages = settled(failures.join_from(ids, failed, failed.c.id == ids.c.id), "breakages")
    columns = [column for column in breakages.c if column.name != "recovery_id"]
    selected = sa.select(*columns, *_verdict(recovered))
    return selected.join_from(breakages, recovered, recovered.c.id == breakages.c.recovery_id, isouter=True)


def _verdict(run: Any) -> tuple[Any, ...]:
    ended_at = sa.func.coalesce(run.c.completed_at, run.c.created_at, type_=MOMENT_TYPE)
    return run.c.id.label("run_id"), run.c.created_at.label("created_at"), ended_at.label("ended_at")
