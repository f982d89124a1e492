"""The demo's database file: made anew when it is old, and when making it was interrupted."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

LASTS_S = 6 * 3600


class BeingMadeError(Exception):
    """Another process is filling this file; the message is one sentence."""


def remove_stale(database: Path) -> None:
    """Remove a demo of yesterday, which would show that nothing has been built since, and half a demo.

    Raises BeingMadeError.
    """
    files = [file for file in database.parent.glob(f"{database.name}*") if file.is_file()]
    if _half_made(database) or (files and time.time() - max(file.stat().st_mtime for file in files) > LASTS_S):
        for file in files:
            file.unlink()


@contextmanager
def being_made(database: Path) -> Generator[None]:
    """While the block lasts the file counts as half made; it stays so when the block, or the process, is cut short."""
    with _mark(database).open("w", encoding="utf-8") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)
        yield
        _mark(database).unlink(missing_ok=True)


def _half_made(database: Path) -> bool:
    mark = _mark(database)
    if not mark.exists():
        return False
    with mark.open(encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BeingMadeError(f"Another demo is being made in {database}; wait for it, or set DATA_DIR.") from None
    return True


def _mark(database: Path) -> Path:
    return database.with_name(f"{database.name}.half")
