"""Since when the disk of the database is full, as far as this process has heard: writing says so, reading does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext

FULL = frozenset({"53100", "SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE"})

SAME = timedelta(seconds=30)

# By the address of the database, without its password.
_since: dict[str, datetime] = {}
_over: dict[str, tuple[datetime, datetime]] = {}  # since when it was full, and when a commit began that may end it


def since(engine: sa.Engine) -> datetime | None:
    """None while there is room, or nobody has tried to write."""
    return _since.get(str(engine.url))


def watch(engine: sa.Engine) -> None:
    """Notice what writing says."""
    # Not the engine itself: its dialect keeps what listens to it, and caches of statements keep the dialect.
    url = str(engine.url)

    @event.listens_for(engine, "handle_error")
    def _failed(context: ExceptionContext) -> None:
        origin = context.original_exception
        if {getattr(origin, "pgcode", None), getattr(origin, "sqlite_errorname", None)} & FULL:
            _note(url, datetime.now(UTC))

    @event.listens_for(engine, "commit")
    def _written(connection: sa.Connection) -> None:
        # It is told before it is done. One that fails brings back what it took away.
        if _since and not connection.get_execution_options().get("reads_only"):
            since = _since.pop(url, None)  # at once: others commit at the same moment
            if since is not None:
                _over[url] = since, datetime.now(UTC)


def _note(url: str, now: datetime) -> None:
    since, tried_at = _over.pop(url, (now, now))
    _since.setdefault(url, since if now - tried_at < SAME else now)
