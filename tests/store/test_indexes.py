"""SQLite takes a partial index only for a condition in the very words of it: what the pages ask for is asked so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model.health import Query
from cicd_health.model.runs import Status
from cicd_health.model.windows import window_ending
from cicd_health.store import engine
from cicd_health.store.lists import RunFilter
from cicd_health.store.reports import pipelines, restores
from cicd_health.store.run_pages import run_page
from tests.factories import NOW

WEEK = Query(window_ending("7d", NOW))


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (lambda session: run_page(session, RunFilter(statuses=(Status.IN_PROGRESS,)), 50), "ix_runs_unfinished"),
        (lambda session: run_page(session, RunFilter(signature="aa", start=NOW), 50), "ix_runs_signature"),
        (lambda session: pipelines.unfinished(session, WEEK, NOW), "ix_runs_unfinished"),
        (lambda session: pipelines.last_verdicts_twice(session, WEEK), "ix_runs_verdicts"),
        (lambda session: pipelines.streaks(session, WEEK, [1]), "ix_runs_verdicts"),
        (lambda session: restores.lasting(session, WEEK, NOW), "ix_runs_verdicts"),
    ],
)
def test_a_question_of_the_pages_has_its_index(sqlite_url: str, ask: Callable[[Session], Any], index: str):
    assert index in plan(sqlite_url, ask)


def test_runs_that_are_looked_through_are_found_by_their_time_and_not_by_what_they_must_meet(sqlite_url: str):
    found = plan(sqlite_url, lambda session: run_page(session, RunFilter(counted="success_rate"), 50))
    assert "ix_runs_created" in found
    assert "ix_runs_outcome" not in found


def plan(url: str, ask: Callable[[Session], Any]) -> str:
    """How SQLite answers the last statement that is sent."""
    bind = engine.create_engine(url)
    sent: list[tuple[str, Any]] = []
    with Session(bind) as session:
        sa.event.listen(bind, "before_cursor_execute", lambda *told: sent.append((told[2], told[3])))
        ask(session)
        sql, parameters = sent[-1]
        steps = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters).all()
    bind.dispose()
    return str(steps)
