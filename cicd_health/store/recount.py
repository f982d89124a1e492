"""Counting everything anew from the rows, and telling where what is kept is not what the rows say.

Day by day (of UTC), so that memory does not grow with the history. A day is put right in one transaction, for which
writers wait: a second or so for a hundred thousand runs and jobs, a moment for a usual day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model.tally import Subject, Tally
from cicd_health.store import breakages, flakes, machine_time
from cicd_health.store.reports.rows import COUNTED, JOB, MOMENT, RUN, within
from cicd_health.store.tallies import KEY, TALLY, Key, insert, keys_above, start_of_hour

DAY = timedelta(days=1)
TABLES: tuple[tuple[Subject, sa.Table], ...] = (("run", RUN), ("job", JOB))


@dataclass(frozen=True, slots=True)
class Difference:
    """What is kept in one row of a table, and what the rows of runs and jobs say; None is nothing."""

    table: str
    key: tuple[Any, ...]
    kept: Any
    counted: Any

    def __str__(self) -> str:
        key = " ".join(f"{part:%Y-%m-%dT%H:%MZ}" if isinstance(part, datetime) else str(part) for part in self.key)
        return f"{self.table} {key}: kept {_words(self.kept)}, counted {_words(self.counted)}"


def days(session: Session) -> list[datetime]:
    """Every day of UTC from the oldest run, job or tally to the newest."""
    bounds: list[datetime] = []
    for moment in (*MOMENT.values(), TALLY.c.bucket_at):
        for end in (sa.func.min(moment), sa.func.max(moment)):
            bounds += [found for found in session.connection().execute(sa.select(end)).scalars() if found]
    if not bounds:
        return []
    first, last = (end(bounds).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) for end in (min, max))
    return [first + n * DAY for n in range((last - first).days + 1)]


def rebuild(session: Session) -> None:
    """Count everything anew in this transaction; writers wait until it ends. `flow.count_anew` lets them in between."""
    for day in days(session):
        count_day(session, day)
    sweep(session)


def count_day(session: Session, day: datetime) -> None:
    """Put one day right: machine time and times to restore of its runs, flakes of what failed in it, its tallies."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        # Whoever saves, locks runs first and tallies last: nobody is in between once this lock is had.
        connection.execute(sa.text("LOCK TABLE runs, tallies IN EXCLUSIVE MODE"))
    machine_time.mend(session, day, day + DAY)
    breakages.mend_all(session, day, day + DAY)
    flakes.keep(session, flakes.suspects(session, day, day + DAY))
    connection.execute(sa.delete(TALLY).where(*_of_day(day)))
    insert(session, {key: tally.to_text() for key, tally in _counted(session, day).items()})


def sweep(session: Session) -> None:
    """Drop the flakes of what never failed: no day's counting comes upon them."""
    flakes.drop(session, flakes.stray(session))


def check(session: Session) -> list[Difference]:
    """Everything that is not what the rows say; nothing when all is well."""
    return [difference for day in days(session) for difference in check_day(session, day)] + check_strays(session)


def check_day(session: Session, day: datetime) -> Iterator[Difference]:
    """As `check`, of one day."""
    for row in machine_time.wrong(session, day, day + DAY):
        kept, counted = (row.kept_spent_s, row.kept_rerun_s), (row.spent_s, row.rerun_s)
        yield Difference("runs", (row.id, "spent_s, rerun_s"), kept, counted)
    for run_id, (kept, counted) in breakages.wrong_within(session, day, day + DAY).items():
        yield Difference("runs", (run_id, "restored_s"), kept, counted)
    suspects = flakes.suspects(session, day, day + DAY)
    yield from _differences("flakes", flakes.kept_flakes(session, suspects), flakes.true_flakes(session, suspects))
    found = session.connection().execute(sa.select(*KEY, TALLY.c.tally).where(*_of_day(day)))
    tallies = {(row[0], row[1], row[2], row[3], row[4]): Tally.from_text(row[5]) for row in found}
    kept_tallies = {key: tally for key, tally in tallies.items() if tally != Tally()}
    yield from _differences("tallies", kept_tallies, _counted(session, day))


def check_strays(session: Session) -> list[Difference]:
    """Flakes that no day's checking comes upon."""
    return [Difference("flakes", key, "flaky", None) for key in flakes.stray(session)]


def _differences(table: str, kept: dict[Any, Any], counted: dict[Any, Any]) -> Iterator[Difference]:
    for key in sorted(kept.keys() | counted.keys()):
        if kept.get(key) != counted.get(key):
            yield Difference(table, key, kept.get(key), counted.get(key))


def _of_day(day: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return TALLY.c.bucket_at >= day, TALLY.c.bucket_at < day + DAY


def _counted(session: Session, day: datetime) -> dict[Key, Tally]:
    """What the rows of one day come to, per key: pipelines by the hour first, and everything above as sums of those."""
    tallies: dict[Key, Tally] = {}
    for subject, table in TABLES:
        for (repo_id, pipeline_id, hour), tally in _by_hour(session, subject, table, day).items():
            for key in keys_above(repo_id, pipeline_id, subject, hour):
                tallies.setdefault(key, Tally()).merge(tally)
    return tallies


def _by_hour(
    session: Session, subject: Subject, table: sa.Table, day: datetime
) -> dict[tuple[int, int, datetime], Tally]:
    selected = sa.select(table.c.repo_id, table.c.pipeline_id, MOMENT[subject], *COUNTED[subject])
    selected = selected.where(within(subject, day, day + DAY), table.c.pipeline_id.is_not(None))
    found: dict[tuple[int, int, datetime], Tally] = {}
    for row in session.connection().execute(selected):
        found.setdefault((row[0], row[1], start_of_hour(row[2])), Tally()).put(row[3:])
    return found


def _words(value: Any) -> str:
    return "nothing" if value is None else value.to_text() if isinstance(value, Tally) else str(value)
