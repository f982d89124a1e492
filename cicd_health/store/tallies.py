"""A Tally per scope, subject and bucket of time (hours and days of UTC), kept in the transaction that saves the runs.

`change` is on the path of every event: few statements, however many events come together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

from cicd_health.model.tally import Contribution, Subject, Tally
from cicd_health.store.reports.rows import COUNTED, JOB, MOMENT, RUN, within
from cicd_health.store.tables import TallyRow

Kind = Literal["all", "repo", "pipeline"]
Key = tuple[str, int, str, str, datetime]  # scope, scope_id, subject, grain, bucket_at

TALLY = SQLModel.metadata.tables[str(TallyRow.__tablename__)]
DAY = timedelta(days=1)
KEY = (TALLY.c.scope, TALLY.c.scope_id, TALLY.c.subject, TALLY.c.grain, TALLY.c.bucket_at)
KEY_NAMES = [column.name for column in KEY]
EMPTY = Tally().to_text()
CHUNK = 500  # keys in one statement of SQLite, which allows 32,766 values


@dataclass(frozen=True, slots=True)
class Scope:
    """Everything, or some repositories, or some pipelines."""

    kind: Kind = "all"
    ids: tuple[int, ...] = (0,)


ALL = Scope()


@dataclass(frozen=True, slots=True)
class Difference:
    """A kept tally that is not what the rows say."""

    key: Key
    kept: Tally
    counted: Tally


def change(session: Session, removed: Iterable[Contribution], added: Iterable[Contribution]) -> None:
    """Take away what runs and jobs no longer contribute and add what they do now.

    Locks the tallies it touches until the transaction ends, always in the same order, so that two processes wait
    for each other but never in a circle: call it once in a transaction, after every other lock.
    """
    deltas = _deltas(removed, added)
    if not deltas:
        return
    kept = _lock(session, sorted(deltas))
    for key, delta in deltas.items():
        if key in kept:
            tally = Tally.from_text(kept[key])
            tally.merge(delta)
            deltas[key] = tally
    _write(session, {key: deltas[key].to_text() for key in sorted(deltas)})


def _deltas(removed: Iterable[Contribution], added: Iterable[Contribution]) -> dict[Key, Tally]:
    """What changes per key. Equal contributions cancel first, as most of a repeated event does."""
    net = Counter(added)
    net.subtract(Counter(removed))
    by_hour: dict[tuple[int, int, str, datetime], Tally] = {}
    for contribution, times in net.items():
        if times:
            key = (contribution.repo_id, contribution.pipeline_id, contribution.subject, _hour(contribution.at))
            by_hour.setdefault(key, Tally()).put(contribution.row, times)
    deltas: dict[Key, Tally] = {}
    for (repo_id, pipeline_id, subject, hour), tally in by_hour.items():
        for key in _keys(repo_id, pipeline_id, subject, hour):
            deltas.setdefault(key, Tally()).merge(tally)
    return deltas


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _keys(repo_id: int, pipeline_id: int, subject: str, hour: datetime) -> Iterator[Key]:
    day = hour.replace(hour=0)
    for scope, scope_id in (("all", 0), ("repo", repo_id), ("pipeline", pipeline_id)):
        yield scope, scope_id, subject, "hour", hour
        yield scope, scope_id, subject, "day", day


def _lock(session: Session, keys: list[Key]) -> dict[Key, str]:
    """The text of each key's tally, locked. On SQLite the transaction already holds the only lock there is."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        arrays = _columns(keys)
        connection.execute(_MAKE, arrays)
        rows = connection.execute(_LOCK, arrays)
    else:
        chunks = [keys[n : n + CHUNK] for n in range(0, len(keys), CHUNK)]
        selects = (sa.select(*KEY, TALLY.c.tally).where(sa.tuple_(*KEY).in_(chunk)) for chunk in chunks)
        rows = (row for select in selects for row in connection.execute(select))
    return {(row[0], row[1], row[2], row[3], row[4]): row[5] for row in rows}


def _write(session: Session, texts: dict[Key, str]) -> None:
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(_UPDATE, _columns(texts) | {"all_tally": list(texts.values())})
    else:
        connection.execute(_UPSERT, [dict(zip(KEY_NAMES, key, strict=True), tally=text) for key, text in texts.items()])


