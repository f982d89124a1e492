"""A Tally per scope, subject and bucket of time (hours and days of UTC), kept in the transaction that saves the runs.

`change` is on the path of every event: few statements, however many events come together.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

from cicd_health.model.tally import Contribution, Tally
from cicd_health.store.tables import TallyRow

Kind = Literal["all", "repo", "pipeline"]
Key = tuple[str, int, str, str, datetime]  # scope, scope_id, subject, grain, bucket_at

TALLY = SQLModel.metadata.tables[str(TallyRow.__tablename__)]
KEY = (TALLY.c.scope, TALLY.c.scope_id, TALLY.c.subject, TALLY.c.grain, TALLY.c.bucket_at)
KEY_NAMES = [column.name for column in KEY]
EMPTY = Tally().to_text()
AS_SQLITE_KEEPS_IT = "%Y-%m-%d %H:%M:%S.000000"  # a start of an hour of UTC


@dataclass(frozen=True, slots=True)
class Scope:
    """Everything, or some repositories, or some pipelines."""

    kind: Kind = "all"
    ids: tuple[int, ...] = (0,)


ALL = Scope()


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
            key = (contribution.repo_id, contribution.pipeline_id, contribution.subject, start_of_hour(contribution.at))
            by_hour.setdefault(key, Tally()).put(contribution.row, times)
    deltas: dict[Key, Tally] = {}
    several: set[Key] = set()
    for (repo_id, pipeline_id, subject, hour), tally in by_hour.items():
        for key in keys_above(repo_id, pipeline_id, subject, hour):
            if key not in deltas:
                deltas[key] = tally  # which may stand at other keys too, and so is not changed
            elif key in several:
                deltas[key].merge(tally)
            else:
                deltas[key] = Tally.sum((deltas[key], tally))
                several.add(key)
    return deltas


def start_of_hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def keys_above(repo_id: int, pipeline_id: int, subject: str, hour: datetime) -> Iterator[Key]:
    """The tallies that an hour of a pipeline counts in."""
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
        return {(row[0], row[1], row[2], row[3], row[4]): row[5] for row in connection.execute(_LOCK, arrays)}
    asked = json.dumps([(*key[:-1], key[-1].strftime(AS_SQLITE_KEEPS_IT)) for key in keys])
    return {keys[position]: text for position, text in connection.execute(_FIND, {"keys": asked})}


def _write(session: Session, texts: dict[Key, str]) -> None:
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        written = {"all_tally": list(texts.values()), "revision": new_revision()}
        connection.execute(_UPDATE, _columns(texts) | written)
    else:
        connection.execute(_UPSERT, _values(texts))


def new_revision() -> int:
    """A number that no other writing has."""
    return secrets.randbits(62)


def _values(texts: Mapping[Key, str]) -> list[dict[str, Any]]:
    revision = new_revision()
    return [dict(zip(KEY_NAMES, key, strict=True), tally=text, revision=revision) for key, text in texts.items()]


def insert(session: Session, texts: Mapping[Key, str]) -> None:
    """Write tallies that are not there yet."""
    connection = session.connection()
    if not texts:
        return
    if connection.dialect.name == "postgresql":
        written = {"all_tally": list(texts.values()), "revision": new_revision()}
        connection.execute(_INSERT, _columns(texts) | written)
    else:
        connection.execute(sa.insert(TALLY), _values(texts))


def forget_empty(session: Session, before: datetime, limit: int = 5000) -> int:
    """Delete some tallies of buckets before this moment in which nothing is left; how many."""
    empty = sa.select(*KEY).where(TALLY.c.bucket_at < before, TALLY.c.tally == EMPTY).limit(limit)
    gone = sa.delete(TALLY).where(sa.tuple_(*KEY).in_(empty.with_for_update(skip_locked=True)))
    return session.connection().execute(gone).rowcount


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


def _insert() -> Any:
    revision = sa.bindparam("revision", type_=TALLY.c.revision.type)
    batch = sa.select(*_batch(*KEY_NAMES, "tally").c, revision)
    return sa.insert(TALLY).from_select([*KEY_NAMES, "tally", "revision"], batch)


def _select_for_update() -> Any:
    batch = _batch(*KEY_NAMES)
    query = sa.select(*KEY, TALLY.c.tally).join_from(batch, TALLY, _same_key(batch))
    return query.order_by(*KEY).with_for_update(of=TALLY)


def _update() -> Any:
    batch = _batch(*KEY_NAMES, "tally")
    revision = sa.bindparam("revision", type_=TALLY.c.revision.type)
    return sa.update(TALLY).values(tally=batch.c.tally, revision=revision).where(_same_key(batch))


def _upsert() -> Any:
    insert = sqlite.insert(TALLY)
    written = {"tally": insert.excluded.tally, "revision": insert.excluded.revision}
    return insert.on_conflict_do_update(index_elements=KEY_NAMES, set_=written)


# SQLite takes a batch as JSON, for the same reason.
_FIND = sa.text(
    "SELECT asked.key, tallies.tally FROM json_each(:keys) AS asked CROSS JOIN tallies WHERE "
    + " AND ".join(f"tallies.{name} = json_extract(asked.value, '$[{n}]')" for n, name in enumerate(KEY_NAMES))
)
_MAKE, _LOCK, _UPDATE, _UPSERT, _INSERT = _make(), _select_for_update(), _update(), _upsert(), _insert()
