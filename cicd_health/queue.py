"""Durable jobs: the only import of the job engine (DBOS).

A job is queued in the transaction of its cause, runs at least once in one process of the installation, and is tried
again, for a day, until it says that it is done. Killed processes' jobs are taken over by the others, or by the next
start. The engine keeps its tables in our database, beside ours: see docs/decisions/job-engine.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import random
import socket
import threading
import uuid
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from cicd_health import settings
from cicd_health.store import engine, patience
from cicd_health.store.locks import Locks, locks_for

log = structlog.get_logger(__name__)

NAME = "cicd_health"
QUEUE = "jobs"
# What waits for other people's servers has lanes of its own, by the job's name: however slow those servers are, and
# however many they are, no message and no clock waits behind them, and no poll behind the ways back.
LANES = {
    **{"poll": "polls", "backfill": "backfills", "fetch_log": "logs", "find_cause": "logs", "move_logs": "logs"},
    **{"deliver": "messages", "deliver_now": "messages"},
}
UNFINISHED = ["ENQUEUED", "DELAYED", "PENDING"]
FINISHED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]

# Jobs that one process runs at the same time. A channel that hangs takes one place, for at most 15 s a try.
AT_ONCE = {QUEUE: 20, "messages": 60, "polls": 10, "backfills": 4, "logs": 6}
# How often a process looks for queued jobs: of all that an idle one does, this is most.
LOOK_S = {QUEUE: 2.0, "messages": 0.5, "polls": 3.0, "backfills": 5.0, "logs": 1.0}
TEND_S = 5.0  # how often it looks after schedules and itself
REAP_S = 15.0  # how often it looks for jobs of dead processes
KEEP = timedelta(hours=1)  # how long a finished job's id keeps a second one away
AHEAD = timedelta(minutes=1)  # clocks of several machines differ by less
LAUNCH_AGAIN_S = 5.0
AT_A_TIME = 500  # jobs that one statement deletes
JOB_S = 600.0  # what one statement of a job may take

FIRST_RETRY_S = 5.0
LONGEST_RETRY_S = 900.0
RETRY_FOR = timedelta(hours=24)
PERMANENT_TRIES = 3  # of what is unlikely to be cured by time


@dataclass(frozen=True, slots=True)
class Job:
    """What runs in the background. `body(*args, now)` returns when it wants to run again, or None when it is done.

    A body that raises runs again later, as `next_try` says. With `every` it runs once per such span in the whole
    installation, and at the first start.
    """

    name: str
    body: Callable[..., datetime | None]
    every: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """Jobs of one lane; `oldest_at` is when the first of those that wait was queued."""

    name: str
    waiting: int
    running: int
    oldest_at: datetime | None


def next_try(tries: int, since: datetime, now: datetime, *, permanent: bool = False) -> datetime | None:
    """When to try again after `tries` failures, the first at about `since`; None to give up.

    5 s, doubling to 15 min, each a fifth shorter or longer by chance, for a day.
    """
    if now - since >= RETRY_FOR or (permanent and tries >= PERMANENT_TRIES):
        return None
    wait_s = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** min(max(tries, 1) - 1, 20))
    return now + timedelta(seconds=wait_s * random.uniform(0.8, 1.2))


def prepare(url: str) -> None:
    """Create or upgrade the engine's tables. `enqueue` needs them: call it wherever our own are migrated."""
    DBOS.migrate(_engine_url(url))
    for lane, at_once in AT_ONCE.items():
        _client(url).register_queue(lane, worker_concurrency=at_once, polling_interval_sec=LOOK_S[lane])


def enqueue(session: Session, job: str, key: str, *args: Any, at: datetime | None = None) -> None:
    """Queue a job in this transaction, to run now or at a moment.

    A second one with the same key is none, until an hour after the first.
    """
    options = _options(job, key, turn=1) | (_delay(at) if at else {})
    _client(settings.get().database_url).enqueue_in_transaction(session, options, job, key, 1, list(args))


def depth() -> int:
    """How many jobs wait or run, up to 1,000. Raises when the database does not answer."""
    client = _client(settings.get().database_url)
    return len(client.list_workflows(status=UNFINISHED, limit=1000, load_input=False, load_output=False))


