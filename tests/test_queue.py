"""Durable jobs: queued with their cause, run at least once, taken over from the dead."""

from __future__ import annotations

import asyncio
import fcntl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cicd_health import queue, settings
from cicd_health.jobs import JOBS
from cicd_health.queue import Job
from cicd_health.store import engine
from cicd_health.store.locks import AdvisoryLocks, FileLocks, Locks, locks_for
from tests import loopback
from tests.forked import Forked

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Calls:
    """A job body that remembers what it was called with, and answers what it was told to."""

    def __init__(self, *answers: Callable[[datetime], datetime | None]) -> None:
        self.answers = list(answers)
        self.args: list[tuple] = []
        self.changed = threading.Condition()

    def __call__(self, *args) -> datetime | None:
        with self.changed:
            self.args.append(args[:-1])
            answer = self.answers.pop(0) if self.answers else None
            self.changed.notify_all()
        return answer(args[-1]) if answer else None

    def wait_for(self, count: int, timeout_s: float = 15.0) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: len(self.args) >= count, timeout_s)


def raises(now: datetime) -> None:
    raise ValueError("as told")


@pytest.fixture
def prepared(database: sa.Engine) -> sa.Engine:
    queue.prepare(settings.get().database_url)
    return database


def put(job: str, key: str, *args: object) -> None:
    with engine.writing() as session:
        queue.enqueue(session, job, key, *args)


def test_preparing_twice_is_harmless(prepared):
    queue.prepare(settings.get().database_url)
    assert queue.depth() == 0


async def test_a_job_runs_with_its_arguments_and_is_then_gone(prepared):
    calls = Calls()
    put("greet", "1", 7, "seven")
    assert queue.depth() == 1
    async with queue.running([Job("greet", calls)]):
        assert calls.wait_for(1)
    assert calls.args == [(7, "seven")]
    assert queue.depth() == 0


def test_a_rolled_back_transaction_leaves_no_job(prepared):
    def cause() -> None:
        with engine.writing() as session:
            queue.enqueue(session, "greet", "1")
            raise ValueError("the cause failed")

    with pytest.raises(ValueError, match="the cause failed"):
        cause()
    assert queue.depth() == 0


def test_the_same_key_is_queued_once_even_within_one_transaction(prepared):
    with engine.writing() as session:
        queue.enqueue(session, "greet", "1")
        queue.enqueue(session, "greet", "1")
        session.execute(sa.text("SELECT 1"))  # the transaction is still good
    put("greet", "1")
    assert queue.depth() == 1


async def test_a_job_comes_again_when_it_says_so_and_when_it_raised(prepared, monkeypatch):
    monkeypatch.setattr(queue, "FIRST_RETRY_S", 0.1)
    calls = Calls(lambda now: now + timedelta(seconds=0.1), raises, lambda now: None)
    put("greet", "1", "again")
    async with queue.running([Job("greet", calls)]):
        assert calls.wait_for(3)
    assert calls.args == [("again",)] * 3


async def test_a_scheduled_job_runs_at_the_start_once_for_all(prepared):
    calls = Calls()
    daily = Job("daily", calls, every=timedelta(days=36500))
    async with queue.running([daily]):
        assert calls.wait_for(1)
    async with queue.running([daily, Job("after", after := Calls())]):
        put("after", "1")
        assert after.wait_for(1)
    assert calls.args == [()]


async def test_many_writers_and_the_engine_share_the_database(prepared):
    calls = Calls()
    failures: list[BaseException] = []

    def write(first: int) -> None:
        try:
            for n in range(first, first + 25):
                put("count", str(n), n)
        except BaseException as error:
            failures.append(error)

    async with queue.running([Job("count", calls)]):
        writers = [threading.Thread(target=write, args=(first,)) for first in range(0, 100, 25)]
        for writer in writers:
            writer.start()
        assert calls.wait_for(100, timeout_s=30)
        for writer in writers:
            writer.join()
    assert not failures
    assert sorted(calls.args) == [(n,) for n in range(100)]


async def test_messages_go_out_while_slow_servers_hold_all_polls_and_thirty_channels_up(prepared):
    answer, calls = threading.Event(), Calls()

    def deliver(number: int, now: datetime) -> None:
        return calls(now) if number > 30 else answer.wait(60) and None

    try:
        for n in range(60):
            put("poll", str(n))
        async with queue.running([Job("poll", lambda now: answer.wait(60) and None), Job("deliver", deliver)]):
            for n in range(1, 32):
                put("deliver", str(n), n)
            assert calls.wait_for(1)
            assert queue.depth() > 70, "the polls are not done, nor is any other message"
            answer.set()
    finally:
        answer.set()


def test_every_job_with_a_lane_of_its_own_is_one_of_ours():
    assert queue.LANES.keys() <= {job.name for job in JOBS}
    assert set(queue.LANES.values()) < queue.AT_ONCE.keys()


async def test_the_worker_says_that_it_works(prepared):
    calls = Calls()
    async with queue.running([Job("now", calls, every=timedelta(days=1))]) as worker:
        assert calls.wait_for(1)
        assert worker.error is None


@pytest.fixture
def process() -> Iterator[Callable[..., Forked]]:
    """Starts `tests.job_worker`; what it started is killed at the latest when the test ends."""
    with ExitStack() as started:
        yield lambda webhook, *args: started.enter_context(Forked("tests.job_worker", *args, SLACK_WEBHOOK_URL=webhook))


