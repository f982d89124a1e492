"""What is polled: sources with their connection, watches with their place in time. One row change per step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from cicd_health import settings
from cicd_health.model.watches import BackfillState
from cicd_health.store import names
from cicd_health.store.tables import SourceRow, WatchRow

TABLES = SQLModel.metadata.tables
SOURCE, WATCH, REPO, RUN = (TABLES[name] for name in ("sources", "watches", "repositories", "runs"))
ASKED_TO_WAIT = ("limited", "slowed")  # troubles whose end the provider decides


def ensure_source(session: Session, provider: str, host: str, now: datetime) -> SourceRow:
    """The source of this host, made if it is missing."""
    row = SourceRow(provider=provider, host=host, name=names.SOURCE_NAMES.get(provider, provider), created_at=now)
    names.insert_unless_there(session, row, "provider", "host")
    return session.exec(select(SourceRow).where(SourceRow.provider == provider, SourceRow.host == host)).one()


def source(session: Session, source_id: int) -> SourceRow:
    """Raises LookupError."""
    row = session.get(SourceRow, source_id)
    if row is None:
        raise LookupError(f"There is no source {source_id}.")
    return row


def watch(session: Session, watch_id: int) -> WatchRow:
    """Raises LookupError."""
    row = session.get(WatchRow, watch_id)
    if row is None:
        raise LookupError(f"Nothing is watched under the number {watch_id}.")
    return row


def ensure_watch(session: Session, source_id: int, name: str, origin: str, now: datetime) -> WatchRow:
    """The watch of this name, made if it is missing."""
    row = WatchRow(source_id=source_id, name=name, origin=origin, created_at=now)
    names.insert_unless_there(session, row, "source_id", "name")
    return session.exec(select(WatchRow).where(WatchRow.source_id == source_id, WatchRow.name == name)).one()


def find(session: Session, provider: str, name: str) -> WatchRow | None:
    """The watch of a repository by its name, whatever its source; upper and lower case are the same."""
    query = select(WatchRow).join(SourceRow, col(SourceRow.id) == WatchRow.source_id)
    query = query.where(SourceRow.provider == provider, sa.func.lower(WatchRow.name) == name.lower())
    return session.exec(query.order_by(col(WatchRow.id))).first()


def of_name(session: Session, source_id: int, name: str) -> WatchRow | None:
    """The watch of a repository; upper and lower case are the same."""
    query = select(WatchRow).where(WatchRow.source_id == source_id, sa.func.lower(WatchRow.name) == name.lower())
    return session.exec(query.order_by(col(WatchRow.id))).first()


def of_source(session: Session, source_id: int) -> Sequence[WatchRow]:
    return session.exec(select(WatchRow).where(WatchRow.source_id == source_id).order_by(col(WatchRow.name))).all()


def connected(session: Session, source_id: int) -> bool:
    """Whether this source may be asked for logs: a token, an App, or a Jenkins server's address is known."""
    row = session.get(SourceRow, source_id)
    return row is not None and is_connected(row)


def is_connected(row: Any) -> bool:
    if not row.enabled or row.base_url is None:
        return False
    if row.provider == "jenkins":
        return True
    return bool(row.token or row.app_id or (row.origin == "env" and _env_may_read_logs()))


def _env_may_read_logs() -> bool:
    chosen = settings.get()
    return bool(chosen.github_token or chosen.github_app_id)


