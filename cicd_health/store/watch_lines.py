"""Sources and watches as the pages and the API show them. None of their secrets is read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.model.watches import Backfill, BackfillState, SourceLine, WatchLine
from cicd_health.store import watches
from cicd_health.store.reports.lists import source_state

SOURCE, WATCH = (SQLModel.metadata.tables[name] for name in ("sources", "watches"))


def lines(session: Session, now: datetime, source_id: int | None = None) -> list[WatchLine]:
    """Everything that is watched, by source and name."""
    query = (
        sa.select(WATCH, SOURCE.c.provider, SOURCE.c.host)
        .add_columns(SOURCE.c.name.label("source"), SOURCE.c.next_poll_at.label("source_next"))
        .add_columns(SOURCE.c.trouble.label("source_trouble"))
        .join(SOURCE, SOURCE.c.id == WATCH.c.source_id)
        .order_by(SOURCE.c.provider, SOURCE.c.host, WATCH.c.name)
    )
    if source_id is not None:
        query = query.where(WATCH.c.source_id == source_id)
    return [_line(row, now) for row in session.connection().execute(query)]


def line(session: Session, watch_id: int, now: datetime) -> WatchLine | None:
    return next((one for one in lines(session, now) if one.id == watch_id), None)


def source_lines(session: Session, now: datetime) -> list[SourceLine]:
    """Every source, by provider and host."""
    counts = sa.select(WATCH.c.source_id, sa.func.count().label("watches")).group_by(WATCH.c.source_id).subquery()
    query = (
        sa.select(SOURCE, sa.func.coalesce(counts.c.watches, 0).label("watches"))
        .outerjoin(counts, counts.c.source_id == SOURCE.c.id)
        .order_by(SOURCE.c.provider, SOURCE.c.host)
    )
    return [_source_line(row, now) for row in session.connection().execute(query)]


def _line(row: Any, now: datetime) -> WatchLine:
    waits = (row.next_poll_at, row.trouble), (row.source_next, row.source_trouble)
    asked = [at for at, why in waits if at is not None and at > now and why in watches.ASKED_TO_WAIT]
    return WatchLine(
        id=row.id,
        source_id=row.source_id,
        provider=row.provider,
        source=row.source,
        host=row.host,
        name=row.name,
        origin=row.origin,
        enabled=row.enabled,
        state=_state(row, waiting=bool(asked)),
        last_poll_at=row.last_poll_at,
        complete_until=row.complete_until if row.backfill_state == BackfillState.DONE else None,
        next_poll_at=max(asked, default=row.next_poll_at),
        trouble=row.trouble,
        error=row.error,
        error_at=row.error_at,
        has_token=row.token is not None,
        has_secret=row.webhook_secret is not None,
        backfill=_backfill(row, now),
    )


def _state(row: Any, *, waiting: bool) -> str:
    if not row.enabled:
        return "stopped"
    if waiting:
        return "waiting"
    if row.trouble:
        return "error"
    if row.backfill_state == BackfillState.RUNNING:
        return "backfilling"
    return "never" if row.last_poll_at is None else "ok"


def _backfill(row: Any, now: datetime) -> Backfill:
    return Backfill(
        state=BackfillState(row.backfill_state),
        start=row.backfill_from,
        reach=row.backfill_reach,
        listed=row.backfill_listed,
        done=row.backfill_done,
        total=_total(row),
        requests=row.backfill_requests,
        started_at=row.backfill_started_at,
        ended_at=row.backfill_ended_at,
        waits_until=row.backfill_waits_until,
        ends_at=_ends_at(row, now),
        error=row.backfill_error,
    )


def _total(row: Any) -> int | None:
    """The provider's count may be a little behind what was seen since."""
    return None if row.backfill_total is None else max(row.backfill_total, row.backfill_listed, row.backfill_done)


def _ends_at(row: Any, now: datetime) -> datetime | None:
    """At the pace since it was last started; after a wait that is known."""
    total, done = _total(row), row.backfill_done - row.backfill_done_before
    if row.backfill_state != BackfillState.RUNNING or total is None or done <= 0:
        return None
    pace = (now - row.backfill_started_at) / done
    return max(now, row.backfill_waits_until or now) + pace * max(0, total - row.backfill_done)


def _source_line(row: Any, now: datetime) -> SourceLine:
    return SourceLine(
        id=row.id,
        provider=row.provider,
        host=row.host,
        name=row.name,
        origin=row.origin,
        api_url=row.base_url,
        username=row.username,
        app_id=row.app_id,
        connected=watches.is_connected(row),
        has_token=row.token is not None,
        state=source_state(row, now),
        last_event_at=row.last_event_at,
        last_poll_at=row.last_poll_at,
        complete_until=row.complete_until,
        next_poll_at=row.next_poll_at,
        rate_remaining=row.rate_limit_remaining,
        rate_limit=row.rate_limit_limit,
        rate_reset_at=row.rate_limit_reset_at,
        trouble=row.trouble,
        error=row.error,
        error_at=row.error_at,
        watches=row.watches,
    )
