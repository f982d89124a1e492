"""Counting everything anew from the rows, and telling where what is kept is not what the rows say.

Day by day (of UTC), so that memory does not grow with the history. A day is put right in one transaction, for which
writers wait: a second or so for a hundred thousand runs and jobs, a moment for a usual day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model.tally import Subject, Tally
from cicd_health.store import breakages, flakes, machine_time
from cicd_health.store.reports.rows import COUNTED, JOB, MOMENT, RUN, within
from cicd_health.store.tallies import KEY, TALLY, Key, insert

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
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
    count_tallies(session, day)


def count_tallies(session: Session, day: datetime) -> None:
    """The tallies of one day, from runs and jobs as they are."""
    session.connection().execute(sa.delete(TALLY).where(*_of_day(day)))
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
        by_pipeline = _by_hour(session, subject, table, day)
        by_repo = _summed(((repo_id, hour), tally) for (repo_id, _, hour), tally in by_pipeline.items())
        by_all = _summed((hour, tally) for (_, hour), tally in by_repo.items())
        hours = {("pipeline", id, hour): tally for (_, id, hour), tally in by_pipeline.items()}
        hours |= {("repo", id, hour): tally for (id, hour), tally in by_repo.items()}
        hours |= {("all", 0, hour): tally for hour, tally in by_all.items()}
        days = _summed(((scope, id), tally) for (scope, id, _), tally in hours.items())
        for (scope, id, hour), tally in hours.items():
            tallies[scope, id, subject, "hour", day + hour * HOUR] = tally
        for (scope, id), tally in days.items():
            tallies[scope, id, subject, "day", day] = tally
    return tallies


def _by_hour(session: Session, subject: Subject, table: sa.Table, day: datetime) -> dict[tuple[int, int, int], Tally]:
    """By repository, pipeline and hour of the day."""
    hour = sa.cast(sa.extract("hour", _in_utc(session, MOMENT[subject])), sa.Integer)
    selected = sa.select(table.c.repo_id, table.c.pipeline_id, hour, *COUNTED[subject])
    selected = selected.where(within(subject, day, day + DAY), table.c.pipeline_id.is_not(None))
    found: dict[tuple[int, int, int], Tally] = {}
    for row in session.connection().execute(selected):
        repo_id, pipeline_id, at = row[:3]
        tally = found.get((repo_id, pipeline_id, at))
        if tally is None:
            tally = found[repo_id, pipeline_id, at] = Tally()
        tally.put(row[3:])
    return found


def _in_utc(session: Session, moment: sa.ColumnElement[datetime]) -> Any:
    """SQLite keeps nothing else."""
    return sa.func.timezone("UTC", moment) if session.get_bind().dialect.name == "postgresql" else moment


def _summed(tallies: Iterable[tuple[Any, Tally]]) -> dict[Any, Tally]:
    """Together, where their keys are equal."""
    total: dict[Any, Tally] = {}
    for key, tally in tallies:
        if key not in total:
            total[key] = Tally()
        total[key].merge(tally)
    return total


def _words(value: Any) -> str:
    return "nothing" if value is None else value.to_text() if isinstance(value, Tally) else str(value)
