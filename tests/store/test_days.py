"""When what was read of days may be remembered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.store import engine, recount
from cicd_health.store.reports.days import Days
from tests.factories import NOW, Rows

DAY = timedelta(days=1)
WEEK = NOW - 7 * DAY, NOW


@pytest.fixture
def session(database: sa.Engine) -> Iterator[Session]:
    with engine.writing() as session:
        yield session


def test_days_after_the_newest_run_hold_nothing_for_certain(session: Session) -> None:
    rows = Rows(session)
    pipeline = rows.pipeline()
    for days in range(2, 8):
        rows.run(pipeline, created_at=NOW - days * DAY)
    assert not Days(session, "run", *WEEK).certain(*WEEK)  # no sums are kept yet
    recount.rebuild(session)
    assert Days(session, "run", *WEEK).certain(*WEEK)
    rows.run(pipeline, created_at=NOW - timedelta(minutes=1))
    assert not Days(session, "run", *WEEK).certain(*WEEK)


def test_a_day_without_a_sum_between_others_may_hold_rows(session: Session) -> None:
    rows = Rows(session)
    pipeline = rows.pipeline()
    for days in (1, 2, 3, 5, 6, 7):
        rows.run(pipeline, created_at=NOW - days * DAY)
    recount.rebuild(session)
    assert not Days(session, "run", *WEEK).certain(*WEEK)
    assert Days(session, "run", *WEEK).certain(NOW - 3 * DAY, NOW)
