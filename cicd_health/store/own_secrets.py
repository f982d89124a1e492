"""Webhook secrets of single sources and repositories, sealed. While one is replaced, the one before holds too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.store.tables import SourceRow, WatchRow

SOURCE, WATCH = (SQLModel.metadata.tables[name] for name in ("sources", "watches"))


@dataclass(frozen=True, slots=True)
class OwnSecret:
    """`repository` is None for one that is a whole source's."""

    provider: str
    host: str
    repository: str | None
    sealed: str


def holding(session: Session, now: datetime) -> list[OwnSecret]:
    """Those that prove deliveries now."""
    nothing = sa.null().label("name")
    of_watches = sa.select(SOURCE.c.provider, SOURCE.c.host, WATCH.c.name, *_columns(WATCH)).join(
        SOURCE, SOURCE.c.id == WATCH.c.source_id
    )
    of_sources = sa.select(SOURCE.c.provider, SOURCE.c.host, nothing, *_columns(SOURCE))
    found: list[OwnSecret] = []
    for query, table in ((of_watches, WATCH), (of_sources, SOURCE)):
        for row in session.connection().execute(query.where(table.c.webhook_secret.is_not(None))):
            before = row.webhook_secret_before if _later(row.webhook_secret_before_until, now) else None
            sealed = [one for one in (row.webhook_secret, before) if one]
            found += [OwnSecret(row.provider, row.host, row.name, one) for one in sealed]
    return found


def _columns(table: sa.Table) -> tuple[sa.Column, ...]:
    return table.c.webhook_secret, table.c.webhook_secret_before, table.c.webhook_secret_before_until


def _later(until: datetime | None, now: datetime) -> bool:
    return until is not None and until > now


def replace(row: SourceRow | WatchRow, sealed: str, until: datetime) -> datetime | None:
    """Let this one hold from now on, and the present one until then; None when there is none, so that nothing ends."""
    before = row.webhook_secret
    row.webhook_secret = sealed
    row.webhook_secret_before = before
    row.webhook_secret_before_until = until if before is not None else None
    return row.webhook_secret_before_until


def end_before(row: SourceRow | WatchRow) -> bool:
    """End the one before at once; False when there is none."""
    held = row.webhook_secret_before is not None
    row.webhook_secret_before = row.webhook_secret_before_until = None
    return held
