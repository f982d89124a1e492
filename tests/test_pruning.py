"""Deleting goes in steps that fit, leaves alone what somebody is at, and waits for nobody while it holds runs."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from cicd_health import flow
from cicd_health.flow.pruning import AIM_S, LEAST, MOST, Pace, fitting
from cicd_health.store import deliveries, engine, old_runs
from cicd_health.store.runs import lock_pipelines
from cicd_health.store.tables import LogRow
from tests.bodies import delivery, github_run
from tests.factories import NOW, Rows

on_postgres = pytest.mark.parametrize("database", ["postgres"], indirect=True)
OLD = NOW - timedelta(days=3 * 365)
SOON_S = 30.0


class Day:
    """A clock that only deleting and resting move."""

    def __init__(self, per_thing_s: float) -> None:
        self.now_s, self.per_thing_s = 0.0, per_thing_s
        self.rested_s = 0.0

    def clock(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s, self.rested_s = self.now_s + seconds, self.rested_s + seconds


@given(st.integers(LEAST, MOST), st.floats(0, 1000))
def test_the_next_step_is_never_much_more_and_never_nothing(size: int, took_s: float):
    following = fitting(size, took_s)
    assert LEAST <= following <= min(MOST, 2 * size)
    assert took_s <= AIM_S or following <= max(LEAST, size)


@pytest.mark.parametrize("per_thing_s", [0.0001, 0.001, 0.004])
def test_steps_become_as_long_as_they_should_be_and_rests_as_long_as_steps(database: sa.Engine, per_thing_s: float):
    day, left, steps = Day(per_thing_s), 20_000, []

    def step(_session: object, some: int) -> int:
        nonlocal left
        went = min(some, left)
        left -= went
        day.now_s += went * per_thing_s
        steps.append(went * per_thing_s)
        return went

    assert Pace(clock=day.clock, sleep=day.sleep).walk(step) == 20_000
    assert max(steps[8:]) <= 1.1 * AIM_S
    assert day.rested_s >= 0.99 * sum(steps)


def test_it_ends_when_the_time_is_up_and_goes_on_later(database: sa.Engine, monkeypatch: pytest.MonkeyPatch):
    day = Day(0.0)

    def step(_session: object, _some: int) -> int:
        day.now_s += 1.0
        return 1

    pace = Pace(10, day.clock, day.sleep)
    assert (pace.walk(step), pace.walk(step), pace.over) == (5, 0, True)
    assert flow.prune_for_a_while(NOW) is None
    monkeypatch.setattr("cicd_health.flow.pruning.NIGHT_S", 0.0)
    assert flow.prune_for_a_while(NOW) == NOW + timedelta(hours=1)


def test_a_delivery_that_was_never_applied_outlives_a_long_stop(database: sa.Engine):
    long_ago = NOW - timedelta(days=40)
    with engine.writing() as session:
        deliveries.keep(session, [delivery(github_run(1), at=long_ago)])
    flow.receive([delivery(github_run(2), at=long_ago)], long_ago)
    assert flow.prune(NOW) == 1
    flow.recover(NOW)
    assert len(left()) == 2
    assert flow.prune(NOW) == 1


def two_old_runs() -> tuple[int, int, int]:
    """Their pipeline and both; each has a log."""
    with engine.writing() as session:
        rows = Rows(session)
        pipeline = rows.pipeline()
        ids = []
        for number in (1, 2):
            run = rows.run(pipeline, created_at=OLD, outcome="failure")
            assert run.id is not None
            session.add(LogRow(key=f"run:{number}", run_id=run.id, attempt=1, state="kept", created_at=OLD))
            ids.append(run.id)
        assert pipeline.id is not None
        return pipeline.id, ids[0], ids[1]


def left() -> set[int]:
    with engine.reading() as session:
        return set(session.execute(sa.text("SELECT id FROM runs")).scalars())


@on_postgres
def test_a_run_whose_log_is_being_written_is_left_for_another_time(database: sa.Engine):
    _, first, second = two_old_runs()
    with engine.writing() as writer:
        writer.execute(sa.text("SELECT id FROM logs WHERE run_id = :id FOR UPDATE"), {"id": first})
        with engine.writing() as session:
            session.execute(sa.text("SET LOCAL lock_timeout = '1s'"))
            assert old_runs.delete(session, NOW, NOW) == 1
    assert (left(), second in left()) == ({first}, False)


@on_postgres
def test_deleting_a_run_waits_for_whoever_opens_an_incident_of_it_and_does_not_cross(database: sa.Engine):
    pipeline_id, first, _ = two_old_runs()
    waits = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    gone: list[int] = []

    def delete() -> None:
        with engine.writing() as session:
            gone.append(old_runs.delete(session, NOW, NOW))

    with engine.writing() as opening:
        lock_pipelines(opening, [pipeline_id])
        deleting = threading.Thread(target=delete)
        deleting.start()
        until = threading.Event()
        for _ in range(int(SOON_S / 0.02)):
            with engine.reading() as session:
                if session.execute(waits).scalar_one():
                    break
            until.wait(0.02)
        opening.execute(sa.text("SET LOCAL lock_timeout = '1s'"))
        opening.execute(sa.text("SELECT id FROM runs WHERE id = :id FOR KEY SHARE"), {"id": first})
    deleting.join(SOON_S)
    assert (gone, left()) == ([2], set())