def test_a_process_killed_before_it_sent_leaves_its_message_to_the_next_one(prepared, process):
    port = loopback.free_port()
    first = process(f"http://127.0.0.1:{port}{loopback.WEBHOOK}", "queue")
    assert "queued" in first.lines()
    first.kill()
    with loopback.slack(port) as slack:
        assert "sent" in process(slack.url, "work", "stop when idle").lines()
        assert process(slack.url, "work", "stop when idle").wait(20) == 0
        assert slack.texts == [":x: *CI failed*\n\nbuild"]


def test_a_process_killed_while_it_sent_leaves_its_message_to_the_next_one(prepared, process):
    port = loopback.free_port()
    with loopback.slack(port) as slack:
        slack.open.clear()
        first = process(slack.url, "queue", "work")
        assert slack.wait_for(1), "the first process never reached the channel"
        first.kill()
    with loopback.slack(port) as slack:
        assert "sent" in process(slack.url, "work", "later").lines(), "the message is lost"
        assert process(slack.url, "work", "later", "stop when idle").wait(20) == 0
        assert slack.texts == [":x: *CI failed*\n\nbuild"]


def test_a_lock_is_free_again_when_its_holder_is_gone(database):
    url = settings.get().database_url
    mine, others = locks_for(url), locks_for(url)
    assert mine.take("a")
    assert not mine.take("a")
    assert not others.take("a")
    assert others.take("b")
    assert mine.holds()
    mine.close()
    assert others.take("a")
    others.close()


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_the_connection_that_holds_the_locks_notices_a_cut_cable(database):
    locks = AdvisoryLocks(database.url)
    assert locks.take("a")
    assert locks.connection is not None
    connection: Any = locks.connection.connection.driver_connection
    asked = connection.info.dsn_parameters
    assert (asked["keepalives_idle"], asked["keepalives_interval"], asked["tcp_user_timeout"]) == ("10", "5", "30000")
    locks.close()


def test_a_lock_dropped_as_another_takes_it_is_not_held_twice(tmp_path, monkeypatch):
    holder, late, third = (FileLocks(tmp_path) for _ in range(3))
    assert holder.take("a")
    lock = fcntl.flock

    def dropped_meanwhile(file: int, how: int) -> None:
        holder.drop("a")
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", dropped_meanwhile)
    first = late.take("a")
    monkeypatch.setattr(fcntl, "flock", lock)
    assert [first, third.take("a")].count(True) == 1


class TakenOver:
    """The locks of a process; before it gets one, another process takes the jobs over, and begins with them."""

    def __init__(self, locks: Locks, begin: Callable[[], None]) -> None:
        self.locks, self.begin = locks, begin

    def take(self, name: str) -> bool:
        self.begin()
        return self.locks.take(name)

    def drop(self, name: str) -> None:
        self.locks.drop(name)

    def holds(self) -> bool:
        return self.locks.holds()

    def close(self) -> None:
        self.locks.close()


async def test_jobs_that_another_process_took_over_meanwhile_are_left_to_it(prepared):
    table = "dbos.workflow_status" if prepared.dialect.name == "postgresql" else "workflow_status"

    def runs_at(process: str) -> None:
        pending = f"UPDATE {table} SET status = 'PENDING', executor_id = :process"
        with prepared.begin() as connection:
            connection.execute(sa.text(f"{pending} WHERE workflow_uuid = 'later-1'"), {"process": process})

    calls = Calls()
    async with queue.running([Job("now", calls, every=timedelta(days=1))]) as worker:
        assert calls.wait_for(1)
        with engine.writing() as session:
            queue.enqueue(session, "later", "1", at=datetime.now(UTC) + timedelta(hours=1))
        runs_at("dead")
        worker._locks = TakenOver(worker._locks, lambda: runs_at("alive"))
        await asyncio.to_thread(worker._reap)
        with prepared.connect() as connection:
            row = connection.execute(
                sa.text(f"SELECT status, executor_id FROM {table} WHERE workflow_uuid = 'later-1'")
            ).one()
    assert tuple(row) == ("PENDING", "alive")


def test_waits_double_up_to_a_quarter_of_an_hour():
    waits = [(queue.next_try(n, NOW, NOW) - NOW).total_seconds() for n in range(1, 20)]
    for n, wait in enumerate(waits):
        assert 0.8 <= wait / min(900, 5 * 2**n) <= 1.2


def test_a_day_of_trying_is_enough():
    assert queue.next_try(90, NOW - timedelta(hours=23), NOW) is not None
    assert queue.next_try(90, NOW - timedelta(hours=24), NOW) is None


def test_what_time_does_not_cure_is_tried_three_times():
    tries = [queue.next_try(n, NOW, NOW, permanent=True) is not None for n in (1, 2, 3)]
    assert tries == [True, True, False]


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
async def test_jobs_go_on_after_the_database_cut_every_connection(prepared, monkeypatch):
    monkeypatch.setattr(queue, "TEND_S", 0.5)
    monkeypatch.setattr(queue, "LAUNCH_AGAIN_S", 0.5)
    calls = Calls()
    async with queue.running([Job("greet", calls)]):
        put("greet", "before")
        assert calls.wait_for(1)
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid()"
        with prepared.connect() as connection:
            connection.execute(sa.text(f"{cut} AND datname = current_database()"))
        prepared.dispose()
        put("greet", "after")
        assert calls.wait_for(2)
