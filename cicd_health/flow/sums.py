"""Sums that are kept beside the rows: counted anew, checked, and made smaller by what is too old."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime

import sqlalchemy as sa
import structlog
from sqlmodel import Session

from cicd_health import queue, settings
from cicd_health.model import acting
from cicd_health.store import audit, endings, engine, kept_sums, recount
from cicd_health.store.recount import Difference

log = structlog.get_logger(__name__)

Progress = Callable[[int, int], None]  # days that are done, and all
TRIES = 5  # of a day whose locks cross with another process's
WORK_S, PAUSE_S = 0.5, 0.15  # on SQLite, where whoever waits to write only looks now and then


def nobody(done: int, days: int) -> None:
    """Tell nobody."""


def want_count(session: Session, now: datetime) -> None:
    """Queue counting everything anew, if it was last counted by a program that kept less."""
    if not kept_sums.outdated(session):
        return
    if recount.days(session):
        queue.enqueue(session, "count_anew", f"edition-{kept_sums.EDITION}")
    else:
        kept_sums.note_counted(session, now)


def count_anew(now: datetime, told: Progress = nobody) -> None:
    """Count everything anew from the rows, a day at a time; in between, others write. May be stopped at any moment."""
    with engine.reading() as session:
        days = recount.days(session)
    rested_at = time.monotonic()
    for done, day in enumerate(days, 1):
        _count_day(day)
        told(done, len(days))
        if time.monotonic() - rested_at > WORK_S and engine.engine().dialect.name == "sqlite":
            time.sleep(PAUSE_S)
            rested_at = time.monotonic()
    with engine.writing() as session:
        recount.sweep(session)
        kept_sums.note_counted(session, now)
        if acting.by_somebody():
            audit.note(session, "tallies.rebuilt", "all kept sums", now, days=len(days))
        engine.announce(session, "runs")
    log.info("counted everything anew", days=len(days))


def check_sums(told: Progress = nobody) -> Iterator[Difference]:
    """Everything kept that is not what the rows say. Each day is looked at as it was at one moment."""
    with engine.reading() as session:
        days = recount.days(session)
    for done, day in enumerate(days, 1):
        with engine.reading() as session:
            _freeze(session)
            yield from recount.check_day(session, day)
        told(done, len(days))
    with engine.reading() as session:
        _freeze(session)
        yield from recount.check_strays(session)


def _count_day(day: datetime) -> None:
    for attempt in range(1, TRIES + 1):
        try:
            with engine.writing() as session:
                recount.count_day(session, day)
                return
        except sa.exc.OperationalError:
            if attempt == TRIES:
                raise
            log.info("day again", day=f"{day:%Y-%m-%d}", attempt=attempt)


def _freeze(session: Session) -> None:
    """All statements of this transaction see the same rows. SQLite does so by itself."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def fold_endings(now: datetime) -> int:
    """Put together what ended since the last time, for `GET /metrics`; how many rows there were."""
    folded, some = 0, endings.BATCH
    while some == endings.BATCH:
        with engine.writing() as session:
            some = endings.fold(session, settings.get().prometheus_pipelines, now)
        folded += some
    return folded
