"""Traffic goes on: hurried, and yet true."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from random import Random

import sqlalchemy as sa

from cicd_health import demo, flow
from cicd_health.demo import company
from cicd_health.demo.story import FAIL, PASS, Sketch
from cicd_health.demo.traffic import Numbers, hurried, new_tellings
from cicd_health.model.runs import Attempt, Outcome, Status
from cicd_health.providers import PROVIDERS
from cicd_health.store import engine

BEGINS = datetime(2026, 11, 20, 10, 42, tzinfo=UTC)


def attempts(sketch: Sketch) -> list[Attempt]:
    found = []
    for telling in sorted(hurried(sketch, 7, BEGINS, 60), key=lambda telling: telling.at):
        assert BEGINS <= telling.at <= BEGINS + timedelta(seconds=61)
        incoming = telling.write()
        events = PROVIDERS[incoming.provider].parse(incoming.headers, incoming.payload)
        found += [event for event in events if isinstance(event, Attempt)]
    return found


def test_a_hurried_run_takes_its_usual_time_and_ends_now() -> None:
    told = attempts(Sketch(company.STOREFRONT_CI, BEGINS))
    first, last = told[0], told[-1]
    assert (first.status, last.status, last.outcome) == (Status.QUEUED, Status.COMPLETED, Outcome.SUCCESS)
    assert last.completed_at is not None
    assert abs(last.completed_at - (BEGINS + timedelta(seconds=60))) <= timedelta(seconds=2)
    assert timedelta(minutes=3) < last.completed_at - first.created_at < timedelta(minutes=8)


def test_a_jenkins_build_is_queued_started_and_finished() -> None:
    told = attempts(Sketch(company.DEPLOY, BEGINS, FAIL))
    assert [event.status for event in told] == [Status.QUEUED, Status.IN_PROGRESS, Status.COMPLETED, Status.COMPLETED]
    assert told[-1].outcome is Outcome.FAILURE


def test_traffic_arrives_until_it_is_stopped(database: sa.Engine) -> None:
    stop, arrived = threading.Event(), threading.Event()
    unsubscribe = engine.subscribe(lambda topics: arrived.set() if "runs" in topics else None)
    traffic = threading.Thread(target=demo.live, args=(stop,))
    traffic.start()
    assert arrived.wait(20)
    stop.set()
    traffic.join(20)
    unsubscribe()
    assert not traffic.is_alive()
    with database.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM runs"))


def test_what_the_past_left_to_tell_is_told(database: sa.Engine) -> None:
    now = datetime.now(UTC)
    pending = list(hurried(Sketch(company.WAREHOUSE, now, PASS), 1, now - timedelta(minutes=5), 30))
    stop, ended = threading.Event(), threading.Event()
    unsubscribe = engine.subscribe(lambda topics: ended.set())
    traffic = threading.Thread(target=demo.live, args=(stop, pending))
    traffic.start()
    assert ended.wait(20)
    stop.set()
    traffic.join(20)
    unsubscribe()
    with database.connect() as connection:
        done = sa.text("SELECT outcome FROM runs JOIN pipelines ON pipelines.id = pipeline_id WHERE name = :name")
        assert list(connection.scalars(done, {"name": "warehouse-build"})) == ["success"]


def test_a_pipeline_with_a_verdict_to_come_gets_no_other_run(database: sa.Engine) -> None:
    every = {plan.key for plan in company.PIPELINES}
    assert list(new_tellings(Random(1), Numbers(), every, BEGINS)) == []


def test_new_runs_go_on_counting_where_the_database_stands(database: sa.Engine) -> None:
    numbers = Numbers()
    told = hurried(Sketch(company.DEPLOY, BEGINS), 41, BEGINS, 30)
    flow.receive([telling.write() for telling in told], BEGINS + timedelta(minutes=1))
    assert [numbers.next(company.DEPLOY), numbers.next(company.DEPLOY)] == [42, 43]


def test_what_breaks_main_is_followed_by_its_repair(database: sa.Engine) -> None:
    followed = 0
    for seed in range(200):
        ends = [telling.verdict for telling in new_tellings(Random(seed), Numbers(), set(), BEGINS) if telling.verdict]
        if ends and len({key for key, _ in ends}) == 1 and [failed for _, failed in ends][:1] == [True]:
            followed += 1
            assert ends[-1][1] is False
    assert followed > 5