def lanes() -> tuple[Lane, ...]:
    """What waits and what runs in each lane, of the oldest 1,000. What waits for its time is in none."""
    client = _client(settings.get().database_url)
    jobs = client.list_workflows(status=["ENQUEUED", "PENDING"], limit=1000, load_input=False, load_output=False)
    return tuple(_lane(name, [job for job in jobs if (job.queue_name or QUEUE) == name]) for name in AT_ONCE)


def _lane(name: str, jobs: Sequence[Any]) -> Lane:
    waiting = [job.created_at for job in jobs if job.status == "ENQUEUED"]
    oldest_at = datetime.fromtimestamp(min(waiting) / 1000, UTC) if waiting else None
    return Lane(name, len(waiting), len(jobs) - len(waiting), oldest_at)


def known(url: str) -> list[str]:
    """The ids of all jobs, whatever became of them."""
    return [job.workflow_id for job in _client(url).list_workflows(load_input=False, load_output=False)]


def forget(url: str, ids: Sequence[str]) -> None:
    """Delete these jobs: what they were about is not in the database any more."""
    for place in range(0, len(ids), AT_A_TIME):
        _client(url).delete_workflows(list(ids[place : place + AT_A_TIME]))


@contextlib.asynccontextmanager
async def running(jobs: Sequence[Job]) -> AsyncGenerator[Worker]:
    """Work on jobs while the block lasts. The engine starts, and if need be starts again, in the background."""
    worker = Worker(jobs)
    worker.start()
    _here.append(worker)
    try:
        yield worker
    finally:
        _here.remove(worker)
        await asyncio.to_thread(worker.stop)


def trouble() -> str | None:
    """What is wrong with the jobs of this process, or None; also None where it has none."""
    return _here[0].error if _here else None


class Worker:
    """This process's part in the work: one thread that keeps the engine running, and the engine's own threads."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.jobs = {job.name: job for job in jobs}
        self.url = settings.get().database_url
        self.id = f"{socket.gethostname()}-{uuid.uuid4().hex[:12]}"
        self.error: str | None = "starting"  # None while it works
        self._locks: Locks = locks_for(self.url)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="jobs", daemon=True)
        self._slots: dict[str, int] = {}

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let running jobs end for a moment, then leave the rest to the next start."""
        self._stopping.set()
        self._thread.join(timeout=30)

    def _keep(self) -> None:
        while not self._stopping.is_set():
            try:
                self._launch()
                self._tend()
            except Exception as error:
                self.error = f"{type(error).__name__}: {error}"
                log.exception("job engine stopped, starts again", wait_s=LAUNCH_AGAIN_S)
                self._stopping.wait(LAUNCH_AGAIN_S)
            finally:
                self._destroy()

    def _launch(self) -> None:
        # The lock comes before the first job: whoever finds it free may take this process's jobs over.
        if not self._locks.take(self.id):
            raise RuntimeError(f"another process works under the name {self.id}")
        _jobs.clear()
        _jobs.update(self.jobs)
        prepare(self.url)
        DBOS(config=_config(self.url, self.id))
        DBOS.launch()

    def _tend(self) -> None:
        """Until stopped: prove to be alive, take over what the dead left, queue what is due by the clock."""
        rounds = 0
        while not self._stopping.is_set():
            if not self._locks.holds():
                raise RuntimeError("the lock of this process was lost with its database connection")
            if rounds % round(REAP_S / TEND_S) == 0:
                self._reap()
                _forget_finished(datetime.now(UTC))
            self._schedule(datetime.now(UTC))
            self.error = None
            rounds += 1
            self._stopping.wait(TEND_S)

    def _schedule(self, now: datetime) -> None:
        for job in self.jobs.values():
            if job.every is None:
                continue
            slot = int(now.timestamp() // job.every.total_seconds())
            if self._slots.get(job.name) != slot:
                with engine.writing() as session:
                    enqueue(session, job.name, f"slot-{slot}")
                self._slots[job.name] = slot

    def _reap(self) -> None:
        """Queue the jobs of dead processes again: those whose lock is free."""
        pending = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
        for dead in {job.executor_id for job in pending if job.executor_id} - {self.id}:
            if self._locks.take(dead):
                try:
                    _take_over(dead)
                finally:
                    self._locks.drop(dead)

    def _destroy(self) -> None:
        try:
            DBOS.destroy(workflow_completion_timeout_sec=3 if self._stopping.is_set() else 0)
        except Exception:  # it may be what failed; the locks are given back all the same
            log.exception("job engine did not stop cleanly")
        with contextlib.suppress(SQLAlchemyError):
            self._locks.close()


def _take_over(dead: str) -> None:
    """With its lock in hand, look again: what was seen before may be with another process, and run, by now."""
    left = DBOS.list_workflows(status="PENDING", executor_id=dead, load_input=False, load_output=False)
    for lane in {job.queue_name or QUEUE for job in left}:
        ids = [job.workflow_id for job in left if (job.queue_name or QUEUE) == lane]
        DBOS.resume_workflows(ids, queue_name=lane)
    log.info("took over jobs of a dead process", process=dead, jobs=len(left))


_here: list[Worker] = []  # this process's one, while it works
# The jobs of this process by name: the engine calls plain functions, and a process has one engine.
_jobs: dict[str, Job] = {}


@DBOS.workflow(name="job")
def _work(name: str, key: str, turn: int, args: list[Any]) -> None:
    """One turn of a job. The next one is a job of its own, so that waiting for it holds no place."""
    with structlog.contextvars.bound_contextvars(job=name, key=key), patience.patient(JOB_S):
        again_at = DBOS.run_step({"name": name}, _turn, name, turn, args)
    if again_at is not None:
        options = _options(name, key, turn + 1) | _delay(datetime.fromisoformat(again_at))
        DBOS.enqueue_workflow_with_options(options, name, key, turn + 1, args)


def _turn(name: str, turn: int, args: list[Any]) -> str | None:
    """Run the body; when to run it again as text, None when that is it."""
    now = datetime.now(UTC)
    job = _jobs[name]
    try:
        again_at = job.body(*args, now)
    except Exception:  # whatever a body raises, the job is tried again
        log.exception("job failed", job=name, args=args, turn=turn)
        # A scheduled job has its next time anyway.
        again_at = None if job.every else _after_error(turn, now)
    return again_at.isoformat() if again_at else None


def _after_error(turn: int, now: datetime) -> datetime | None:
    """As `next_try`, with the first failure dated back by the turns before: the engine keeps no date of it."""
    waited_s = sum(min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** min(n, 20)) for n in range(turn - 1))
    return next_try(turn, now - timedelta(seconds=waited_s), now)


