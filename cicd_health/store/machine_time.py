"""Machine time of runs, worked out anew from the rows of their attempts and jobs: as `model.machine_time` does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model.machine_time import CARRIED_S
from cicd_health.store.tables import UtcDateTime

# Whole microseconds, so that no order of adding makes a difference.
_US = "round({0}.duration_s * 1000000)"
# A subquery, not a join: PostgreSQL would read all attempts there are to join them.
_STARTED = "(SELECT {0} FROM attempts WHERE attempts.run_id = jobs.run_id AND attempts.attempt = jobs.attempt)"
_SQLITE_US = "CAST(strftime('%s', {0}) AS INTEGER) * 1000000 + CAST(substr({0}, 21, 6) AS INTEGER)"
_CARRIED = {
    "postgresql": f"{_STARTED.format('attempts.started_at')} > jobs.started_at + interval '{CARRIED_S} seconds'",
    "sqlite": f"{_STARTED.format(_SQLITE_US.format('attempts.started_at'))}"
    f" > {_SQLITE_US.format('jobs.started_at')} + {CARRIED_S * 1_000_000}",
}
_DIFFERS = {"postgresql": "IS DISTINCT FROM", "sqlite": "IS NOT"}


def _wrong(dialect: str) -> str:
    """Id, what is kept and what should be, of the runs whose machine time is not that of their attempts and jobs."""
    carried = f"jobs.attempt > 1 AND coalesce({_CARRIED[dialect]}, false)"
    return f"""
    WITH chosen AS MATERIALIZED (
        SELECT id, attempt, spent_s, rerun_s FROM runs WHERE created_at >= :start AND created_at < :stop
    ),
    of_jobs AS MATERIALIZED (
        SELECT jobs.run_id, jobs.attempt, sum({_US.format("jobs")}) AS us
        FROM chosen JOIN jobs ON jobs.run_id = chosen.id
        WHERE jobs.duration_s IS NOT NULL AND NOT ({carried})
        GROUP BY jobs.run_id, jobs.attempt
    ),
    parts AS (
        SELECT run_id, attempt, us FROM of_jobs
        UNION ALL
        SELECT attempts.run_id, attempts.attempt, {_US.format("attempts")}
        FROM chosen JOIN attempts ON attempts.run_id = chosen.id
        LEFT JOIN of_jobs ON of_jobs.run_id = attempts.run_id AND of_jobs.attempt = attempts.attempt
        WHERE attempts.duration_s IS NOT NULL AND of_jobs.run_id IS NULL
    ),
    summed AS (
        SELECT chosen.id, chosen.spent_s AS kept_spent_s, chosen.rerun_s AS kept_rerun_s,
            sum(parts.us) / 1e6 AS spent_s,
            sum(CASE WHEN parts.attempt < chosen.attempt THEN parts.us END) / 1e6 AS rerun_s
        FROM chosen LEFT JOIN parts ON parts.run_id = chosen.id
        GROUP BY chosen.id, chosen.spent_s, chosen.rerun_s
    )
    SELECT * FROM summed
    WHERE kept_spent_s {_DIFFERS[dialect]} spent_s OR kept_rerun_s {_DIFFERS[dialect]} rerun_s
    """


def _statement(text: str) -> sa.TextClause:
    return sa.text(text).bindparams(*(sa.bindparam(name, type_=UtcDateTime()) for name in ("start", "stop")))


_FIND = {dialect: _statement(_wrong(dialect)) for dialect in _CARRIED}
_MEND = {
    dialect: _statement(
        f"UPDATE runs SET spent_s = wrong.spent_s, rerun_s = wrong.rerun_s FROM ({_wrong(dialect)}) AS wrong"
        " WHERE runs.id = wrong.id"
    )
    for dialect in _CARRIED
}


def wrong(session: Session, start: datetime, stop: datetime) -> list[Any]:
    """Runs created in [start, stop) whose machine time is not what it should be: what is kept and what it should be."""
    connection = session.connection()
    return list(connection.execute(_FIND[connection.dialect.name], {"start": start, "stop": stop}))


def mend(session: Session, start: datetime, stop: datetime) -> None:
    """Put the machine time of the runs created in [start, stop) right."""
    connection = session.connection()
    connection.execute(_MEND[connection.dialect.name], {"start": start, "stop": stop})
