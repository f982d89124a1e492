"""Deleting what is older than the settings keep it: in small steps, so that nobody who writes waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from cicd_health import settings
from cicd_health.flow import log_moving, parting
from cicd_health.model import acting
from cicd_health.store import audit, deliveries, engine, logs, old_runs, outbox, tallies, vacuuming

log = structlog.get_logger(__name__)

Pruned = Callable[[str, int | None], None]
Step = Callable[[Session, int], int]
AIM_S = 0.1  # of one transaction
# Things that one step deletes. Beginning one costs as much as some ten runs, so that fewer would not make it shorter.
FIRST, LEAST, MOST = 100, 25, 5000
LOGS_FIRST, LOGS_LEAST = 5, 1  # each is thousands of lines
LOOKS_AGAIN_S = 0.15  # SQLite: whoever waits to write only looks now and then
NIGHT_S = 1200.0
GOES_ON_AFTER = timedelta(hours=1)
TRIES = 5  # of a step whose locks cross with another process's


def nobody(what: str, gone: int | None) -> None:
    """Tell nobody."""


class Pace:
    """How much one step deletes, how long is rested after it, and when it is enough for this time."""

    def __init__(
        self,
        within_s: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._ends_at_s = None if within_s is None else clock() + within_s
        self._least_rest_s = LOOKS_AGAIN_S if engine.engine().dialect.name == "sqlite" else 0.0

    @property
    def over(self) -> bool:
        return self._ends_at_s is not None and self._clock() >= self._ends_at_s

    def walk(self, step: Step, first: int = FIRST, least: int = LEAST) -> int:
        """Take steps until nothing is left or the time is up; how many things went."""
        size, gone, crossed = first, 0, 0
        while not self.over:
            began_s = self._clock()
            try:
                with engine.writing() as session:
                    session.connection()  # where one writes at a time, waiting for that is not the step's own time
                    began_s = self._clock()
                    some = step(session, size)
            except OperationalError:  # a deadlock that the database broke here, or a lock that was held for long
                crossed += 1
                if crossed >= TRIES:
                    raise
                some = None
            took_s = self._clock() - began_s
            if some == 0:
                break
            gone += some or 0
            size = fitting(size, took_s, least)
            self._sleep(max(took_s, self._least_rest_s))
        return gone


def fitting(size: int, took_s: float, least: int = LEAST) -> int:
    """How much to delete next, after so much took so long: about what takes 0.1 s, and never much more at once."""
    wanted = size * min(2.0, max(0.25, AIM_S / max(took_s, 0.001)))
    return round(min(MOST, max(least, wanted)))


def prune(now: datetime, told: Pruned = nobody) -> int:
    """Delete all that is too old; how many things.

    `told` hears of each kind of thing before and after its turn, with None and how many went.
    """
    return _prune(now, told, Pace())


def prune_for_a_while(now: datetime) -> datetime | None:
    """The same for at most 20 minutes; when to go on, None when nothing is left."""
    pace = Pace(NIGHT_S)
    gone = _prune(now, nobody, pace)
    if gone:
        log.info("deleted what is too old", things=gone, finished=not pace.over)
    return now + GOES_ON_AFTER if pace.over else None


def _prune(now: datetime, told: Pruned, pace: Pace) -> int:
    gone = {}
    for what, turn in _turns(now, pace).items():
        told(what, None)
        gone[what] = turn()
        told(what, gone[what])
    log_moving.doom_unused_objects(now)
    vacuuming.tune(engine.engine())
    if acting.by_somebody():
        with engine.writing() as session:
            audit.note(session, "data.pruned", "what is older than the settings keep it", now, **gone)
    return sum(gone.values())


def _turns(now: datetime, pace: Pace) -> dict[str, Callable[[], int]]:
    chosen = settings.get()
    deliveries_end = now - timedelta(days=chosen.delivery_retention_days)
    audit_end = now - timedelta(days=chosen.audit_retention_days)
    logs_end = now - timedelta(days=chosen.log_retention_days)
    return {
        "deliveries": lambda: _all_of_deliveries(deliveries_end, now, pace),
        "messages": lambda: pace.walk(lambda session, some: outbox.prune(session, deliveries_end, some)),
        "logs": lambda: pace.walk(lambda session, some: _logs(session, logs_end, some), LOGS_FIRST, LOGS_LEAST),
        "runs": lambda: _all_of_runs(now - timedelta(days=chosen.run_retention_days), now, pace),
        "audit_entries": lambda: pace.walk(lambda session, some: audit.prune(session, audit_end, some)),
    }


def _all_of_deliveries(before: datetime, now: datetime, pace: Pace) -> int:
    """Where they lie by month, a month goes as a whole, and only when all of it is too old."""
    parting.make_months_ahead(now)
    gone = parting.drop_old_months(before)
    return gone + pace.walk(lambda session, some: deliveries.prune(session, before, some))


def _logs(session: Session, before: datetime, some: int) -> int:
    gone = logs.forget(session, before, some)
    if gone:
        engine.announce(session, "runs")
    return gone


def _all_of_runs(before: datetime, now: datetime, pace: Pace) -> int:
    """Runs, then the jobs whose run never came, and the sums in which nothing is left, which nobody counts."""
    gone = pace.walk(lambda session, some: _runs(session, before, now, some))
    gone += pace.walk(lambda session, some: old_runs.delete_early_jobs(session, before, some))
    pace.walk(lambda session, some: tallies.forget_empty(session, before, some))
    return gone


def _runs(session: Session, before: datetime, now: datetime, some: int) -> int:
    gone = old_runs.delete(session, before, now, some)
    if gone:
        engine.announce(session, "runs")
    return gone
