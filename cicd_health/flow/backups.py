"""Backups: written while the server runs, restored while it does not, and what then goes on by itself."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

import cicd_health
from cicd_health import queue, settings, vault
from cicd_health.flow import connecting
from cicd_health.store import audit, backup, engine, unfinished
from cicd_health.store.backup import BackupError, Filled, Incoming, Manifest, Outgoing, Told, Total

SECRETS = "secrets.json"


@dataclass(frozen=True, slots=True)
class Saved:
    manifest: Manifest
    totals: dict[str, Total]


@dataclass(frozen=True, slots=True)
class Restored:
    """`messages` were still to be sent; `given_up` of them will not be. `unreadable` are secrets, in words."""

    manifest: Manifest
    rows: dict[str, int]
    size: int
    secrets: bytes | None
    messages: int
    logs: int
    walks: int
    given_up: int


def back_up(file: BinaryIO, now: datetime, told: Told, *, secrets: bytes | None = None) -> Saved:
    """Write all that is in the database at this moment. Raises BackupError."""
    return _save(settings.get().database_url, vault.fingerprints(), file, now, told, secrets)


def _save(
    url: str, keys: Sequence[str], file: BinaryIO, now: datetime, told: Told, secrets: bytes | None = None
) -> Saved:
    with backup.reading(url) as connection:
        manifest = backup.describe(connection, cicd_health.__version__, tuple(keys), now)
        out = Outgoing(file)
        backup.save(connection, out, manifest, told)
        if secrets is not None:
            out.add(SECRETS, secrets)
        return Saved(manifest, out.end())


def restore(file: BinaryIO, now: datetime, told: Told, *, replace: bool, silent: bool) -> Restored:
    """Fill the database from a backup; what was unfinished in it goes on. Raises BackupError, and nothing has changed.

    `replace`: whatever the database holds is lost. `silent`: messages that were still to be sent are given up.
    """
    url = settings.get().database_url
    incoming = Incoming(file)
    with backup.filling(url) as connection:
        _refuse_to_lose(connection, now, replace=replace)
    queue.prepare(url)
    jobs_before = queue.known(url)
    with backup.filling(url) as connection:
        _refuse_to_lose(connection, now, replace=replace)
        filled = backup.fill(connection, incoming, told)
        with Session(connection) as session, session.begin():
            restored = _go_on(session, incoming, filled, now, silent=silent)
    queue.forget(url, jobs_before)
    return restored


def _refuse_to_lose(connection: sa.Connection, now: datetime, *, replace: bool) -> None:
    backup.refuse_foreign(connection)
    if running := backup.serving(connection, now):
        raise BackupError(f"A server works on this database ({running}): stop it first; after a crash, wait a minute.")
    held = backup.holds(connection)
    if held and not replace:
        most = ", ".join(f"{name} {held[name]:,}" for name in sorted(held, key=lambda name: -held[name])[:3])
        rows = sum(held.values())
        raise BackupError(f"The database holds {rows:,} rows already ({most}): name another, or say --replace.")


def _go_on(session: Session, incoming: Incoming, filled: Filled, now: datetime, *, silent: bool) -> Restored:
    """Queue what the job engine had queued: its tables are in no backup. It commits with the rows, or not at all."""
    unfinished.let_go(session)
    given_up = unfinished.give_up_messages(session) if silent else 0
    messages, logs, walks = unfinished.messages(session), unfinished.logs(session), unfinished.walks(session)
    mark = f"restored-{now:%Y%m%dT%H%M%S%f}"
    for id, at in messages:
        queue.enqueue(session, "deliver", f"{id}-{mark}", id, at=at)
    for id, at in logs:
        queue.enqueue(session, "fetch_log", f"{id}-{mark}", id, at=at)
    for walk in walks:
        connecting.start_backfill(session, walk, now)
    manifest = incoming.manifest
    audit.note(session, "database.restored", f"the backup of {manifest.made_at:%Y-%m-%d %H:%M} UTC", now)
    return Restored(
        manifest, filled.rows, filled.size, incoming.secrets, len(messages), len(logs), len(walks), given_up
    )


def bring_over(source: str, now: datetime, told: Told, *, replace: bool) -> Restored:
    """Fill the database from another one, of either kind, which is only read. Raises BackupError."""
    _refuse_source(source, now)
    out, into = os.pipe()
    failed: list[Exception] = []
    with os.fdopen(out, "rb") as reader:
        writer = threading.Thread(target=_pour, args=(source, into, now, failed.append), name="import", daemon=True)
        writer.start()
        try:
            return restore(reader, now, told, replace=replace, silent=False)
        except BackupError:
            if failed:  # the backup broke off because of it
                raise failed[0] from None
            raise


def _refuse_source(source: str, now: datetime) -> None:
    if engine.normalise(source) == engine.normalise(settings.get().database_url):
        raise BackupError("That is DATABASE_URL itself: set it to where the data is to go.")
    try:
        with backup.reading(source) as connection:
            running = backup.serving(connection, now)
    except OperationalError as error:
        raise BackupError(f"{settings.masked(source)} does not answer: {str(error.orig).strip()}.") from None
    if running:
        raise BackupError(
            f"A server works on {settings.masked(source)} ({running}), and what came to it later would be lost: "
            "stop it first; after a crash, wait a minute."
        )


def _pour(source: str, into: int, now: datetime, failed: Callable[[Exception], None]) -> None:
    with contextlib.suppress(BrokenPipeError), os.fdopen(into, "wb") as pipe:  # the other end may have had enough
        try:
            _save(source, (), pipe, now, lambda _table, _rows: None)
        except Exception as error:  # it is raised where somebody waits for the rest
            failed(error)
