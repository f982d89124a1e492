"""Who is alive: a lock per process, given back by the system when the process dies, however it dies."""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from cicd_health.store import engine


class Locks(Protocol):
    """Locks by name, held by this process until dropped. A name that this process holds is not taken again."""

    def take(self, name: str) -> bool:
        """True when nobody held the lock, and now this process does."""
        ...

    def drop(self, name: str) -> None: ...

    def holds(self) -> bool:
        """False when the locks were lost, as a restarted database loses them: they must be taken anew."""
        ...

    def close(self) -> None: ...


def locks_for(url: str) -> Locks:
    """The locks that every process on this database shares."""
    address = sa.make_url(engine.normalise(url))
    if address.get_backend_name() == "sqlite":
        return FileLocks(Path(f"{address.database}.workers"))
    return AdvisoryLocks(address)


class FileLocks:
    """Files beside the SQLite file, which only processes of this machine share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.held: dict[str, int] = {}

    def take(self, name: str) -> bool:
        if name in self.held:
            return False
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / name
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.samestat(os.fstat(file), os.stat(path)):
                raise FileNotFoundError(path)  # its holder dropped it just now: others would lock another file
        except OSError:
            os.close(file)
            return False
        self.held[name] = file
        return True

    def drop(self, name: str) -> None:
        file = self.held.pop(name, None)
        if file is not None:
            (self.folder / name).unlink(missing_ok=True)
            os.close(file)

    def holds(self) -> bool:
        return True

    def close(self) -> None:
        for name in list(self.held):
            self.drop(name)


class AdvisoryLocks:
    """PostgreSQL's advisory locks, on a connection of their own: they end with it."""

    def __init__(self, address: sa.URL) -> None:
        self.engine = sa.create_engine(
            address, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT", connect_args=engine.NOTICES_A_CUT
        )
        self.connection: sa.Connection | None = None
        self.held: set[str] = set()

    def take(self, name: str) -> bool:
        if name in self.held:
            return False
        if not self._ask("SELECT pg_try_advisory_lock(:key)", name):
            return False
        self.held.add(name)
        return True

    def drop(self, name: str) -> None:
        if name in self.held:
            self.held.discard(name)
            self._ask("SELECT pg_advisory_unlock(:key)", name)

    def holds(self) -> bool:
        if self.connection is None:
            return False
        try:
            self.connection.execute(sa.text("SELECT 1"))
        except DBAPIError:
            self.close()
            return False
        return True

    def close(self) -> None:
        self.held.clear()
        if self.connection is not None:
            self.connection.invalidate()
            self.connection.close()
            self.connection = None

    def _ask(self, question: str, name: str) -> bool:
        if self.connection is None:
            self.connection = self.engine.connect()
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        return bool(self.connection.execute(sa.text(question), {"key": key}).scalar_one())
