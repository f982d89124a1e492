"""A question that takes too long is given up where people wait, and nowhere else."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from cicd_health.store import engine, patience

ENDLESS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
    "postgresql": "SELECT pg_sleep(60)",
}
LONGER = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000000) SELECT max(i) FROM n",
    "postgresql": "SELECT pg_sleep(0.4)",
}


@pytest.fixture
def hurried(database: sa.Engine) -> Iterator[str]:
    """A process that gives a question 0.2 s; the name of its database."""
    engine.limit_questions(0.2)
    yield database.dialect.name
    patience.limit(None)
    database.dispose()


def ask(question: str) -> None:
    with engine.reading() as session:
        session.execute(sa.text(question)).all()


def test_a_question_that_takes_too_long_is_given_up_and_the_next_is_answered(hurried: str):
    with pytest.raises(OperationalError) as cut_off:
        ask(ENDLESS[hurried])
    assert patience.was_cut_off(cut_off.value)
    assert not patience.was_locked_out(cut_off.value)
    ask("SELECT 1")


def test_a_job_has_more_time(hurried: str):
    with patience.patient(60):
        ask(LONGER[hurried])


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_whoever_holds_a_lock_for_long_does_not_keep_writers_for_ever(hurried: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(patience, "LOCK_S", 0.05)
    engine.limit_questions(60)
    holds, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with engine.writing() as session:
            session.execute(sa.text("LOCK TABLE kept_sums"))
            holds.set()
            may_end.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    assert holds.wait(30)
    with pytest.raises(OperationalError) as locked_out, engine.writing() as session:
        session.execute(sa.text("UPDATE kept_sums SET edition = 0"))
    may_end.set()
    thread.join()
    assert patience.was_locked_out(locked_out.value)
