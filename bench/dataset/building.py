"""Builds a data set in an empty PostgreSQL database: rows by a few statements, then indexes, then the kept sums."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, DropIndex
from sqlmodel import Session, SQLModel

from bench.dataset import places, sums
from cicd_health.store import migrations, rules

HERE = Path(__file__).parent
RUNS_PER_COMMIT = 1.5
STATEMENTS = ("hours", "runs", "restored", "attempts", "jobs", "steps", "flakes", "incidents")  # files, in this order
FILLED = ("runs", "attempts", "jobs", "steps", "flakes", "incidents")
NUMBERED = ("sources", "repositories", "pipelines", "runs", "attempts", "jobs", "incidents")
# For the builder's own connection. Foreign keys hold by construction and are not asked about each row.
QUICK = (
    "session_replication_role = replica",
    "maintenance_work_mem = '512MB'",
    "work_mem = '256MB'",
    "jit = off",
)

UNIQUE = """\
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE contype = 'u' AND conrelid::regclass::text = ANY(:tables)
"""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much: runs of so many pipelines, over so many days that end at `now`."""

    runs: int
    now: datetime
    pipelines: int = 120
    days: int = 730


@dataclass(slots=True)
class Built:
    """What came of it: rows by table, seconds by stage."""

    rows: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def build(engine: sa.Engine, plan: Plan, say: Say) -> Built:
    """Fill the database. Its migrations are run first; it must hold no runs."""
    built = Built()
    migrations.upgrade(engine)
    with engine.begin() as connection:
        for setting in QUICK:
            connection.execute(sa.text(f"SET LOCAL {setting}"))
        # Tables emptied in this transaction are filled without a log of it, where the server's level of that allows.
        connection.execute(sa.text(f"TRUNCATE {', '.join(FILLED)} CASCADE"))
        indexes = _take_indexes(connection)
        _fill(connection, plan, built, say)
        with _timed(built, say, "indexes"):
            for definition in indexes:
                connection.execute(definition)
        _number(connection)
    with _timed(built, say, "sums"):
        sums.count(engine, plan.runs, plan.now)
    with _timed(built, say, "analyse"), engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text("VACUUM ANALYZE"))
    return built


def _fill(connection: sa.Connection, plan: Plan, built: Built, say: Say) -> None:
    slots = places.settle(connection, plan.pipelines, plan.now - timedelta(days=plan.days))
    with Session(connection) as session:
        rules.ensure_builtin_rules(session, 1, plan.now)
        rule = rules.rule_of(session, rules.FAILURE)
        assert rule is not None
        values = {
            "runs": plan.runs,
            "now": plan.now,
            "days": plan.days,
            "slots": slots,
            "commit_s": plan.days * 86_400 * RUNS_PER_COMMIT * places.repositories(plan.pipelines) / plan.runs,
            "rule_id": rule.id,
        }
    connection.execute(sa.text("SELECT setseed(0.5)"))
    for name in STATEMENTS:
        with _timed(built, say, name):
            made = connection.execute(sa.text((HERE / f"{name}.sql").read_text()), values).rowcount
            if name in FILLED:
                built.rows[name] = made
                connection.execute(sa.text(f"ANALYZE {name}"))


def _take_indexes(connection: sa.Connection) -> list[Any]:
    """Drop the indexes of the large tables and the constraints that make some; what makes them again."""
    again: list[Any] = []
    for table, name, definition in connection.execute(sa.text(UNIQUE), {"tables": list(FILLED)}).all():
        connection.execute(sa.text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
        again.append(sa.text(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"))
    for index in (index for table in FILLED for index in SQLModel.metadata.tables[table].indexes):
        connection.execute(DropIndex(index))
        again.append(CreateIndex(index))
    return again


def _number(connection: sa.Connection) -> None:
    """The next row of each table gets the number after its last."""
    for table in NUMBERED:
        last = f"(SELECT coalesce(max(id), 1) FROM {table})"
        connection.execute(sa.text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last})"))


@contextmanager
def _timed(built: Built, say: Say, stage: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    built.seconds[stage] = time.perf_counter() - began
    say(f"  {stage}: {built.seconds[stage]:.1f} s")
