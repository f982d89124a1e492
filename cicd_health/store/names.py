"""Sources, repositories and pipelines: found by the provider's stable id, else by name, else made.

What a process has once found it remembers: nearly every event speaks of something known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event as sa_event
from sqlmodel import Session, SQLModel, col, select

from cicd_health.model import runs as model
from cicd_health.store.tables import PipelineRow, RepositoryRow, SourceRow

Wanted = dict[tuple[int, str], tuple[Any, datetime | None]]  # by (parent id, key): the thing, and when it was said
Naming = tuple[str, str, model.Repo, model.Pipeline | None]  # how an event names where it belongs
SOURCE_NAMES = {"github": "GitHub", "jenkins": "Jenkins"}
SOURCE = SQLModel.metadata.tables[str(SourceRow.__tablename__)]
MOST_REMEMBERED = 100_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event belongs. `pipeline_id` is None for a job: its run knows."""

    source_id: int
    repo_id: int
    pipeline_id: int | None
    default_branch: str | None


@dataclass
class Memory:
    """What a process knows of one database. `places` is replaced, never changed: threads read it as they go."""

    places: dict[Naming, Place] = field(default_factory=dict)
    heard: dict[int, datetime] = field(default_factory=dict)  # by source, to the second


@lru_cache(maxsize=8)
def memory(bind: sa.Engine) -> Memory:
    return Memory()


def resolve(session: Session, events: Sequence[model.Event], now: datetime) -> list[Place]:
    """The place of each event; sources, repositories and pipelines are made where they are missing."""
    remembered = memory(_engine(session))
    known = remembered.places
    namings = [_naming(event) for event in events]
    new = [event for event, naming in zip(events, namings, strict=True) if naming not in known]
    if not new:
        return [known[naming] for naming in namings]
    found = _look_up(session, new, now)

    def remember(_session: Session) -> None:
        remembered.places = _still_true(remembered.places, found) | found

    sa_event.listen(session, "after_commit", remember, once=True)
    return [known[naming] if naming in known else found[naming] for naming in namings]


def forget(bind: sa.Engine) -> None:
    """Look everything up again: the database is not the one that was known."""
    memory(bind).places = {}


def _still_true(known: dict[Naming, Place], found: dict[Naming, Place]) -> dict[Naming, Place]:
    """What was known, less other names of what was just named: a later event may name it so again."""
    if len(known) > MOST_REMEMBERED:
        return {}
    repos = {place.repo_id: naming[2] for naming, place in found.items()}
    pipelines = {place.pipeline_id: naming[3] for naming, place in found.items() if naming[3]}
    return {
        naming: place
        for naming, place in known.items()
        if repos.get(place.repo_id, naming[2]) == naming[2] and pipelines.get(place.pipeline_id, naming[3]) == naming[3]
    }


def heard(session: Session, places: Iterable[Place], now: datetime) -> None:
    """Note that these sources sent something; a second's precision is enough."""
    last = memory(_engine(session)).heard
    source_ids = {place.source_id for place in places}
    due = [id for id in source_ids if id not in last or abs((now - last[id]).total_seconds()) >= 1]
    if due:
        later = sa.or_(SOURCE.c.last_event_at.is_(None), SOURCE.c.last_event_at < now)
        session.connection().execute(sa.update(SOURCE).where(SOURCE.c.id.in_(due), later).values(last_event_at=now))
        last.update(dict.fromkeys(due, now))


def key_of(named: model.Repo | model.Pipeline) -> str:
    """The stable key of a repository or pipeline: its id where the provider gave one, else its name."""
    return f"id:{named.external_id}" if named.external_id else f"name:{named.name}"


def row_id(row: Any) -> int:
    assert row.id is not None
    return row.id


def _engine(session: Session) -> sa.Engine:
    bind = session.get_bind()
    return bind if isinstance(bind, sa.Engine) else bind.engine


def _naming(event: model.Event) -> Naming:
    pipeline = event.pipeline if isinstance(event, model.Attempt) else None
    return event.provider, event.host, event.repo, pipeline


def _look_up(session: Session, events: list[model.Event], now: datetime) -> dict[Naming, Place]:
    names = Names(_sources(session, events, now), {}, {})
    names.repos = _repos(session, events, names, now)
    names.pipelines = _pipelines(session, [e for e in events if isinstance(e, model.Attempt)], names, now)
    return {_naming(event): names.place(event) for event in events}


@dataclass
class Names:
    """The rows that a batch of events speaks of."""

    sources: dict[tuple[str, str], SourceRow]
    repos: dict[tuple[int, str], RepositoryRow]
    pipelines: dict[tuple[int, str], PipelineRow]

    def source(self, event: model.Event) -> SourceRow:
        return self.sources[event.provider, event.host]

    def repo(self, event: model.Event) -> RepositoryRow:
        return self.repos[row_id(self.source(event)), key_of(event.repo)]

    def place(self, event: model.Event) -> Place:
        repo = self.repo(event)
        pipeline_id = None
        if isinstance(event, model.Attempt):
            pipeline_id = row_id(self.pipelines[row_id(repo), key_of(event.pipeline)])
        return Place(row_id(self.source(event)), row_id(repo), pipeline_id, repo.default_branch)