def due(session: Session, now: datetime, limit: int = 1000) -> list[tuple[int, datetime]]:
    """Watches whose time has come and since when, the longest waiting first.

    Of a source in trouble one only, to try it; a watch with a token of its own does not wait with its source.
    """
    times = WATCH.c.next_poll_at, WATCH.c.busy_until, SOURCE.c.next_poll_at, WATCH.c.created_at
    query = (
        sa.select(WATCH.c.id, WATCH.c.source_id, SOURCE.c.trouble, WATCH.c.token)
        .add_columns(*(time.label(f"since_{place}") for place, time in enumerate(times)))
        .join(SOURCE, SOURCE.c.id == WATCH.c.source_id)
        .where(
            WATCH.c.enabled,
            SOURCE.c.enabled,
            _past(WATCH.c.next_poll_at, now),
            _past(WATCH.c.busy_until, now),
            sa.or_(WATCH.c.token.is_not(None), _past(SOURCE.c.next_poll_at, now)),
        )
        .order_by(WATCH.c.next_poll_at.asc().nulls_first(), WATCH.c.id)
        .limit(limit)
    )
    tried: set[int] = set()
    found = []
    for row in session.connection().execute(query):
        if row.trouble is None or row.token or row.source_id not in tried:
            found.append((row.id, max(time for time in row[4:] if time is not None)))
        if not row.token:
            tried.add(row.source_id)
    return found


