"""Which pipelines fail at a moment, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model.health import Query
from cicd_health.model.runs import FAILED, Outcome
from cicd_health.store.reports.days import revision_until
from cicd_health.store.reports.pieces import A_PIECE, A_REFERENCE, MEMORY
from cicd_health.store.reports.pipelines import ALWAYS, MOMENT_TYPE, NEWEST, PASSED, verdict_on_branch
from cicd_health.store.reports.rows import PIPELINE, RUN, STATEMENTS, anytime, of_pipelines, settled
from cicd_health.store.reports.wanted import places

Lasting = dict[int, datetime]
BROKE, HEALTHY = (RUN.alias(name) for name in ("broke", "healthy"))
ENDED_AT = sa.func.coalesce(RUN.c.completed_at, RUN.c.created_at, type_=MOMENT_TYPE)
SOME = 100  # moments that one statement asks for


def lasting(session: Session, query: Query, moment: datetime) -> Lasting:
    """Since when each pipeline of a query fails that did so at the moment: the end of the first failing verdict."""
    return lasting_each(session, query, [moment])[0]


def lasting_each(session: Session, query: Query, moments: Sequence[datetime]) -> list[Lasting]:
    """The same at a few moments, in one question, asked once in a session: a total and its groups want the same."""
    asked = "lasting", query.provider, query.repo, query.pipeline_id, query.branch
    known: dict[datetime, Lasting] = session.info.setdefault(asked, {})
    if missing := [moment for moment in moments if moment not in known]:
        known.update(_read(session, query, missing))
    return [known[moment] for moment in moments]


def lasting_at(session: Session, query: Query, moments: Sequence[datetime]) -> list[Lasting]:
    """The same at several moments. What was so in the past is remembered for as long as it has not changed."""
    if not moments:
        return []
    where = str(session.get_bind().engine.url), "lasting", *places(session, query), query.branch
    keys = [(where, *key) for key in zip(moments, revision_until(session, moments), strict=True)]
    found = {key: MEMORY.get(key) for key in keys}
    missing = [key for key, known in found.items() if known is None]
    for some in (missing[n : n + SOME] for n in range(0, len(missing), SOME)):
        read = _read(session, query, [moment for _, moment, _ in some])
        for key in some:
            found[key] = read[key[1]]
            if key[2] is not None:
                MEMORY.keep(key, found[key], A_PIECE + A_REFERENCE * len(found[key]))
    return [found[key] for key in keys]


def _read(session: Session, query: Query, moments: Sequence[datetime]) -> dict[datetime, Lasting]:
    asked = {f"at_{number}": moment for number, moment in enumerate(moments)}
    found: dict[datetime, Lasting] = {moment: {} for moment in moments}
    for moment, pipeline_id, since in session.connection().execute(_lasting(anytime(query), len(moments)), asked):
        found[moment][pipeline_id] = since
    return found


@lru_cache(STATEMENTS)
def _lasting(query: Query, number: int) -> Any:
    """At the moments `at_0`, `at_1`, …"""
    moments = (sa.bindparam(f"at_{n}", type_=MOMENT_TYPE) for n in range(number))
    asked = sa.union_all(*(sa.select(at.label("at")) for at in moments)).cte("asked")
    last = _last_before(query, NEWEST, PIPELINE.c.id, asked.c.at)
    last_run = of_pipelines(query, PIPELINE.c.id, asked.c.at, last.label("run_id")).join(asked, sa.true())
    last_run = settled(last_run, "last_run")
    last_success = _last_before(query, PASSED, last_run.c.id, last_run.c.at, PASSED.c.outcome == Outcome.SUCCESS)
    failing = sa.select(last_run.c.id, last_run.c.at, last_success.label("healthy_id"))
    failing = failing.join_from(last_run, RUN, sa.and_(RUN.c.id == last_run.c.run_id, RUN.c.outcome.in_(FAILED)))
    failing = settled(failing, "failing")
    healthy_at = sa.func.coalesce(HEALTHY.c.created_at, sa.literal(ALWAYS, MOMENT_TYPE))
    broke = sa.select(BROKE.c.id).where(BROKE.c.pipeline_id == failing.c.id, verdict_on_branch(query, BROKE))
    broke = broke.where(sa.tuple_(BROKE.c.created_at, BROKE.c.id) > sa.tuple_(healthy_at, failing.c.healthy_id))
    broke = broke.where(BROKE.c.created_at < failing.c.at).order_by(BROKE.c.created_at, BROKE.c.id).limit(1)
    began = sa.select(failing.c.id, failing.c.at, broke.correlate(failing, HEALTHY).scalar_subquery().label("run_id"))
    began = settled(began.join_from(failing, HEALTHY, HEALTHY.c.id == failing.c.healthy_id, isouter=True), "began")
    return sa.select(began.c.at, began.c.id, ENDED_AT).join_from(began, RUN, RUN.c.id == began.c.run_id)


def _last_before(query: Query, run: Any, pipeline_id: Any, moment: Any, *where: sa.ColumnElement[bool]) -> Any:
    """The id of a pipeline's last such verdict; 0 when there is none."""
    last = sa.select(run.c.id).where(run.c.pipeline_id == pipeline_id, verdict_on_branch(query, run), *where)
    last = last.where(run.c.created_at < moment).order_by(run.c.created_at.desc(), run.c.id.desc()).limit(1)
    return sa.func.coalesce(last.scalar_subquery(), 0)