def insert_unless_there(session: Session, row: Any, *unique: str) -> None:
    """Insert unless another process just did."""
    dialect = sa.dialects.postgresql if session.get_bind().dialect.name == "postgresql" else sa.dialects.sqlite
    values = row.model_dump(exclude={"id"})
    session.execute(dialect.insert(type(row)).values(**values).on_conflict_do_nothing(index_elements=list(unique)))


def _sources(session: Session, events: list[model.Event], now: datetime) -> dict[tuple[str, str], SourceRow]:
    wanted = {(event.provider, event.host) for event in events}
    query = select(SourceRow).where(sa.tuple_(col(SourceRow.provider), col(SourceRow.host)).in_(sorted(wanted)))
    found = {(row.provider, row.host): row for row in session.exec(query)}
    missing = sorted(wanted - found.keys())
    for provider, host in missing:
        name = SOURCE_NAMES.get(provider, provider)
        insert_unless_there(
            session, SourceRow(provider=provider, host=host, name=name, created_at=now), "provider", "host"
        )
    if missing:
        found |= {(row.provider, row.host): row for row in session.exec(query)}
    return found


def _repos(
    session: Session, events: list[model.Event], names: Names, now: datetime
) -> dict[tuple[int, str], RepositoryRow]:
    wanted: Wanted = {}
    for event in sorted(events, key=lambda e: e.updated_at or now):
        wanted[row_id(names.source(event)), key_of(event.repo)] = (event.repo, event.updated_at)
    rows = _named(session, RepositoryRow, "source_id", wanted, now)
    for at, (repo, _) in wanted.items():
        rows[at].default_branch = repo.default_branch or rows[at].default_branch
    session.flush()
    return rows


def _pipelines(
    session: Session, events: list[model.Attempt], names: Names, now: datetime
) -> dict[tuple[int, str], PipelineRow]:
    wanted: Wanted = {}
    for event in sorted(events, key=lambda e: e.updated_at or now):
        wanted[row_id(names.repo(event)), key_of(event.pipeline)] = (event.pipeline, event.updated_at)
    rows = _named(session, PipelineRow, "repo_id", wanted, now)
    for at, (pipeline, _) in wanted.items():
        rows[at].path = pipeline.path or rows[at].path
    session.flush()
    return rows


def _named(session: Session, table: Any, parent: str, wanted: Wanted, now: datetime) -> dict[tuple[int, str], Any]:
    """The row of each wanted thing, by (parent id, key): found by key, else by name, else made."""
    if not wanted:
        return {}
    parent_column = col(getattr(table, parent))
    query = select(table).where(
        parent_column.in_({parent_id for parent_id, _ in wanted}),
        sa.or_(
            col(table.key).in_({key for _, key in wanted}),
            col(table.name).in_({named.name for named, _ in wanted.values()}),
        ),
    )
    rows = list(session.exec(query.order_by(col(table.id).desc())))
    by_key = {(getattr(row, parent), row.key): row for row in rows}
    by_name = {(getattr(row, parent), row.name): row for row in rows}
    result: dict[tuple[int, str], Any] = {}
    for (parent_id, key), (named, written_at) in sorted(wanted.items(), key=lambda pair: pair[0]):
        row = by_key.get((parent_id, key)) or _same_name(by_name.get((parent_id, named.name)), key)
        if row is None:
            new = table(key=key, name=named.name, named_at=written_at, created_at=now, **{parent: parent_id})
            insert_unless_there(session, new, parent, "key")
            row = session.exec(select(table).where(parent_column == parent_id, table.key == key)).one()
            by_key[parent_id, key] = by_name[parent_id, named.name] = row
        _adopt(row, key, named, written_at)
        result[parent_id, key] = row
    return result


def _same_name(row: Any | None, key: str) -> Any | None:
    """The row of the same name, unless both have ids of their own: then they are two different things."""
    if row is None or (row.key.startswith("id:") and key.startswith("id:")):
        return None
    return row


def _adopt(row: Any, key: str, named: model.Repo | model.Pipeline, written_at: datetime | None) -> None:
    """Take the id of a thing so far known by name, and its newest name."""
    if row.key.startswith("name:") and key.startswith("id:"):
        row.key = key
    newer = row.named_at is None or (written_at is not None and written_at > row.named_at)
    if row.name != named.name and newer and key.startswith("id:"):
        row.name, row.named_at = named.name, written_at
    row.url = named.url or row.url
