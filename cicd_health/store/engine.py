"""One engine per process and database, sessions, and telling listeners what was committed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy import event
from sqlmodel import Session

from cicd_health import settings
from cicd_health.store import fullness, patience

log = structlog.get_logger(__name__)

Listener = Callable[[frozenset[str]], object]
CHANNEL = "cicd_health"  # of PostgreSQL's NOTIFY
# For PostgreSQL: a connection that a cut cable or a dead machine leaves behind is noticed in half a minute.
NOTICES_A_CUT: dict[str, Any] = {
    "connect_timeout": 10,
    "tcp_user_timeout": 30_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
}
PRAGMAS = (
    *("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"),
    "journal_size_limit=67108864",  # a journal that grew while somebody read for long is made small again
)


def normalise(url: str) -> str:
    """The URL with its driver named: SQLAlchemy takes a bare `postgresql://` for psycopg 3."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg2://" + url[len(prefix) :]
    return url


def create_engine(url: str) -> sa.Engine:
    """A new engine with our connection settings. SQLite: WAL, foreign keys, writers that queue."""
    address = sa.make_url(normalise(url))
    if address.get_backend_name() != "sqlite":
        engine = sa.create_engine(
            address,
            pool_pre_ping=True,
            pool_size=10,
            max_overflow=10,
            executemany_mode="values_plus_batch",
            hide_parameters=True,  # the texts of errors are kept and logged; what people sent is not for there
            connect_args=NOTICES_A_CUT,
        )
        patience.limit_postgres(engine)
        fullness.watch(engine)
        return engine
    if address.database and address.database != ":memory:":
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(address, connect_args={"timeout": 30}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _pragmas(connection, _record) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # A writer takes the lock before it reads: what it read is then still true when it writes.
        reads_only = connection.get_execution_options().get("reads_only")
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")

    patience.limit_sqlite(engine)
    fullness.watch(engine)
    return engine


@lru_cache(maxsize=8)
def engine_for(url: str) -> sa.Engine:
    """The process's one engine for this URL, made on first use."""
    return create_engine(url)


def engine() -> sa.Engine:
    """The engine of `DATABASE_URL`."""
    return engine_for(settings.get().database_url)


def limit_questions(seconds: float) -> None:
    """For a process that serves people: from now on a question is given up after so many seconds."""
    patience.limit(seconds)
    engine().dispose()  # connections that were made without the limit


@contextmanager
def writing() -> Iterator[Session]:
    """A session that commits when the block ends well, and rolls back when it raises."""
    with Session(engine(), expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def reading() -> Iterator[Session]:
    """A session for reading; it never waits for a writer on SQLite."""
    with Session(engine().execution_options(reads_only=True)) as session:
        yield session


_listeners: list[Listener] = []


def subscribe(listener: Listener) -> Callable[[], None]:
    """Call `listener` with the topics of each commit of this process; returns the way to stop it.

    It is called in the committing thread and must not block.
    """
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def announce(session: Session, *topics: str) -> None:
    """Say, when this transaction commits, that these topics changed: to this process and, on PostgreSQL, to all."""
    pending: set[str] = session.info.setdefault("topics", set())
    if not pending:
        event.listen(session, "before_commit", _notify, once=True)
        event.listen(session, "after_commit", _tell, once=True)
    pending.update(topics)


def _notify(session: Session) -> None:
    topics = session.info.get("topics")
    if topics and session.get_bind().dialect.name == "postgresql":
        session.execute(
            sa.text("SELECT pg_notify(:channel, :payload)"), {"channel": CHANNEL, "payload": json.dumps(sorted(topics))}
        )


def _tell(session: Session) -> None:
    topics = frozenset(session.info.pop("topics", ()))
    for listener in list(_listeners):
        try:
            listener(topics)
        except Exception:  # what is committed is committed: whoever listens cannot make it fail
            log.exception("listener failed")
