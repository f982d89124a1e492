"""How long the database may take over one question. Whoever serves people sets a limit; commands have none.

On PostgreSQL it holds for each statement, and another for waiting for a lock; on SQLite for all of a reading.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import sqlalchemy as sa
from sqlalchemy import event

LOCK_S = 30.0  # SQLite's writers wait as long, see `busy_timeout`
LOOK_AFTER = 1_000_000  # steps of SQLite's machine, some 20 ms, between two looks at the clock
CUT_OFF = frozenset({"57014"})  # PostgreSQL's code for a statement that took too long
LOCKED = frozenset({"55P03"})  # and for a lock that was held too long

_limit_s: list[float] = []  # of this process, once it serves
_patient_s: ContextVar[float | None] = ContextVar("patient_s", default=None)


def limit(seconds: float | None) -> None:
    """From now on nobody in this process waits longer, but for those that are `patient`. None: for ever.

    For connections that are made from here on.
    """
    _limit_s[:] = [] if seconds is None else [seconds]


@contextmanager
def patient(seconds: float) -> Iterator[None]:
    """In here, a statement may take so long: for jobs, which nobody waits for."""
    token = _patient_s.set(seconds)
    try:
        yield
    finally:
        _patient_s.reset(token)


def was_cut_off(error: BaseException) -> bool:
    """Whether that is the error of a question that took too long."""
    origin = getattr(error, "orig", None)
    return getattr(origin, "pgcode", "") in CUT_OFF or getattr(origin, "sqlite_errorname", "") == "SQLITE_INTERRUPT"


def was_locked_out(error: BaseException) -> bool:
    """Whether that is the error of somebody who waited too long for others that write."""
    origin = getattr(error, "orig", None)
    return getattr(origin, "pgcode", "") in LOCKED or getattr(origin, "sqlite_errorname", "") == "SQLITE_BUSY"


def limit_postgres(engine: sa.Engine) -> None:
    """Let the connections of this engine keep to the limit."""

    @event.listens_for(engine, "connect")
    def _limited(connection, _record) -> None:
        if _limit_s:
            with connection.cursor() as cursor:
                cursor.execute(f"SET lock_timeout = {_ms(LOCK_S)}; SET statement_timeout = {_ms(_limit_s[0])}")
            connection.commit()

    @event.listens_for(engine, "begin")
    def _patiently(connection: sa.Connection) -> None:
        seconds = _patient_s.get()
        if _limit_s and seconds is not None:
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {_ms(seconds)}")


def limit_sqlite(engine: sa.Engine) -> None:
    """Let the connections of this engine keep to the limit."""

    @event.listens_for(engine, "connect")
    def _limited(connection, record) -> None:
        if _limit_s:
            until = record.info["until"] = [math.inf]
            connection.set_progress_handler(lambda: time.monotonic() > until[0], LOOK_AFTER)

    @event.listens_for(engine, "begin")
    def _from_now(connection: sa.Connection) -> None:
        until = connection.info.get("until")
        if until is not None:
            reads = connection.get_execution_options().get("reads_only")
            until[0] = time.monotonic() + (_patient_s.get() or _limit_s[0]) if reads and _limit_s else math.inf


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))