def rebuild(session: Session) -> None:
    """Throw every tally away and count the rows again, a day at a time. Writers wait until it has ended."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("LOCK TABLE tallies IN EXCLUSIVE MODE"))
    connection.execute(sa.delete(TALLY))
    for day in _days(session):
        counted = _counted(session, day)
        if counted:
            rows = [dict(zip(KEY_NAMES, key, strict=True), tally=tally.to_text()) for key, tally in counted.items()]
            connection.execute(sa.insert(TALLY), rows)


def check(session: Session) -> list[Difference]:
    """Every tally that is not what the rows say; none when all is well."""
    differences: list[Difference] = []
    for day in _days(session):
        counted = _counted(session, day)
        of_day = sa.select(*KEY, TALLY.c.tally).where(TALLY.c.bucket_at >= day, TALLY.c.bucket_at < day + DAY)
        kept = {tuple(row[:5]): Tally.from_text(row[5]) for row in session.connection().execute(of_day)}
        for key in sorted(counted.keys() | kept.keys()):
            was, should = kept.get(key, Tally()), counted.get(key, Tally())
            if was != should:
                differences.append(Difference(key, was, should))
    return differences


def _days(session: Session) -> Iterator[datetime]:
    """Every day of UTC from the oldest row or tally to the newest."""
    bounds: list[datetime] = []
    for moment in (MOMENT["run"], MOMENT["job"], TALLY.c.bucket_at):
        lowest_and_highest = session.connection().execute(sa.select(sa.func.min(moment), sa.func.max(moment))).one()
        bounds.extend(bound for bound in lowest_and_highest if bound is not None)
    if bounds:
        day = min(bounds).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        while day <= max(bounds):
            yield day
            day += DAY


def _counted(session: Session, day: datetime) -> dict[Key, Tally]:
    """What the rows of one day come to, per key."""
    subjects: tuple[tuple[Subject, sa.Table], ...] = (("run", RUN), ("job", JOB))
    tallies: dict[Key, Tally] = {}
    for subject, table in subjects:
        selected = sa.select(table.c.repo_id, table.c.pipeline_id, MOMENT[subject], *COUNTED[subject])
        selected = selected.where(within(subject, day, day + DAY), table.c.pipeline_id.is_not(None))
        for row in session.connection().execute(selected):
            for key in _keys(row[0], row[1], subject, _hour(row[2])):
                tallies.setdefault(key, Tally()).put(row[3:])
    return tallies


# PostgreSQL takes a batch fastest as arrays, one per column: one short statement, whatever its size.
def _columns(keys: Iterable[Key]) -> dict[str, list[Any]]:
    return {f"all_{name}": list(column) for name, column in zip(KEY_NAMES, zip(*keys, strict=True), strict=True)}


def _batch(*names: str) -> Any:
    binds = [sa.bindparam(f"all_{name}", type_=postgresql.ARRAY(TALLY.c[name].type)) for name in names]
    columns = [sa.column(name, TALLY.c[name].type) for name in names]
    return sa.func.unnest(*binds).table_valued(*columns).render_derived(name="batch")


def _same_key(batch: Any) -> sa.ColumnElement[bool]:
    return sa.and_(*(column == batch.c[column.name] for column in KEY))


def _make() -> Any:
    batch = sa.select(*_batch(*KEY_NAMES).c, sa.literal(EMPTY))
    return postgresql.insert(TALLY).from_select([*KEY_NAMES, "tally"], batch).on_conflict_do_nothing()


def _select_for_update() -> Any:
    batch = _batch(*KEY_NAMES)
    query = sa.select(*KEY, TALLY.c.tally).join_from(batch, TALLY, _same_key(batch))
    return query.order_by(*KEY).with_for_update(of=TALLY)


def _update() -> Any:
    batch = _batch(*KEY_NAMES, "tally")
    return sa.update(TALLY).values(tally=batch.c.tally).where(_same_key(batch))


def _upsert() -> Any:
    insert = sqlite.insert(TALLY)
    return insert.on_conflict_do_update(index_elements=KEY_NAMES, set_={"tally": insert.excluded.tally})


_MAKE, _LOCK, _UPDATE, _UPSERT = _make(), _select_for_update(), _update(), _upsert()
