"""How this installation does, in a few questions that indexes answer however much there is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health import settings
from cicd_health.model.alerts import NotificationState
from cicd_health.model.deliveries import DeliveryState
from cicd_health.model.runs import ABSURD_S, Status
from cicd_health.store import logs
from cicd_health.store.deliveries import DELIVERY, waiting_since
from cicd_health.store.logs import Standing
from cicd_health.store.reports.lists import source_state
from cicd_health.store.reports.pipelines import INCIDENT
from cicd_health.store.reports.rows import RUN, SOURCE
from cicd_health.store.tables import NotificationRow

OUTBOX = SQLModel.metadata.tables[str(NotificationRow.__tablename__)]
ENOUGH = 10_000  # nothing is counted beyond it: "at least so many" says as much
FORGOTTEN = timedelta(seconds=ABSURD_S)  # a run that did not end in so long was forgotten by its provider


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits or went wrong, up to `ENOUGH`, by state; and since when the oldest waits that could go on."""

    counts: dict[str, int]
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class SourceVitals:
    provider: str
    host: str
    state: str
    last_event_at: datetime | None
    remaining: int | None
    limit: int | None


@dataclass(frozen=True, slots=True)
class Vitals:
    """`unfinished` is by pipeline, provider and status."""

    unfinished: dict[tuple[int, str, str], int]
    deliveries: Backlog
    messages: Backlog
    sources: tuple[SourceVitals, ...]
    incidents: dict[str, int]  # not resolved, by severity
    log_store: Standing


def read(session: Session, now: datetime) -> Vitals:
    return Vitals(
        unfinished=_unfinished(session, now),
        deliveries=_deliveries(session),
        messages=_messages(session, now),
        sources=_sources(session, now),
        incidents=_incidents(session),
        log_store=logs.standing(session, settings.get().log_store_url, now),
    )


def _unfinished(session: Session, now: datetime) -> dict[tuple[int, str, str], int]:
    by = RUN.c.pipeline_id, RUN.c.provider, RUN.c.status
    # Written out, not bound, so that SQLite can see that the index of unfinished runs fits.
    going_on = RUN.c.status != sa.literal_column(f"'{Status.COMPLETED}'")
    selected = sa.select(*by, sa.func.count()).where(going_on, RUN.c.created_at >= now - FORGOTTEN).group_by(*by)
    return {(row[0], row[1], row[2]): row[3] for row in session.connection().execute(selected)}


def _deliveries(session: Session) -> Backlog:
    """`waiting` is about to be applied, `kept` was not understood, `failed` could not be saved."""
    kept = DELIVERY.c.state == DeliveryState.KEPT
    waiting = kept, DELIVERY.c.error.is_(None)
    counts = {
        "waiting": _number(session, DELIVERY, *waiting),
        "kept": _number(session, DELIVERY, kept, DELIVERY.c.error.is_not(None)),
        "failed": _number(session, DELIVERY, DELIVERY.c.state == DeliveryState.FAILED),
    }
    return Backlog(counts, session.connection().execute(waiting_since()).scalar())


def _messages(session: Session, now: datetime) -> Backlog:
    """One that waits for a quiet hour or a digest to end does not make the oldest."""
    states = NotificationState.QUEUED, NotificationState.SENDING, NotificationState.FAILED
    counts = {state.value: _number(session, OUTBOX, OUTBOX.c.state == state) for state in states}
    due = OUTBOX.c.state == NotificationState.QUEUED, OUTBOX.c.next_try_at <= now
    oldest = sa.select(sa.func.min(OUTBOX.c.next_try_at, type_=OUTBOX.c.created_at.type)).where(*due)
    return Backlog(counts, session.connection().execute(oldest).scalar())


def _number(session: Session, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
    some = sa.select(sa.literal_column("1")).select_from(table).where(*where).limit(ENOUGH).subquery()
    return session.connection().execute(sa.select(sa.func.count()).select_from(some)).scalar_one()


def _sources(session: Session, now: datetime) -> tuple[SourceVitals, ...]:
    rows: Any = session.connection().execute(sa.select(SOURCE).order_by(SOURCE.c.provider, SOURCE.c.host))
    return tuple(
        SourceVitals(
            provider=row.provider,
            host=row.host,
            state=source_state(row, now),
            last_event_at=row.last_event_at,
            remaining=row.rate_limit_remaining,
            limit=row.rate_limit_limit,
        )
        for row in rows
    )


def _incidents(session: Session) -> dict[str, int]:
    selected = sa.select(INCIDENT.c.severity, sa.func.count()).where(INCIDENT.c.resolved_at.is_(None))
    rows = session.connection().execute(selected.group_by(INCIDENT.c.severity))
    return {row[0]: row[1] for row in rows}