def _options(job: str, key: str, turn: int) -> Any:
    suffix = "" if turn == 1 else f"~{turn}"
    return {"workflow_name": "job", "queue_name": LANES.get(job, QUEUE), "workflow_id": f"{job}-{key}{suffix}"}


def _delay(at: datetime) -> Any:
    """Not before that moment: the engine counts whole milliseconds and cuts the rest."""
    return {"delay_seconds": max(0.0, (at - datetime.now(UTC)).total_seconds() + 0.001)}


def _forget_finished(now: datetime) -> None:
    """Jobs of long ago; and of later than now: the clock was set back, and their ids would keep the next ones away."""
    few: dict[str, Any] = {"status": FINISHED, "limit": 500, "load_input": False, "load_output": False}
    for span in ({"completed_before": (now - KEEP).isoformat()}, {"completed_after": (now + AHEAD).isoformat()}):
        while old := DBOS.list_workflows(**few, **span):
            DBOS.delete_workflows([job.workflow_id for job in old])


def _config(url: str, executor_id: str) -> DBOSConfig:
    is_sqlite = sa.make_url(engine.normalise(url)).get_backend_name() == "sqlite"
    return {
        "name": NAME,
        "system_database_url": _engine_url(url),
        "application_version": "1",  # else a hash of the code, and an upgrade would leave old jobs lying
        "executor_id": executor_id,
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "WARNING",
        "run_migrations": False,  # `prepare` did
        "sys_db_pool_size": 5,
        "db_engine_kwargs": {} if is_sqlite else {"connect_args": dict(engine.NOTICES_A_CUT)},
    }


@functools.lru_cache(maxsize=8)
def _client(url: str) -> DBOSClient:
    """Queues on our own connections; the engine's tables must exist by then."""
    return DBOSClient(
        system_database_engine=engine.engine_for(url),
        serializer=DBOSPortableJSONSerializer(),
        application_name=NAME,
        lazy=True,
        retry_connection_errors=False,
    )


def _engine_url(url: str) -> str:
    """The URL as the engine wants it: it brings its own driver for PostgreSQL."""
    address = sa.make_url(engine.normalise(url))
    if address.get_backend_name() != "sqlite":
        address = address.set(drivername="postgresql")
    return address.render_as_string(hide_password=False)