def _past(column: sa.Column[Any], now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(column.is_(None), column <= now)


def claim(session: Session, watch_id: int, now: datetime, until: datetime) -> bool:
    """Take a watch to poll it, until then at most; False while another process does."""
    free = sa.and_(WATCH.c.id == watch_id, WATCH.c.enabled, _past(WATCH.c.busy_until, now))
    return session.connection().execute(sa.update(WATCH).where(free).values(busy_until=until)).rowcount == 1


def change(session: Session, watch_id: int, **values: Any) -> None:
    """Set columns of a watch; nothing happens when it was removed meanwhile."""
    session.connection().execute(sa.update(WATCH).where(WATCH.c.id == watch_id).values(**values))


def change_source(session: Session, source_id: int, **values: Any) -> None:
    session.connection().execute(sa.update(SOURCE).where(SOURCE.c.id == source_id).values(**values))


def whole_until() -> sa.ColumnElement[Any]:
    """Until when nothing of a watch is missing: unknown before its way back has ended."""
    return sa.case((WATCH.c.backfill_state == BackfillState.DONE.value, WATCH.c.complete_until), else_=None)


def asked_to_wait(row: WatchRow | SourceRow, now: datetime) -> datetime | None:
    """Until when the provider wants to be left alone; None when it did not say so."""
    if row.trouble in ASKED_TO_WAIT and row.next_poll_at is not None and row.next_poll_at > now:
        return row.next_poll_at
    return None


def note_answer(session: Session, source_id: int, now: datetime) -> None:
    """The source is well: it answered. A wait that it asked for holds: the answer may be older than that."""
    waits = sa.and_(SOURCE.c.trouble.in_(ASKED_TO_WAIT), SOURCE.c.next_poll_at > now)
    said = sa.and_(SOURCE.c.id == source_id, SOURCE.c.trouble.is_not(None), ~sa.func.coalesce(waits, sa.false()))
    well = {"next_poll_at": None, "trouble": None, "error": None, "error_at": None}
    session.connection().execute(sa.update(SOURCE).where(said).values(well))


def refresh_source(session: Session, source_id: int, now: datetime) -> None:
    """After a good poll: the source is complete as far as all its watches are."""
    ends = session.connection().execute(sa.select(whole_until()).where(WATCH.c.source_id == source_id, WATCH.c.enabled))
    known = list(ends.scalars())
    complete_until = min(known) if known and None not in known else None
    change_source(session, source_id, last_poll_at=now, complete_until=complete_until)


def advance_backfill(
    session: Session,
    watch_id: int,
    *,
    cursor: str | None,
    reach: datetime | None,
    total: int | None,
    listed: int,
    done: int,
    requests: int,
) -> bool:
    """Note a step of a backfill that runs; False when it was stopped meanwhile."""
    values: dict[str, Any] = {
        "backfill_listed": WATCH.c.backfill_listed + listed,
        "backfill_done": WATCH.c.backfill_done + done,
        "backfill_requests": WATCH.c.backfill_requests + requests,
        "backfill_tries": 0,
        "backfill_waits_until": None,
        "backfill_error": None,
    }
    said = {"backfill_cursor": cursor, "backfill_reach": reach, "backfill_total": total}
    values |= {name: value for name, value in said.items() if value is not None}
    running = sa.and_(WATCH.c.id == watch_id, WATCH.c.backfill_state == BackfillState.RUNNING.value)
    return session.connection().execute(sa.update(WATCH).where(running).values(values)).rowcount == 1


def name_of_repository(session: Session, provider: str, host: str, external_id: str) -> str | None:
    """The name of the repository that is known by the provider's id."""
    query = sa.select(REPO.c.name).join(SOURCE, SOURCE.c.id == REPO.c.source_id)
    place = SOURCE.c.provider == provider, SOURCE.c.host == host, REPO.c.key == f"id:{external_id}"
    return session.connection().execute(query.where(*place)).scalar_one_or_none()


def backfill_start(now: datetime) -> datetime:
    """How far a first backfill reaches back."""
    return now - timedelta(days=settings.get().run_retention_days)


def pair(session: Session, watch_id: int) -> tuple[WatchRow | None, SourceRow | None]:
    """A watch and its source, None and None when it is watched no more."""
    row = session.get(WatchRow, watch_id)
    return (row, session.get(SourceRow, row.source_id)) if row is not None else (None, None)


def pairs(session: Session, source_id: int | None, watch_id: int | None) -> list[tuple[WatchRow, SourceRow]]:
    """Every watch with its source; those of one source, or one watch."""
    query = select(WatchRow, SourceRow).join(SourceRow, col(SourceRow.id) == WatchRow.source_id)
    if source_id is not None:
        query = query.where(WatchRow.source_id == source_id)
    if watch_id is not None:
        query = query.where(WatchRow.id == watch_id)
    return list(session.exec(query.order_by(col(WatchRow.id))))


def rename(session: Session, watch_id: int, source_id: int, name: str) -> None:
    """Follow a repository to its new name, unless that is watched already."""
    taken = sa.exists().where(WATCH.c.source_id == source_id, WATCH.c.name == name)
    free = sa.and_(WATCH.c.id == watch_id, ~taken)
    session.connection().execute(sa.update(WATCH).where(free).values(name=name))


def end_backfill(session: Session, watch_id: int, now: datetime) -> None:
    done = {"backfill_state": BackfillState.DONE.value, "backfill_ended_at": now, "backfill_cursor": None}
    change(session, watch_id, **done, backfill_reach=WATCH.c.backfill_from, backfill_waits_until=None)


def of_settings(session: Session, provider: str) -> Sequence[WatchRow]:
    """What the settings named when the product last started."""
    query = select(WatchRow).join(SourceRow, col(SourceRow.id) == WatchRow.source_id)
    return session.exec(query.where(SourceRow.provider == provider, WatchRow.origin == "env")).all()


def sources_of_settings(session: Session, provider: str) -> Sequence[SourceRow]:
    return session.exec(select(SourceRow).where(SourceRow.provider == provider, SourceRow.origin == "env")).all()


def place_of_run(session: Session, run_id: int) -> tuple[SourceRow, WatchRow | None] | None:
    """The source of a run, and the watch of its repository where there is one of that name."""
    query = (
        sa.select(SOURCE.c.id, REPO.c.name)
        .join(REPO, REPO.c.source_id == SOURCE.c.id)
        .join(RUN, RUN.c.repo_id == REPO.c.id)
        .where(RUN.c.id == run_id)
    )
    found = session.connection().execute(query).one_or_none()
    if found is None:
        return None
    return source(session, found.id), of_name(session, found.id, found.name)


def note_rate_limit(session: Session, source_id: int, left: Any) -> None:
    """What is left of the provider's limit: an object with remaining, limit and reset_at."""
    change_source(
        session,
        source_id,
        rate_limit_remaining=left.remaining,
        rate_limit_limit=left.limit,
        rate_limit_reset_at=left.reset_at,
    )
